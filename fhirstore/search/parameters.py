"""Search parameters, ready for use: where their values stand in a document and what their keys are called.

http://hl7.org/fhir/DSTU2/searchparameter-registry.html. The facts are the catalog's; added here is what the
publication says only in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal, NoReturn

from fhirstore.dstu2 import catalog
from fhirstore.errors import BadRequest
from fhirstore.search.paths import Location, locate

Kind = Literal[
    "number", "date", "string", "token", "reference", "composite", "quantity", "uri", "phonetic", "position", "special"
]

# Parameters that are published without a path, or whose description widens it.
_PATHS = {
    ("Condition", "age"): ("Condition.onsetQuantity",),
    ("FamilyMemberHistory", "condition"): ("FamilyMemberHistory.condition.code",),
    ("FamilyMemberHistory", "relationship"): ("FamilyMemberHistory.relationship",),
    ("Observation", "value-quantity"): ("Observation.valueQuantity", "Observation.valueSampledData"),
    ("Observation", "component-value-quantity"): (
        "Observation.component.valueQuantity",
        "Observation.component.valueSampledData",
    ),
}
# A number over a duration is a number of this UCUM unit.
_UNITS = {("Encounter", "length"): "d", ("Condition", "age"): "a"}
_SPECIAL = frozenset({"_id", "_lastUpdated", "_text", "_content", "_query", "_list", "_filter"})
SOURCE = "_source"
"""A parameter of our own, on every type: the URI of the source."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One search parameter of one resource type.

    `key` is what its keys and ranges begin with. `base` and `components` are for composites: the element within
    which both components must match, and the components with locations relative to it. `systems` are the code systems
    that values of type code belong to; `plain` says that no value has a system of its own.
    """

    resource_type: str
    name: str
    key: str
    kind: Kind
    locations: tuple[Location, ...] = ()
    targets: tuple[str, ...] = ()
    base: Location | None = None
    components: tuple[Parameter, ...] = ()
    systems: frozenset[str] = frozenset()
    coded: bool = False
    plain: bool = False
    unit: str | None = None


@cache
def parameters(resource_type: str) -> Mapping[str, Parameter]:
    """All parameters of a type by name, those of every resource included."""
    published = catalog.search_parameters(resource_type)
    own = {SOURCE: Parameter(resource_type, SOURCE, "_tag", "special")}
    return MappingProxyType({name: _parameter(resource_type, found) for name, found in published.items()} | own)


def parameter(resource_type: str, name: str) -> Parameter:
    """Raises BadRequest, naming it, for a parameter that the type does not have."""
    found = parameters(resource_type).get(name)
    if found is None:
        raise BadRequest(f"{resource_type} has no search parameter named '{name[:80]}'.")
    return found


def refuse(about: Parameter | str, reason: str) -> NoReturn:
    """Raises BadRequest about a parameter."""
    name = about if isinstance(about, str) else about.name
    raise BadRequest(f"The search parameter '{name[:80]}' {reason}.")


_PLAIN_TYPES = frozenset(
    {"code", "boolean", "string", "id", "uri", "oid", "ContactPoint", "positiveInt", "integer", "dateTime"}
)


def _parameter(resource_type: str, found: catalog.SearchParameter) -> Parameter:
    shared = found.name.startswith("_")
    paths = _PATHS.get((resource_type, found.name), found.paths)
    places = tuple(location for path in paths for location in locate(resource_type, path))
    types = {leaf.type for place in places for leaf in place.leaves}
    base, components = _joined(resource_type, found) if found.components else (None, ())
    return Parameter(
        resource_type=resource_type,
        name=found.name,
        key=found.name if shared else f"{resource_type}.{found.name}",
        kind=_kind(found),
        locations=places,
        targets=found.targets,
        base=base,
        components=components,
        systems=frozenset(system for place in places for leaf in place.leaves for system in leaf.systems),
        coded=types == {"code"},
        plain=bool(types) and types <= _PLAIN_TYPES,
        unit=_UNITS.get((resource_type, found.name)),
    )


def _kind(found: catalog.SearchParameter) -> Kind:
    if found.name in _SPECIAL:
        return "special"
    if found.usage == "phonetic":
        return "phonetic"
    if found.usage in {"nearby", "distance"}:
        return "position"
    return found.type


def _joined(resource_type: str, found: catalog.SearchParameter) -> tuple[Location, tuple[Parameter, ...]]:
    """The innermost element that holds all components' values, and the components seen from there."""
    published = catalog.search_parameters(resource_type)
    parts = [_parameter(resource_type, published[name]) for name in found.components]
    steps = [place.steps for part in parts for place in part.locations]
    depth = 0
    while all(len(each) > depth for each in steps) and len({each[depth] for each in steps}) == 1:
        depth += 1
    base = Location(steps[0][:depth], ())
    return base, tuple(_within(part, depth) for part in parts)


def _within(part: Parameter, depth: int) -> Parameter:
    places = tuple(Location(place.steps[depth:], place.leaves) for place in part.locations)
    return Parameter(
        part.resource_type, part.name, part.key, part.kind, places, part.targets,
        systems=part.systems, coded=part.coded, plain=part.plain, unit=part.unit,
    )  # fmt: skip
