"""From a resource to the fact that it states."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM, source_of, tagged
from fhirstore.unified.facts import Fact, Resolve
from fhirstore.unified.kinds import kind_of
from fhirstore.unified.reading import Document, part, parts, text

_IDENTIFIERS_LIMIT = 20
_SYSTEMS = {
    "urn:oid:2.16.840.1.113883.4.1": "http://hl7.org/fhir/sid/us-ssn",
    "urn:oid:2.16.840.1.113883.4.6": "http://hl7.org/fhir/sid/us-npi",
}
_URI = "urn:ietf:rfc:3986"
_UNIQUE = re.compile(
    r"(?:urn:oid:)?[0-2](?:\.[0-9]{1,40}){6,30}|(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
"""Object identifiers and UUIDs, as documents carry them."""

_PLACEHOLDERS = frozenset({"unknown", "none", "n/a", "na", "null", "0", "000000000", "999999999", "123456789"})


def state(document: Document, updated: int = 0, resolve: Resolve = lambda reference: None) -> Fact:
    """What a stored resource states. `resolve` finds what it refers to, where that is at hand; contained ones are."""
    type_, meta = text(document, "resourceType"), part(document, "meta")

    def found(reference: str) -> Mapping[str, Any] | None:
        return _contained(document, reference[1:]) if reference.startswith("#") else resolve(reference)

    return Fact(
        kind=type_,
        reference=f"{type_}/{text(document, 'id')}",
        source=source_of(meta) or "",
        original=_original(meta),
        stated=kind_of(type_).read(document, found),
        identifiers=frozenset(_identifiers(document)),
        updated=updated,
        detail=_leaves(document),
    )


def _original(meta: Document) -> str:
    """What the source calls it; names that were given for the way alone are left out."""
    return next((code for code in tagged(meta, ORIGINAL_ID_SYSTEM) if not code.startswith("urn:")), "")


def _contained(document: Document, id: str) -> Mapping[str, Any] | None:
    return next((each for each in parts(document, "contained") if each.get("id") == id), None)


def _identifiers(document: Document) -> Iterator[str]:
    """Those that a system assigned; without a system a value says little, unless it is unique in the world."""
    for name in ("masterIdentifier", "identifier"):
        for number, identifier in enumerate(parts(document, name)):
            system, value = text(identifier, "system").strip().rstrip("/"), text(identifier, "value").strip()
            system = system or (_URI if _UNIQUE.fullmatch(value) else "")
            if number < _IDENTIFIERS_LIMIT and system and value and value.lower() not in _PLACEHOLDERS:
                plain = value.removeprefix("urn:oid:").removeprefix("urn:uuid:") if system == _URI else value
                yield f"{_SYSTEMS.get(system, system)}|{plain}"


def _leaves(document: Document) -> int:
    """How much a resource says, less its narrative and its labels."""
    count = 0
    rest: list[Any] = [[value for name, value in document.items() if name not in {"text", "meta", "id"}]]
    while rest:
        holder = rest.pop()
        for value in holder.values() if type(holder) is dict else holder:
            if type(value) is dict or type(value) is list:
                rest.append(value)
            else:
                count += 1
    return count
