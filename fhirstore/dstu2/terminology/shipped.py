"""The code systems and value sets that DSTU2 publishes: http://hl7.org/fhir/DSTU2/terminologies-valuesets.html.

The tables are built by scripts/build_terminology.py, which tells their form. They are read on the first use, and of
them only what is asked for is taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from fhirstore.dstu2.terminology.content import CodeSystem, Concept, Filter, Include, Outline, ValueSet

TABLES = ("value_sets_fhir", "value_sets_loinc", "value_sets_v2", "value_sets_v3")


def is_shipped(system: str) -> bool:
    """Whether all of a code system is held here."""
    return system in _systems()


def shipped_urls() -> frozenset[str]:
    """The URLs of all shipped value sets."""
    return frozenset(_blocks())


def shipped_value_set(url: str) -> ValueSet | None:
    return _read(url) if url in _blocks() else None


def shipped_code_system(url: str) -> CodeSystem | None:
    return _read(_systems()[url]).system if url in _systems() else None


@cache
def _read(url: str) -> ValueSet:
    return _value_set(_blocks()[url])


@cache
def _blocks() -> Mapping[str, str]:
    """The text about each value set, by its URL."""
    blocks: dict[str, str] = {}
    for table in TABLES:
        text = (files("fhirstore.dstu2") / "definitions" / f"{table}.txt").read_text(encoding="utf-8")
        # A line feed before anything but a tab ends a block.
        for block in text.rstrip("\n").replace("\n\t", "\0").split("\n"):
            blocks[block.partition("\t")[0]] = block
    return blocks


@cache
def _systems() -> Mapping[str, str]:
    """The URL of each shipped code system and that of the value set that holds it."""
    lines = ((url, block.split("\0", 2)[1].split("\t")) for url, block in _blocks().items())
    return {cells[1]: url for url, cells in lines if cells[0] == "system"}


def _value_set(block: str) -> ValueSet:
    head, *lines = block.split("\0")
    url, version, status, name = head.split("\t")
    system: CodeSystem | None = None
    imports: list[str] = []
    composed: dict[str, list[Include]] = {"include": [], "exclude": []}
    for part in _parts(lines):
        kind, *cells = part[0].split("\t")
        if kind == "system":
            system = _code_system(cells, part[1:], name)
        elif kind == "import":
            imports.append(cells[0])
        else:
            composed[kind].append(_include(cells, part[1:]))
    return ValueSet(url, version, name, status, system, imports, composed["include"], composed["exclude"])


def _parts(lines: list[str]) -> Iterator[list[str]]:
    """Lines with those that are indented below them, one step of indentation taken off."""
    part: list[str] = []
    for line in lines:
        if line.startswith("\t"):
            part.append(line[1:])
            continue
        if part:
            yield part
        part = [line]
    if part:
        yield part


def _code_system(cells: list[str], lines: list[str], name: str) -> CodeSystem:
    url, version, case = [*cells, "", ""][:3]
    outline = Outline(url)
    for line in lines:
        text = line.lstrip("\t")
        code, display, abstract, also = [*text.split("\t"), "", "", ""][:4]
        outline.add(len(line) - len(text), code, display, bool(abstract), also.split())
    return CodeSystem(url, version, name, not case, outline.concepts, outline.parents)


def _include(cells: list[str], lines: list[str]) -> Include:
    system, version = [*cells, ""][:2]
    concepts, filters = [], []
    for line in lines:
        kind, first, second, *rest = [*line.split("\t"), ""]
        if kind == "filter":
            filters.append(Filter(first, second, rest[0]))
        else:
            concepts.append(Concept(system, first, second))
    return Include(system, version, concepts, filters)
