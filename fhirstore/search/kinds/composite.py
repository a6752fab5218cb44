"""Composites: two values that must match within one element.

http://hl7.org/fhir/DSTU2/search.html#combining. Two exact sides make one key, "name=left$right"; where the right side
is a range, the left one is part of the range's name: "name$left$".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirstore.search.context import Context
from fhirstore.search.entries import Collector
from fhirstore.search.kinds import date, quantity, reference, string, token
from fhirstore.search.matching import BothSides, Side, UnitIs
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.paths import follow
from fhirstore.search.plan import NOTHING, Filter, HasKey, HasPrefix, InRange, KeyScan, RangeScan, any_of
from fhirstore.search.separators import split

_HALVES_LIMIT = 100
_RANGES = frozenset({"date", "quantity"})


def index_within(parameter: Parameter, element: Mapping[str, Any], into: Collector) -> None:
    """Make the entries of one element that holds both components; of hundreds of codes, only the first pairs."""
    first, second = parameter.components
    values = [found for place in second.locations for found in follow(place, element)]
    starts = [found for place in first.locations for found in follow(place, element)] if values else []
    if not starts:
        return
    before = len(into.keys) + len(into.ranges)
    lefts = dict.fromkeys(half for found in starts for half in _halves(first, *found, into))
    # The pairs of two long lists would grow with the square of the document.
    for left in list(lefts)[:_HALVES_LIMIT]:
        for value, type_ in values:
            if second.kind == "quantity":
                quantity.index_as(f"{parameter.key}${left}$", value, type_, into)
            elif second.kind == "date":
                date.index_as(f"{parameter.key}${left}$", value, type_, into)
            else:
                for right in _halves(second, value, type_, into)[:_HALVES_LIMIT]:
                    into.keys[f"{parameter.key}={left}${right}"] = None
    if len(into.keys) + len(into.ranges) == before:
        into.keys[f"{parameter.key}!"] = None


def _halves(component: Parameter, value: Any, type_: str, into: Collector) -> list[str]:
    if component.kind == "reference":
        return reference.halves(component, value, type_, into)
    return token.halves(value, type_) if component.kind == "token" else string.halves(value, type_)


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    parts = split(text, "$")
    if len(parts) != 2:
        refuse(parameter, "needs two values with $ between them")
    first, second = parameter.components
    left = _side(first, parts[0], context)
    if second.kind in _RANGES:
        return NOTHING if left is None else _ranged(parameter, second, left, parts[1], context)
    right = _side(second, parts[1], context)
    return NOTHING if left is None or right is None else _keyed(f"{parameter.key}=", left, right)


def _side(component: Parameter, text: str, context: Context) -> Side | None:
    if component.kind == "reference":
        return reference.side(component, text, context)
    return token.side(component, text) if component.kind == "token" else string.side(component, text)


def _keyed(prefix: str, left: Side, right: Side) -> Filter:
    if left.exacts is None or (right.exacts is None and right.ends):
        return KeyScan(prefix, BothSides(prefix, left, right))
    if right.exacts is None:
        return any_of(tuple(HasPrefix(f"{prefix}{each}${right.begins}") for each in left.exacts))
    return HasKey(tuple(f"{prefix}{each}${other}" for each in left.exacts for other in right.exacts))


def _ranged(parameter: Parameter, second: Parameter, left: Side, text: str, context: Context) -> Filter:
    name = f"{parameter.key}$"
    if second.kind == "quantity":
        return quantity.compile_as(second, name, left, text)
    found = date.limits_of(second, text, context)
    if left.exacts is not None:
        return any_of(tuple(InRange(f"{name}{each}$", limits) for each in left.exacts for limits in found))
    return any_of(tuple(RangeScan(name, UnitIs(name, left=left), limits) for limits in found))


def present(key: str) -> Filter:
    prefix = f"{key}$"
    return any_of((HasKey((f"{key}!",)), HasPrefix(f"{key}="), RangeScan(prefix, UnitIs(prefix, left=Side()))))
