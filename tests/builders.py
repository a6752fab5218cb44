"""The smallest valid resource of any type, made from the definitions themselves, with overrides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirstore.dstu2.catalog import Element, elements, primitive_types

PRIMITIVES: Mapping[str, Any] = {
    "base64Binary": "QQ==",
    "boolean": True,
    "code": "en",
    "date": "2015-02-07",
    "dateTime": "2015-02-07T13:28:17Z",
    "decimal": 1,
    "id": "a",
    "instant": "2015-02-07T13:28:17Z",
    "integer": 1,
    "markdown": "text",
    "oid": "urn:oid:1.2.3",
    "positiveInt": 1,
    "string": "text",
    "time": "13:28:17",
    "unsignedInt": 1,
    "uri": "http://example.org/a",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">text</div>',
}

# Data types that require nothing, and yet may not be empty.
DATA_TYPES: Mapping[str, Any] = {
    "Attachment": {"title": "text"},
    "CodeableConcept": {"text": "text"},
    "Coding": {"code": "a"},
    "HumanName": {"text": "text"},
    "Identifier": {"value": "a"},
    "Period": {"start": "2015-02-07"},
    "Quantity": {"value": 1},
}

CONFORMANCE = {"type": "Patient", "interaction": [{"code": "read"}]}

# What an invariant asks for beyond the required elements.
MORE: Mapping[str, Mapping[str, Any]] = {
    "Appointment": {"status": "proposed", "participant": [{"status": "accepted", "actor": {"reference": "Patient/a"}}]},
    "AppointmentResponse": {"actor": {"reference": "Patient/a"}},
    "Binary": {"contentType": "text/plain"},
    "Bundle": {"type": "collection"},
    "Conformance": {"description": "text", "rest": [{"mode": "server", "resource": [CONFORMANCE]}]},
    "Organization": {"name": "text"},
    "Questionnaire": {"group": {"title": "text"}},
    "StructureDefinition": {"constrainedType": "Patient", "differential": {"element": [{"path": "Patient"}]}},
    "ValueSet": {"compose": {"include": [{"system": "http://example.org/codes"}]}},
}


def smallest(type: str, /, **members: Any) -> dict[str, Any]:
    """The required elements of a type and no others, and what else is given."""
    return {"resourceType": type, **_required(type), **MORE.get(type, {}), **members}


def patient(family: str = "Chalmers", **members: Any) -> dict[str, Any]:
    return smallest("Patient", name=[{"family": [family]}], **members)


def observation(subject: str = "Patient/a", **members: Any) -> dict[str, Any]:
    return smallest("Observation", subject={"reference": subject}, status="final", **members)


def _required(path: str) -> dict[str, Any]:
    return dict(_member(element) for element in elements(path) if element.min > 0)


def _member(element: Element) -> tuple[str, Any]:
    name, type = next(iter(element.json_names.items()))
    value = _value(element, type)
    return name, [value] * element.min if element.max != 1 else value


def _value(element: Element, type: str) -> Any:
    if type == "BackboneElement":
        return _required(element.content or element.path)
    if type == "Reference":
        return {"reference": f"{min(element.targets, default='Patient')}/a"}
    if type == "Resource":
        return patient()
    codes = element.binding.codes if element.binding else None
    if type in primitive_types():
        return min(codes) if codes else PRIMITIVES[type]
    if type in {"Coding", "CodeableConcept"}:
        system, _, code = min(codes).rpartition("|") if codes else ("http://example.org/codes", "|", "a")
        coding = {"system": system, "code": code}
        return coding if type == "Coding" else {"coding": [coding]}
    return _required(type) or DATA_TYPES[type]
