"""A resource on its way in: read, judged, and taken apart for storing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhirstore.dstu2.json_format import Content, content, dump, parse
from fhirstore.errors import BadRequest, Issue


@dataclass(frozen=True, slots=True)
class Incoming:
    """A body that may be stored as a resource of the type asked for."""

    document: Mapping[str, Any]
    content: Content


def accept(type: str, body: bytes) -> Incoming:
    """Raises BadRequest for what is no FHIR JSON, or is a resource of another type."""
    document = parse(body)
    check_type(type, document)
    return Incoming(document, content(body, document))


def accept_document(document: Mapping[str, Any]) -> Incoming:
    """The same for a resource that came inside another, such as a Bundle's entry; numbers keep their digits."""
    return Incoming(document, content(dump(document), document))


def check_type(type: str, document: Mapping[str, Any]) -> None:
    if document.get("resourceType") != type:
        reason = f"The body must be a resource of type {type}: its resourceType says otherwise."
        raise BadRequest(reason, [Issue("error", "invalid", reason, "resourceType")])
