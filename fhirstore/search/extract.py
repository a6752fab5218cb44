"""A resource's entries: everything that it can be found by, in one walk over its document.

Extraction never raises: a document may break the rules of DSTU2 where a caller chose to keep it so, and what cannot be
read is passed by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.recurring import REMEMBERED, Recurrence, read_text, recurring
from fhirstore.search.entries import Collector, ContainedEntries, Entries, Range
from fhirstore.search.handles import handle_element, handles_of
from fhirstore.search.kinds import reference
from fhirstore.search.moments import index_moment
from fhirstore.search.parameters import parameters
from fhirstore.search.paths import follow
from fhirstore.search.words import words_of, words_within


class _Piece(NamedTuple):
    """What one value makes by itself."""

    keys: tuple[str, ...]
    ranges: tuple[Range, ...]
    words: tuple[str, ...]


def extract(resource_type: str, document: Mapping[str, Any], base: str = "") -> Entries:
    """The entries of a resource; `base` is this server's FHIR address, whose references count as relative.

    The document must hold the resource's id for the resource to be in its own compartment. `_id` and `_lastUpdated`
    make no entries: the store knows both.
    """
    held = _contained(document) if "contained" in document else ()
    into = Collector(base, {id_: type_ for type_, id_, _ in held})
    rest = _extract_recurring(resource_type, document, into)
    handles = handles_of(resource_type)
    handle_element(handles.alone, rest, into)
    handle_element(handles.joint, document, into)
    index_moment(resource_type, document, into)
    if resource_type in catalog.compartments() and type(id_ := document.get("id")) is str:
        into.keys.append(f"compartment={resource_type}/{id_}")
    inner = [ContainedEntries(type_, id_, _entries_of_contained(type_, each, into)) for type_, id_, each in held]
    return _gathered(into, rest, tuple(inner))


def _extract_recurring(resource_type: str, document: Mapping[str, Any], into: Collector) -> Mapping[str, Any]:
    """Make the entries of what comes again and again; answers the rest."""
    if into.contained:  # to one of which any reference may lead
        return document
    places = recurring(resource_type)
    rest: dict[str, Any] = {}
    for name, held in document.items():
        place = places.get(name)
        if place is None:
            rest[name] = held
            continue
        for value in held if type(held) is list else (held,):
            text = _recurrence.text_of(place, value)
            if text is None:
                rest.setdefault(name, []).append(value)
                continue
            keys, ranges, words = _piece(resource_type, name, text, into.base)
            into.keys += keys
            into.ranges += ranges
            into.words += words
    return rest


_recurrence = Recurrence()


@lru_cache(maxsize=REMEMBERED)
def _piece(resource_type: str, name: str, text: bytes, base: str) -> _Piece:
    into, element = Collector(base, {}), {name: [read_text(text)]}
    handle_element(handles_of(resource_type).alone, element, into)
    return _Piece(tuple(into.keys), tuple(into.ranges), tuple(dict.fromkeys(words_within(element))))


def _entries_of_contained(type_: str, document: Mapping[str, Any], container: Collector) -> Entries:
    into = Collector(container.base, container.contained)
    handles = handles_of(type_)
    handle_element(handles.alone, document, into)
    handle_element(handles.joint, document, into)
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
