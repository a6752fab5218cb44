"""A resource on its way in: read, judged, and taken apart for storing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhirstore.dstu2.json_format import Content, content, parse
from fhirstore.errors import BadRequest, Issue
from fhirstore.interactions.request import Request


@dataclass(frozen=True, slots=True)
class Incoming:
    """A body that may be stored as a resource of the type asked for."""

    document: Mapping[str, Any]
    content: Content


def accept(request: Request) -> Incoming:
    """Raises BadRequest for what is no FHIR JSON, or is a resource of another type."""
    document = parse(request.body)
    found = document.get("resourceType")
    if found != request.type:
        reason = f"The body must be a resource of type {request.type}: its resourceType says otherwise."
        raise BadRequest(reason, [Issue("error", "invalid", reason, "resourceType")])
    return Incoming(document, content(request.body, document))
