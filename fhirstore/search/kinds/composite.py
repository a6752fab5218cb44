"""Composites: two values that must match within one element.

http://hl7.org/fhir/DSTU2/search.html#combining. Two exact sides make one key, "name=left$right"; where the right side
is a range, the left one is part of the range's name: "name$left$".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Composite:
    """A composite parameter, prepared for indexing: for each component the properties that may hold its values.

    `properties` are those of the element that holds both, with the values' type; None where a longer way leads there.
    """

    parameter: Parameter
    properties: tuple[tuple[tuple[str, str], ...] | None, ...]


def prepared(parameter: Parameter) -> Composite:
    return Composite(parameter, tuple(map(_properties, parameter.components)))


def _properties(component: Parameter) -> tuple[tuple[str, str], ...] | None:
    if any(place.steps or not place.every for place in component.locations):
        return None
    return tuple((leaf.name, leaf.type) for place in component.locations for leaf in place.leaves)


def index_within(composite: Composite, element: Mapping[str, Any], into: Collector) -> None:
    """Make the entries of one element that holds both components; of hundreds of codes, only the first pairs."""
    parameter = composite.parameter
    values = _values(composite, 1, element)
    starts = _values(composite, 0, element) if values else ()
    if not starts:
        return
    first, second = parameter.components
    before = len(into.keys) + len(into.ranges)
    lefts = dict.fromkeys([half for value, type_ in starts for half in _halves(first, value, type_, into)])
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


def _values(composite: Composite, side: int, element: Mapping[str, Any]) -> list[tuple[Any, str]]:
    """The values of one component within an element, each with its type."""
    properties = composite.properties[side]
    if properties is None:
        places = composite.parameter.components[side].locations
        return [found for place in places for found in follow(place, element)]
    found: list[tuple[Any, str]] = []
    for name, type_ in properties:
        held = element.get(name)
        if type(held) is list:
            found += [(value, type_) for value in held if value is not None]
        elif held is not None:
            found.append((held, type_))
    return found


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
