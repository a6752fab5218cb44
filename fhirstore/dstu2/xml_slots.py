"""What may stand inside an element in XML and in which order: the catalog's tables, seen from XML.

http://hl7.org/fhir/DSTU2/xml.html. A slot is a place that one JSON property and one XML element or attribute
share, so that reading and writing are two walks over one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.xhtml import XHTML

FHIR = "http://hl7.org/fhir"


Kind = Literal["attribute", "primitive", "complex", "xhtml", "container", "resource"]
"""A container is an element around one resource: contained, and the resource of an entry or parameter."""


@dataclass(frozen=True, slots=True)
class Slot:
    """`type` is the type code, `shape` the path whose slots the content has, `order` the place in the
    sequence (the same for all properties of a choice).
    """

    name: str
    kind: Kind
    type: str
    shape: str
    many: bool
    order: int


@cache
def by_property(shape: str) -> Mapping[str, Slot]:
    """The slots of a type or backbone path by JSON property; empty for a path without children."""
    return MappingProxyType(
        {
            name: _slot(shape, element, name, code, order)
            for order, element in enumerate(catalog.elements(shape))
            for name, code in element.json_names.items()
        }
    )


@cache
def by_element(shape: str) -> Mapping[str, Slot]:
    """The slots that are elements in XML, by their name as the parser gives it ("namespace local")."""
    slots = (slot for slot in by_property(shape).values() if slot.kind != "attribute")
    return MappingProxyType({f"{XHTML if s.kind == 'xhtml' else FHIR} {s.name}": s for s in slots})


@cache
def attributes(shape: str) -> tuple[str, ...]:
    """The properties that XML writes as attributes: the id of what is not a resource, Extension.url."""
    return tuple(name for name, slot in by_property(shape).items() if slot.kind == "attribute")


@cache
def resources() -> Mapping[str, Slot]:
    """Every resource type, for the places where a whole resource stands."""
    return MappingProxyType(
        {f"{FHIR} {n}": Slot(n, "resource", n, n, many=False, order=0) for n in catalog.resource_types()}
    )


def _slot(shape: str, element: catalog.Element, name: str, code: str, order: int) -> Slot:
    inline, kind = code in {"BackboneElement", "Element"}, _kind(shape, name, code)
    # The definitions of code and its like leave out the id that every element may have.
    content = "Element" if kind == "primitive" else element.content or (element.path if inline else code)
    return Slot(name, kind, code, content, element.max != 1, order)


def _kind(shape: str, name: str, code: str) -> Kind:
    if (name == "id" and not catalog.is_resource_type(shape)) or (shape == "Extension" and name == "url"):
        return "attribute"
    if code == "Resource":
        return "container"
    if code == "xhtml":
        return "xhtml"
    return "primitive" if code in catalog.primitive_types() else "complex"
