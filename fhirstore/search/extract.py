"""A resource's entries: everything that it can be found by, in one walk over its document.

Extraction never raises: a document may break the rules of DSTU2 where a caller chose to keep it so, and what cannot be
read is passed by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.search.entries import Collector, ContainedEntries, Entries
from fhirstore.search.kinds import composite, date, number, position, quantity, reference, string, token, uri
from fhirstore.search.kinds.composite import Composite
from fhirstore.search.moments import index_moment
from fhirstore.search.parameters import Parameter, parameters
from fhirstore.search.paths import Location, Step, follow
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
    """A property that holds values of a parameter, their type, and the compartments that a reference there puts a
    resource in. Where only some values count, `location` leads to them from the whole document."""

    parameter: Parameter
    type: str
    index: Index
    compartments: tuple[str, ...]
    location: Location | None = None


@dataclass(slots=True)
class _Property:
    """What to do with one property of an element: values to index, composites it completes, what stands within."""

    sources: list[_Source] = field(default_factory=list)
    composites: list[Composite] = field(default_factory=list)
    inner: _Tree = field(default_factory=dict)


_Tree = dict[str, _Property]


def extract(resource_type: str, document: Mapping[str, Any], base: str = "") -> Entries:
    """The entries of a resource; `base` is this server's FHIR address, whose references count as relative.

    The document must hold the resource's id for the resource to be in its own compartment. `_id` and `_lastUpdated`
    make no entries: the store knows both.
    """
    contained = {id_: type_ for type_, id_, _ in _contained(document)}
    into = Collector(base, contained)
    _collect(_tree(resource_type), document, into)
    index_moment(resource_type, document, into)
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


def _collect(tree: _Tree, element: Mapping[str, Any], into: Collector) -> None:
    """Make the entries of one element and of what stands within it, no deeper than the parameters' paths."""
    for name, held in element.items():
        found = tree.get(name)
        if found is None or held is None:
            continue
        repeats = type(held) is list
        for source in found.sources:
            if source.location is not None:
                for value, type_ in follow(source.location, element):
                    _index(source, value, type_, into)
            elif not repeats:
                _index(source, held, source.type, into)
            else:
                for value in held:
                    if value is not None:
                        _index(source, value, source.type, into)
        for composite_ in found.composites:
            composite.index_within(composite_, element, into)
        if found.inner:
            for each in held if repeats else (held,):
                if type(each) is dict:
                    _collect(found.inner, each, into)


def _index(source: _Source, value: Any, type_: str, into: Collector) -> None:
    if not source.index(source.parameter, value, type_, into):
        into.keys[f"{source.parameter.key}!"] = None
    elif source.compartments:
        _enter(source, value, type_, into)


def _enter(source: _Source, value: Any, type_: str, into: Collector) -> None:
    text = reference.address(value, type_)
    target = reference.local(reference.forms(text, into.base)[0]) if text else None
    if target and target[0] in source.compartments and reference.allowed(source.parameter, "/".join(target), {}):
        into.keys[f"compartment={target[0]}/{target[1]}"] = None


@cache
def _tree(resource_type: str) -> _Tree:
    """All parameters of a type, by the properties on the way to their values."""
    tree: _Tree = {}
    for parameter in parameters(resource_type).values():
        if parameter.kind == "composite":
            assert parameter.base is not None
            within = _reached(tree, parameter.base.steps)
            # It takes both components; the second one, a value, is the one that most elements lack.
            for name in {name for place in parameter.components[1].locations for name in _firsts(place)}:
                within.setdefault(name, _Property()).composites.append(composite.prepared(parameter))
        elif parameter.kind in _INDEX:
            _plant(tree, resource_type, parameter)
    return tree


def _reached(tree: _Tree, steps: Sequence[Step]) -> _Tree:
    """The part of the tree that some steps lead to, made where it is missing."""
    for step in steps:
        tree = tree.setdefault(step.name, _Property()).inner
    return tree


def _plant(tree: _Tree, resource_type: str, parameter: Parameter) -> None:
    index = _INDEX[parameter.kind]
    compartments = tuple(
        name for name in catalog.compartments() if parameter.name in catalog.compartment(name).get(resource_type, ())
    )
    for location in parameter.locations:
        for leaf in location.leaves:
            narrowed = Location(location.steps, (leaf,))
            if narrowed.every:
                within, name, whole = _reached(tree, location.steps), leaf.name, None
            else:
                within, name, whole = tree, _firsts(narrowed)[0], narrowed
            source = _Source(parameter, leaf.type, index, compartments, whole)
            within.setdefault(name, _Property()).sources.append(source)


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
    _collect(_tree(type_), document, into)
    return Entries(tuple(into.keys), tuple(into.ranges), words_of(document))
