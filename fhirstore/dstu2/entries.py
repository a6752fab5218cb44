"""Judge the entries of a Bundle as a whole. http://hl7.org/fhir/DSTU2/bundle.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhirstore.dstu2.catalog import is_resource_type

FIRST_RESOURCE = {"document": "Composition", "message": "MessageHeader"}


def resources(bundle: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """(fullUrl, resourceType) of each entry with a resource, as they stand there: of any JSON kind."""
    entries = bundle.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            yield entry.get("fullUrl"), entry["resource"].get("resourceType")


def types_by_url(bundle: dict[str, Any]) -> dict[str, str]:
    """Type of each resource in the bundle by its fullUrl, which is absolute: what a reference to it points
    at.
    """
    return {
        url: kind
        for url, kind in resources(bundle)
        if isinstance(url, str) and ":" in url and isinstance(kind, str) and is_resource_type(kind)
    }


def leading_fault(bundle: dict[str, Any]) -> str | None:
    """What is wrong with the first entry: a document opens with its Composition, a message with its
    MessageHeader.
    """
    kind = bundle.get("type")
    expected = FIRST_RESOURCE.get(kind) if isinstance(kind, str) else None
    entries = bundle.get("entry")
    if expected is None or not (entries is None or isinstance(entries, list)):
        return None
    first = entries[0] if entries else None
    resource = first.get("resource") if isinstance(first, dict) else None
    if isinstance(resource, dict) and resource.get("resourceType") == expected:
        return None
    return f"the first entry of a {kind} holds its {expected}"
