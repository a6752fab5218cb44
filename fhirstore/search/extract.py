"""A resource's entries: everything that it can be found by, in one walk over its document.

Extraction never raises: a document may break the rules of DSTU2 where a caller chose to keep it so, and what cannot be
read is passed by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.search.entries import Collector, ContainedEntries, Entries
from fhirstore.search.kinds import composite, date, number, position, quantity, reference, string, token, uri
from fhirstore.search.parameters import Parameter, parameters
from fhirstore.search.paths import Location, follow, nodes
from fhirstore.search.words import words_of

Index = Callable[[Parameter, Any, str, Collector], bool]

_INDEX: Mapping[str, Index] = {
    "token": token.index,
    "string": string.index,
    "phonetic": string.index_sounds,
    "date": date.index,
    "number": number.index,
    "quantity": quantity.index,
    "reference": reference.index,
    "uri": uri.index,
    "position": position.index,
}


@dataclass(frozen=True, slots=True)
class _Source:
    """One location of one parameter, and the compartments that a reference there puts a resource in.

    `simple` is the type of the values where the location is just one property of the document.
    """

    parameter: Parameter
    location: Location
    index: Index
    compartments: tuple[str, ...]
    simple: str | None


@dataclass(frozen=True, slots=True)
class _Table:
    """What to do with each JSON property of a type's documents; with composites, when all of `needs` might be there."""

    sources: Mapping[str, tuple[_Source, ...]]
    composites: tuple[tuple[Parameter, tuple[frozenset[str], ...]], ...]


def extract(resource_type: str, document: Mapping[str, Any], base: str = "") -> Entries:
    """The entries of a resource; `base` is this server's FHIR address, whose references count as relative.

    The document must hold the resource's id for the resource to be in its own compartment. `_id` and `_lastUpdated`
    make no entries: the store knows both.
    """
    contained = {id_: type_ for type_, id_, _ in _contained(document)}
    into = Collector(base, contained)
    _collect(resource_type, document, into)
    id_ = document.get("id")
    if resource_type in catalog.compartments() and isinstance(id_, str):
        into.keys[f"compartment={resource_type}/{id_}"] = None
    inner = tuple(
        ContainedEntries(type_, id_, _entries_of_contained(type_, each, base, contained))
        for type_, id_, each in _contained(document)
    )
    return Entries(tuple(into.keys), tuple(into.ranges), words_of(document), inner)


def references(
    resource_type: str, document: Mapping[str, Any], name: str = "*", base: str = ""
) -> list[tuple[str, str]]:
    """Type and id of the resources here that a document refers to by a reference parameter, or by any ("*")."""
    found: dict[tuple[str, str], None] = {}
    contained = {id_: type_ for type_, id_, _ in _contained(document)}
    for parameter in parameters(resource_type).values():
        if parameter.kind != "reference" or name not in {"*", parameter.name}:
            continue
        for location in parameter.locations:
            for value, type_ in follow(location, document):
                text = reference.address(value, type_)
                target = reference.local(reference.forms(text, base)[0]) if text else None
                if target and reference.allowed(parameter, f"{target[0]}/{target[1]}", contained):
                    found[target] = None
    return list(found)


def _collect(resource_type: str, document: Mapping[str, Any], into: Collector) -> None:
    table = _table(resource_type)
    sources, keys = table.sources, into.keys
    for name, held in document.items():
        for source in sources.get(name, ()):
            parameter, type_ = source.parameter, source.simple
            # Most locations are one property, and most of those hold one value: no walk is needed for them.
            if type_ is None or isinstance(held, list):
                values = list(follow(source.location, document))
            else:
                values = [(held, type_)] if held is not None else []
            for value, kind in values:
                if not source.index(parameter, value, kind, into):
                    keys[f"{parameter.key}!"] = None
                elif source.compartments:
                    _enter(source, value, kind, into)
    present = document.keys()
    for parameter, needs in table.composites:
        assert parameter.base is not None
        if any(names.isdisjoint(present) for names in needs):
            continue
        for element in nodes(parameter.base.steps, document):
            composite.index_within(parameter, element, into)


def _enter(source: _Source, value: Any, type_: str, into: Collector) -> None:
    text = reference.address(value, type_)
    target = reference.local(reference.forms(text, into.base)[0]) if text else None
    if target and target[0] in source.compartments and reference.allowed(source.parameter, "/".join(target), {}):
        into.keys[f"compartment={target[0]}/{target[1]}"] = None


@cache
def _table(resource_type: str) -> _Table:
    sources: dict[str, list[_Source]] = {}
    found = parameters(resource_type)
    for parameter in found.values():
        index = _INDEX.get(parameter.kind)
        if index is None:
            continue
        compartments = tuple(
            name
            for name in catalog.compartments()
            if parameter.name in catalog.compartment(name).get(resource_type, ())
        )
        for location in parameter.locations:
            for first in _firsts(location):
                # One property of a choice is followed when it is met, so each leaf is a location of its own.
                leaves = location.leaves if location.steps else tuple(x for x in location.leaves if x.name == first)
                plain = not location.steps and leaves[0].where is None and not leaves[0].first
                simple = leaves[0].type if plain else None
                source = _Source(parameter, Location(location.steps, leaves), index, compartments, simple)
                sources.setdefault(first, []).append(source)
    composites = tuple((each, _needs(each)) for each in found.values() if each.kind == "composite")
    return _Table({name: tuple(each) for name, each in sources.items()}, composites)


def _needs(parameter: Parameter) -> tuple[frozenset[str], ...]:
    """For each component of a composite, the properties of a document of which it needs one."""
    assert parameter.base is not None
    if parameter.base.steps:
        return (frozenset({parameter.base.steps[0].name}),)
    return tuple(
        frozenset(first for location in component.locations for first in _firsts(location))
        for component in parameter.components
    )


def _firsts(location: Location) -> list[str]:
    return [location.steps[0].name] if location.steps else [leaf.name for leaf in location.leaves]


def _contained(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    resources = document.get("contained")
    for each in resources if isinstance(resources, list) else ():
        if isinstance(each, dict):
            type_, id_ = each.get("resourceType"), each.get("id")
            if isinstance(type_, str) and isinstance(id_, str) and catalog.is_resource_type(type_):
                yield type_, id_, each


def _entries_of_contained(type_: str, document: Mapping[str, Any], base: str, contained: dict[str, str]) -> Entries:
    into = Collector(base, contained)
    _collect(type_, document, into)
    return Entries(tuple(into.keys), tuple(into.ranges), words_of(document))
