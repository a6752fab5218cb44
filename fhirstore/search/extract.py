"""A resource's entries: everything that it can be found by, in one walk over its document.

Extraction never raises: a document may break the rules of DSTU2 where a caller chose to keep it so, and what cannot be
read is passed by.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, NamedTuple

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.recurring import REMEMBERED, read_text, recurring, text_of
from fhirstore.search.entries import Collector, ContainedEntries, Entries, Handle, Index, Range
from fhirstore.search.kinds import composite, date, number, position, quantity, reference, string, token, uri
from fhirstore.search.moments import index_moment
from fhirstore.search.parameters import Parameter, parameters
from fhirstore.search.paths import Location, Step, follow
from fhirstore.search.words import words_of, words_within

_INDEXERS: Mapping[str, Callable[[Parameter, str], Index]] = {
    "token": token.indexer,
    "string": string.indexer,
    "phonetic": string.indexer_of_sounds,
    "date": date.indexer,
    "number": number.indexer,
    "quantity": quantity.indexer,
    "uri": uri.indexer,
    "position": position.indexer,
}


@dataclass(slots=True)
class _Property:
    """What to do with one property of an element: values to index, what stands within them, and what takes the whole
    element: composites that it completes, paths that do not lead to every value."""

    sources: list[Handle] = field(default_factory=list)
    inner: _Tree = field(default_factory=dict)
    joint: list[Handle] = field(default_factory=list)


_Tree = dict[str, _Property]
_Handles = Mapping[str, Handle]


class _Ways(NamedTuple):
    """What makes the entries of a type, by property: from each value alone, and from the whole document."""

    alone: _Handles
    joint: _Handles


class _Piece(NamedTuple):
    """What one value makes by itself."""

    keys: Sequence[str]
    ranges: Sequence[Range]
    words: Sequence[str]


def extract(resource_type: str, document: Mapping[str, Any], base: str = "") -> Entries:
    """The entries of a resource; `base` is this server's FHIR address, whose references count as relative.

    The document must hold the resource's id for the resource to be in its own compartment. `_id` and `_lastUpdated`
    make no entries: the store knows both.
    """
    held = _contained(document) if "contained" in document else ()
    into = Collector(base, {id_: type_ for type_, id_, _ in held})
    rest = _extract_recurring(resource_type, document, into)
    ways = _ways(resource_type)
    _handle(ways.alone, rest, into)
    _handle(ways.joint, document, into)
    index_moment(resource_type, document, into)
    if resource_type in catalog.compartments() and type(id_ := document.get("id")) is str:
        into.keys.append(f"compartment={resource_type}/{id_}")
    inner = [ContainedEntries(type_, id_, _entries_of_contained(type_, each, into)) for type_, id_, each in held]
    return _gathered(into, rest, tuple(inner))


def _extract_recurring(resource_type: str, document: Mapping[str, Any], into: Collector) -> Mapping[str, Any]:
    """Make the entries of what comes again and again; answers the rest."""
    if into.contained:  # to one of which any reference may lead
        return document
    names = recurring(resource_type)
    rest: dict[str, Any] = {}
    for name, held in document.items():
        if name not in names:
            rest[name] = held
            continue
        for value in held if type(held) is list else (held,):
            text = text_of(value)
            if text is None:
                keys, ranges, words = _piece(resource_type, name, value, into.base)
            else:
                keys, ranges, words = _known_piece(resource_type, name, text, into.base)
            into.keys += keys
            into.ranges += ranges
            into.words += words
    return rest


@lru_cache(maxsize=REMEMBERED)
def _known_piece(resource_type: str, name: str, text: bytes, base: str) -> _Piece:
    made = _piece(resource_type, name, read_text(text), base)
    # Many have the same words: kept once, they take less room and are compared at once.
    return _Piece(tuple(made.keys), tuple(made.ranges), tuple(dict.fromkeys(map(sys.intern, made.words))))


def _piece(resource_type: str, name: str, value: Any, base: str) -> _Piece:
    into, element = Collector(base, {}), {name: [value]}
    _handle(_ways(resource_type).alone, element, into)
    return _Piece(into.keys, into.ranges, words_within(element))


def _entries_of_contained(type_: str, document: Mapping[str, Any], container: Collector) -> Entries:
    into = Collector(container.base, container.contained)
    ways = _ways(type_)
    _handle(ways.alone, document, into)
    _handle(ways.joint, document, into)
    return _gathered(into, document)


def _gathered(into: Collector, rest: Mapping[str, Any], inner: tuple[ContainedEntries, ...] = ()) -> Entries:
    words = words_of(rest, into.words)
    return Entries(tuple(dict.fromkeys(into.keys)), tuple(dict.fromkeys(into.ranges)), words, inner)


def _contained(document: Mapping[str, Any]) -> Sequence[tuple[str, str, Mapping[str, Any]]]:
    """Type, id and document of each contained resource."""
    held, found = document["contained"], []
    for each in held if type(held) is list else ():
        if type(each) is dict:
            type_, id_ = each.get("resourceType"), each.get("id")
            if isinstance(type_, str) and isinstance(id_, str) and catalog.is_resource_type(type_):
                found.append((type_, id_, each))
    return found


def references(
    resource_type: str, document: Mapping[str, Any], name: str = "*", base: str = ""
) -> list[tuple[str, str]]:
    """Type and id of the resources here that a document refers to by a reference parameter, or by any ("*")."""
    found: dict[tuple[str, str], None] = {}
    contained = {id_: type_ for type_, id_, _ in _contained(document)} if "contained" in document else {}
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


def _handle(handles: _Handles, element: Mapping[str, Any], into: Collector) -> None:
    """Make the entries of one element and of what stands within it, no deeper than the parameters' paths."""
    for name, held in element.items():
        if held is not None and name in handles:
            handles[name](held, element, into)


@cache
def _ways(resource_type: str) -> _Ways:
    """All parameters of a type, by the properties on the way to their values."""
    tree: _Tree = {}
    for parameter in parameters(resource_type).values():
        if parameter.kind == "composite":
            assert parameter.base is not None
            within = _reached(tree, parameter.base.steps)
            # It takes both components; the second one, a value, is the one that most elements lack.
            for name, type_ in composite.properties(parameter.components[1]):
                within.setdefault(name, _Property()).joint.append(composite.completer(parameter, type_))
        elif parameter.kind != "special":
            _plant(tree, resource_type, parameter)
    alone = {name: _Property(each.sources, each.inner) for name, each in tree.items()}
    joint = {name: _Property(joint=each.joint) for name, each in tree.items()}
    return _Ways(_compiled(alone), _compiled(joint))


def _plant(tree: _Tree, resource_type: str, parameter: Parameter) -> None:
    for location in parameter.locations:
        for leaf in location.leaves:
            index = make_indexer(resource_type, parameter, leaf.type)
            narrowed = Location(location.steps, (leaf,))
            if narrowed.every:
                within = _reached(tree, location.steps)
                within.setdefault(leaf.name, _Property()).sources.append(_of_all(index, parameter))
            else:
                first = location.steps[0] if location.steps else leaf
                tree.setdefault(first.name, _Property()).joint.append(_of_some(index, parameter, narrowed))


def _reached(tree: _Tree, steps: Sequence[Step]) -> _Tree:
    """The part of the tree that some steps lead to, made where it is missing."""
    for step in steps:
        tree = tree.setdefault(step.name, _Property()).inner
    return tree


def make_indexer(resource_type: str, parameter: Parameter, type_: str) -> Index:
    if parameter.kind != "reference":
        return _INDEXERS[parameter.kind](parameter, type_)
    compartments = catalog.compartments()
    entered = [each for each in compartments if parameter.name in catalog.compartment(each).get(resource_type, ())]
    return reference.indexer(parameter, type_, frozenset(entered))


def _of_all(index: Index, parameter: Parameter) -> Handle:
    """Every value that a property holds."""
    missing = f"{parameter.key}!"

    def handle(held: Any, element: Mapping[str, Any], into: Collector) -> None:
        if type(held) is not list:
            if not index(held, into):
                into.keys.append(missing)
            return
        for value in held:
            if value is not None and not index(value, into):
                into.keys.append(missing)

    return handle


def _of_some(index: Index, parameter: Parameter, location: Location) -> Handle:
    """Only the values that a location leads to from the whole document."""
    every = _of_all(index, parameter)

    def handle(held: Any, document: Mapping[str, Any], into: Collector) -> None:
        every([value for value, _ in follow(location, document)], document, into)

    return handle


def _compiled(tree: _Tree) -> _Handles:
    handles = {name: [*each.sources, *_inner(each.inner), *each.joint] for name, each in tree.items()}
    return {name: _joined(each) for name, each in handles.items() if each}


def _joined(handles: Sequence[Handle]) -> Handle:
    if len(handles) == 1:
        return handles[0]

    def handle(held: Any, element: Mapping[str, Any], into: Collector) -> None:
        for each in handles:
            each(held, element, into)

    return handle


def _inner(tree: _Tree) -> list[Handle]:
    """What stands within the elements that a property holds."""
    if not tree:
        return []
    handles = _compiled(tree)

    def handle(held: Any, element: Mapping[str, Any], into: Collector) -> None:
        for each in held if type(held) is list else (held,):
            if type(each) is dict:
                _handle(handles, each, into)

    return [handle]
