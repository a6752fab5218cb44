"""Settle in one sweep what is certainly right, so that the walk need only explain the rest.

Most resources are flawless and plain. For those a verdict without places and messages is enough: each JSON
property has one callable that must answer true, compiled code where it can be. Whatever is unusual
(companions, comments, contained resources, references that need their surroundings) counts as not sure, never
as wrong: the walk decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fhirstore.dstu2 import narrative
from fhirstore.dstu2.bindings import ALLOWS
from fhirstore.dstu2.catalog import is_resource_type, resource_types
from fhirstore.dstu2.primitives import Check
from fhirstore.dstu2.recurring import REMEMBERED, Recurrence, read_text, recurring
from fhirstore.dstu2.references import target_type
from fhirstore.dstu2.shapes import Property, Shape, shape_of

Verdict = Callable[[Any], object]

_NUMBERS = frozenset({int, Decimal})

_judges: dict[str, Verdict] = {}
_by_place: dict[str, Verdict] = {}
"""The verdicts on what comes again and again, by its place."""
_recurrence = Recurrence()


def is_flawless(resource: dict[str, Any], type_name: str) -> bool:
    """Whether the walk would certainly find nothing in a resource of that type; False means not sure."""
    try:
        return bool(_judge(shape_of(type_name))(resource))
    except (TypeError, AttributeError, ValueError, KeyError, IndexError):
        return False  # a wrong JSON kind or an unknown element: a sure answer is no longer possible


def _judge(shape: Shape) -> Verdict:
    """The verdict on an object of a shape. It is known before its properties are: shapes contain themselves."""
    known = _judges.get(shape.name)
    if known is not None:
        return known
    verdicts: dict[str, Verdict] = {}
    required = [(names[0], frozenset(names)) for _, _, names in shape.required]
    choices = _choices(shape)
    rules = tuple(rule.holds for rule in shape.rules)

    def judge(value: dict[str, Any]) -> bool:
        for name, item in value.items():
            if not verdicts[name](item):
                return False
        for usual, names in required:
            if usual not in value and names.isdisjoint(value):
                return False
        if choices:
            chosen = [choices[name] for name in value if name in choices]
            if len(chosen) > 1 and len(chosen) != len(set(chosen)):
                return False
        for holds in rules:
            if not holds(value):
                return False
        return bool(value)

    _judges[shape.name] = judge
    places = recurring(shape.name)
    for name, prop in shape.properties.items():
        if _is_plain(prop):
            verdicts[name] = _property_verdict(prop, places.get(name))
    if is_resource_type(shape.name):
        verdicts["resourceType"] = bool
    return judge


def _choices(shape: Shape) -> dict[str, str]:
    """The properties of which each element has at most one, by that element."""
    return {name: prop.element.path for name, prop in shape.properties.items() if prop.choice}


def _remembering(place: str, verdict: Verdict) -> Verdict:
    """The verdict on values at a place, each found once for all that have its text."""
    _by_place[place] = verdict

    def judge(value: Any) -> object:
        text = _recurrence.text_of(place, value)
        return verdict(value) if text is None else _judge_text(place, text)

    return judge


@lru_cache(maxsize=REMEMBERED)
def _judge_text(place: str, text: bytes) -> bool:
    return bool(_by_place[place](read_text(text)))


def _is_plain(prop: Property) -> bool:
    """An element's own id is left to the walk, for it is no content: an object of nothing else is empty."""
    own_id = prop.name == "id" and not prop.companion
    return prop.type != "Resource" and not own_id


def _property_verdict(prop: Property, place: str | None) -> Verdict:
    verdict = _object_verdict(prop) if prop.check is None else _primitive_verdict(prop, prop.check)
    if place is not None:
        verdict = _remembering(place, verdict)
    return _each(verdict) if prop.many else verdict


def _each(verdict: Verdict) -> Verdict:
    def judge(items: Any) -> bool:
        if type(items) is not list or not items:
            return False
        for item in items:  # noqa: SIM110 - a generator would cost as much as the verdicts
            if not verdict(item):
                return False
        return True

    return judge


def _primitive_verdict(prop: Property, check: Check) -> Verdict:
    if prop.match is not None and not prop.rules:
        return prop.match
    if prop.type == "decimal" and not prop.rules:
        return lambda value: type(value) in _NUMBERS
    if prop.type == "xhtml":
        return lambda div: check(div) is None and not narrative.check(div, "")
    rules = tuple(rule.holds for rule in prop.rules)
    if rules:
        return lambda value: check(value) is None and all(holds(value) for holds in rules)
    return lambda value: check(value) is None


def _object_verdict(prop: Property) -> Verdict:
    verdict = _judge(prop.shape or prop.find_shape())
    further: list[Verdict] = [rule.holds for rule in prop.rules]
    if prop.type == "Reference":
        further.append(_reference_verdict(prop))
    elif prop.type == "Extension":
        further.append(_has_value_or_extensions)
    elif prop.codes is not None:
        allows, codes = ALLOWS[prop.type], prop.codes
        further.append(lambda coded: allows(codes, coded))
    if not further:
        return verdict
    if len(further) == 1:
        last = further[0]
        return lambda value: verdict(value) and last(value)
    return lambda value: verdict(value) and all(holds(value) for holds in further)


def _reference_verdict(prop: Property) -> Verdict:
    """Sure of a relative literal only; fragments and URLs depend on what is contained or bundled."""
    usual = re.compile(rf"(?:{'|'.join(sorted(prop.targets) or resource_types())})/[A-Za-z0-9\-.]{{1,64}}").fullmatch

    def refers_rightly(reference: dict[str, Any]) -> object:
        literal = reference.get("reference")
        if literal is None or usual(literal):
            return True
        found = None if ":" in literal else target_type(literal)
        return found is not None and (not prop.targets or found in prop.targets)

    return refers_rightly


def _has_value_or_extensions(extension: dict[str, Any]) -> bool:
    return ("extension" in extension) != any(name.startswith("value") for name in extension)
