"""Prefixes of ordered search values, and what each asks of a range.

http://hl7.org/fhir/DSTU2/search.html#prefix. S = [low, high) is the range of the search value, T that of the target.
"""

from __future__ import annotations

from typing import Literal, cast

from fhirstore.search.entries import Bound
from fhirstore.search.plan import Limit

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
PREFIXES = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})

Alternatives = tuple[tuple[Limit, ...], ...]
"""Any of these, each of them all of its limits on one range."""


def cut(text: str) -> tuple[Prefix, str]:
    """A search value's prefix, eq where it has none, and the rest."""
    return (cast("Prefix", text[:2]), text[2:]) if text[:2] in PREFIXES else ("eq", text)


def within(low: Bound, high: Bound) -> Alternatives:
    """S contains T (eq)."""
    return ((Limit("low", ">=", low), Limit("high", "<=", high)),)


def outside(low: Bound, high: Bound) -> Alternatives:
    """S does not contain T (ne)."""
    return (Limit("low", "<", low),), (Limit("high", ">", high),)


def overlapping(low: Bound, high: Bound) -> Alternatives:
    """S and T have a point in common (ap)."""
    return ((Limit("low", "<", high), Limit("high", ">", low)),)


def of_interval(prefix: Prefix, low: Bound, high: Bound) -> Alternatives:
    """For search values that are ranges themselves, as dates are. `ap` takes them already widened."""
    match prefix:
        case "eq":
            return within(low, high)
        case "ne":
            return outside(low, high)
        case "gt":
            return ((Limit("high", ">", high),),)
        case "lt":
            return ((Limit("low", "<", low),),)
        case "ge":
            return (Limit("high", ">", high),), *within(low, high)
        case "le":
            return (Limit("low", "<", low),), *within(low, high)
        case "sa":
            return ((Limit("low", ">=", high),),)
        case "eb":
            return ((Limit("high", "<=", low),),)
        case "ap":
            return overlapping(low, high)
