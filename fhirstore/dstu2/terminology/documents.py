"""A ValueSet resource as a definition: http://hl7.org/fhir/DSTU2/valueset.html."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhirstore.dstu2.terminology.content import CodeSystem, Concept, Filter, Include, Outline, ValueSet

Document = Mapping[str, Any]


def read_value_set(document: Document) -> ValueSet:
    """Read a parsed ValueSet that has passed the gate, at any level: what is missing in it is left empty."""
    compose = _member(document, "compose")
    name = _text(document, "name")
    return ValueSet(
        url=_text(document, "url"),
        version=_text(document, "version"),
        name=name,
        status=_text(document, "status"),
        system=_code_system(_member(document, "codeSystem"), name) if "codeSystem" in document else None,
        imports=tuple(url for url in _members(compose, "import") if isinstance(url, str)),
        include=tuple(_include(each) for each in _members(compose, "include")),
        exclude=tuple(_include(each) for each in _members(compose, "exclude")),
        expansion=_expansion(_member(document, "expansion")) if "expansion" in document else None,
    )


def _code_system(given: Document, name: str) -> CodeSystem:
    url = _text(given, "system")
    outline = Outline(url)
    for depth, concept in _nested(given, "concept"):
        if code := _text(concept, "code"):
            outline.add(depth, code, _text(concept, "display"), concept.get("abstract") is True)
    version, sensitive = _text(given, "version"), given.get("caseSensitive") is not False
    return CodeSystem(url, version, name, sensitive, outline.concepts, outline.parents)


def _include(given: Document) -> Include:
    system = _text(given, "system")
    listed = _members(given, "concept")
    return Include(
        system,
        _text(given, "version"),
        tuple(Concept(system, _text(each, "code"), _text(each, "display")) for each in listed),
        tuple(
            Filter(*(_text(each, name) for name in ("property", "op", "value"))) for each in _members(given, "filter")
        ),
    )


def _expansion(given: Document) -> tuple[Concept, ...] | None:
    """The concepts of an expansion; None for a page of one, which says nothing of the rest."""
    entries = [entry for _, entry in _nested(given, "contains")]
    concepts = tuple(
        Concept(_text(entry, "system"), _text(entry, "code"), _text(entry, "display"), entry.get("abstract") is True)
        for entry in entries
        if _text(entry, "code")
    )
    total = given.get("total")
    return None if given.get("offset") or (isinstance(total, int) and total > len(entries)) else concepts


def _nested(given: Document, name: str, depth: int = 0) -> Iterator[tuple[int, Document]]:
    for each in _members(given, name):
        yield depth, each
        yield from _nested(each, name, depth + 1)


def _member(given: Document, name: str) -> Document:
    value = given.get(name)
    return value if isinstance(value, dict) else {}


def _members(given: Document, name: str) -> list[Any]:
    value = given.get(name)
    return value if isinstance(value, list) else []


def _text(given: Document, name: str) -> str:
    value = given.get(name)
    return value if isinstance(value, str) else ""
