"""A whole resource as labelled lines, by the element tables: nothing that a person could read is left out.

http://hl7.org/fhir/DSTU2/resource.html. Left out is what machines need (id, meta, narrative, which have places of
their own), and what stands after the first five hundred lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.catalog import Element
from fhirstore.dstu2.references import target_type
from fhirstore.presentation.codes import coding_name
from fhirstore.presentation.labels import label, spelt_out, type_words
from fhirstore.presentation.values import WORDED, words

LINES_LIMIT = 500

_IDS = frozenset({"id"})
_APART = _IDS | {"meta", "implicitRules", "language", "text"}


@dataclass(frozen=True, slots=True)
class Line:
    """One statement: what it is about, what it says, or further lines.

    `target` is the "Type/id" that it refers to within this record; `note` what experts look for, such as codes.
    """

    label: str
    text: str = ""
    target: str = ""
    note: str = ""
    lines: tuple[Line, ...] = ()


class _Left:
    """How many lines may still be made."""

    def __init__(self) -> None:
        self.lines = LINES_LIMIT

    def take(self) -> bool:
        self.lines -= 1
        return self.lines >= 0


def lines_of(document: Mapping[str, Any]) -> tuple[Line, ...]:
    return tuple(_lines(str(document.get("resourceType")), document, _Left()))


def local_target(reference: Any) -> str:
    """ "Type/id" of a relative reference, whatever version it names; "" for any other."""
    parts = reference.split("/") if isinstance(reference, str) else []
    if len(parts) >= 2 and "://" not in reference and not reference.startswith(("#", "urn:")):
        target = "/".join(parts[:2])
        return target if target_type(target) else ""
    return ""


def _lines(path: str, node: Mapping[str, Any], left: _Left) -> Iterator[Line]:
    apart = _APART if catalog.is_resource_type(path) else _IDS
    for element in catalog.elements(path):
        if element.name in apart:
            continue
        for name, type in element.json_names.items():
            for value, companion in _held(node, name):
                if (line := _line(element, type, value, companion, left)) is not None:
                    yield line


def _held(node: Mapping[str, Any], name: str) -> Iterator[tuple[Any, Any]]:
    """The values of a property, each with what extends it: http://hl7.org/fhir/DSTU2/json.html#primitive."""
    values, companions = (each if isinstance(each, list) else [each] for each in (node.get(name), node.get(f"_{name}")))
    for value, companion in zip_longest(values, companions):
        if value is not None or companion is not None:
            yield value, companion


def _line(element: Element, type: str, value: Any, companion: Any, left: _Left) -> Line | None:
    if not left.take():
        return None
    name = label(element.path)
    if type == "Extension":
        return _extension(value, left)
    if type == "Resource":
        return _resource(name, value, left)
    if type in WORDED or type in catalog.primitive_types():
        systems = catalog.code_systems(element.binding.value_set) if element.binding else ()
        text = words(value, type, systems)
        extra = (*_extensions(value, left), *_extensions(companion, left))
        return Line(name, text, _target(type, value), _note(type, value), extra) if text or extra else None
    inner = element.content or (element.path if catalog.elements(element.path) else type)
    if not isinstance(value, dict):
        return None
    within = tuple(_lines(inner, value, left))
    return Line(name, lines=within) if within else None


def _extension(value: Any, left: _Left) -> Line | None:
    """An extension is called by the last part of its address, which is the best there is."""
    if not isinstance(value, dict):
        return None
    name = spelt_out(str(value.get("url", "")).rstrip("/").rpartition("/")[2].rpartition("#")[2]) or "Also stated"
    within = tuple(_extensions(value, left))
    for element in catalog.elements("Extension"):
        if element.choice:
            for key, type in element.json_names.items():
                if value.get(key) is not None:
                    return Line(name, words(value[key], type), _target(type, value[key]), lines=within)
    return Line(name, lines=within) if within else None


def _extensions(value: Any, left: _Left) -> Iterator[Line]:
    held = value.get("extension") if isinstance(value, dict) else None
    for each in held if isinstance(held, list) else ():
        if left.take() and (line := _extension(each, left)) is not None:
            yield line


def _resource(name: str, value: Any, left: _Left) -> Line | None:
    type = value.get("resourceType") if isinstance(value, dict) else None
    if not isinstance(type, str) or not catalog.is_resource_type(type):
        return None
    return Line(name, type_words(type), lines=tuple(_lines(type, value, left)))


def _target(type: str, value: Any) -> str:
    return local_target(value.get("reference")) if type == "Reference" and isinstance(value, dict) else ""


def _note(type: str, value: Any) -> str:
    codings = [value] if type == "Coding" else value.get("coding") if type == "CodeableConcept" else ()
    return ", ".join(filter(None, map(coding_name, codings))) if isinstance(codings, list) else ""
