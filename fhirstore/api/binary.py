"""Binary content as it is: in by any Content-Type, out for whoever does not ask for FHIR.

http://hl7.org/fhir/DSTU2/binary.html. Inside the server it is a Binary resource like any other.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

import msgspec

from fhirstore.api.formats import JSON_TYPES, XML_TYPES, by_weight
from fhirstore.dstu2.json_format import parse

_FHIR_TYPES = frozenset({*JSON_TYPES, *XML_TYPES})

RAW_HEADERS: Sequence[tuple[bytes, bytes]] = (
    # What a patient's document holds was written by others: no browser may run it in this server's name.
    (b"x-content-type-options", b"nosniff"),
    (b"content-disposition", b"attachment"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
)


def is_raw(headers: Mapping[str, str]) -> bool:
    """Whether the body is the content itself, not a resource that holds it."""
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(media_type) and media_type not in _FHIR_TYPES


def wants_raw(headers: Mapping[str, str], query: Sequence[tuple[str, str]]) -> bool:
    """Whether the answer is to be the content itself: what the client likes best is no FHIR type.

    A bare `*/*` is what HTTP libraries send for their users, who expect a resource from a FHIR server.
    """
    if any(name == "_format" and value for name, value in query):
        return False
    best = by_weight(headers.get("accept", ""))[:1]
    return not best or best[0] not in _FHIR_TYPES | {"*/*"}


def wrap(headers: Mapping[str, str], body: bytes, id: str) -> bytes:
    """The JSON of a Binary resource with this content."""
    resource = {"resourceType": "Binary", "contentType": headers["content-type"], "content": b64encode(body).decode()}
    return msgspec.json.encode({**resource, "id": id} if id else resource)


def unwrap(body: bytes) -> tuple[str, bytes] | None:
    """Media type and content of a Binary's JSON; None where it cannot be read as such."""
    resource = parse(body)
    content_type, content = resource.get("contentType"), resource.get("content")
    if not isinstance(content_type, str) or not isinstance(content, str) or not content_type.isprintable():
        return None
    try:
        return content_type, b64decode("".join(content.split()), validate=True)
    except ValueError:
        return None
