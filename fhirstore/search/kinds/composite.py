"""Composites: two values that must match within one element.

http://hl7.org/fhir/DSTU2/search.html#combining. Two exact sides make one key, "name=left$right"; where the right side
is a range, the left one is part of the range's name: "name$left$".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fhirstore.search.context import Context
from fhirstore.search.entries import Collector, Handle
from fhirstore.search.kinds import date, quantity, reference, string, token
from fhirstore.search.matching import BothSides, Side, UnitIs
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.paths import listed
from fhirstore.search.plan import NOTHING, Filter, HasKey, HasPrefix, InRange, KeyScan, RangeScan, any_of
from fhirstore.search.separators import split

_HALVES_LIMIT = 100
_RANGED = {"date": date.index_as, "quantity": quantity.index_as}


def completer(parameter: Parameter, type_: str) -> Handle:
    """What a property does for a composite whose second component's values, of a type, it holds.

    Of hundreds of codes, only the first pairs count.
    """
    key, (first, second) = parameter.key, parameter.components
    # No first component has more than one property.
    ((name, kind),) = properties(first)
    index_as = _RANGED.get(second.kind)

    def complete(held: Any, element: Mapping[str, Any], into: Collector) -> None:
        begun, values = listed(element.get(name)), listed(held)
        if not begun or not values:
            return
        before = len(into.keys) + len(into.ranges)
        for left in _lefts(first, begun, kind, into):
            for value in values:
                if index_as is not None:
                    index_as(f"{key}${left}$", value, type_, into)
                else:
                    rights = _halves(second, value, type_, into)[:_HALVES_LIMIT]
                    into.keys += [f"{key}={left}${right}" for right in rights]
        if len(into.keys) + len(into.ranges) == before:
            into.keys.append(f"{key}!")

    return complete


def _lefts(first: Parameter, values: Sequence[Any], type_: str, into: Collector) -> Sequence[str]:
    """The pairs of two long lists would grow with the square of the document."""
    halves = _halves(first, values[0], type_, into)
    for value in values[1:]:
        halves += _halves(first, value, type_, into)
    return halves if len(halves) < 2 else list(dict.fromkeys(halves))[:_HALVES_LIMIT]


def properties(component: Parameter) -> list[tuple[str, str]]:
    """The properties of the element that holds both components in which this one has its values, and their types."""
    assert all(place.every and not place.steps for place in component.locations)
    return [(leaf.name, leaf.type) for place in component.locations for leaf in place.leaves]


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
    if second.kind in _RANGED:
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
