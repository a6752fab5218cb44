"""A Bundle's JSON taken apart, so that its resources are read one after the other.

Each is small enough to stay where the processor finds it at once, from its text to what it is found by; a whole Bundle
is not. http://hl7.org/fhir/DSTU2/bundle.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from fhirstore.dstu2.json_format import DEPTH_LIMIT, parse, parse_minified

_RESOURCE_DEPTH = DEPTH_LIMIT - 3
"""How deep a resource may be nested: it stands in an entry, in the list of them, in the Bundle."""
_NAME = b'":'


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    fullUrl: str | None = None  # noqa: N815 - the name in FHIR
    resource: msgspec.Raw = msgspec.Raw()
    request: dict[str, str] | None = None


class _Bundle(msgspec.Struct, forbid_unknown_fields=True):
    resourceType: str  # noqa: N815
    type: str
    entry: list[_Entry]
    id: str | None = None


class _Head(msgspec.Struct):
    resourceType: Any = None  # noqa: N815
    id: Any = None


_decode_bundle = msgspec.json.Decoder(_Bundle).decode
_decode_head = msgspec.json.Decoder(_Head).decode


class Part(NamedTuple):
    """An entry: what stands beside its resource, and that one as a minified text or, where it was read already, as a
    document."""

    full_url: Any
    request: Any
    text: bytes = b""
    document: Any = None

    def head(self) -> tuple[Any, Any]:
        """What the resource says that its type and its id are; of what is broken, nothing."""
        if self.text:
            try:
                head = _decode_head(self.text)
            except (ValueError, RecursionError):
                return None, None
            return head.resourceType, head.id
        document = self.document if isinstance(self.document, dict) else {}
        return document.get("resourceType"), document.get("id")


class Bundle(NamedTuple):
    """`parts` is None where the entries are no list of objects."""

    body: bytes
    resource_type: Any
    type: Any
    parts: Sequence[Part] | None

    def resource(self, position: int) -> Any:
        """The document of an entry's resource, if it has one.

        Raises BadRequest for what is no JSON in it, as `parse` does for the whole body.
        """
        assert self.parts is not None
        part = self.parts[position]
        document = parse_minified(part.text, _RESOURCE_DEPTH) if part.text else part.document
        if part.text and document is None:
            return _whole(self.body).resource(position)
        return document


def read_bundle(body: bytes) -> Bundle:
    """Read a body that should be a Bundle; what is wrong with a resource is told once it is asked for.

    Raises BadRequest for what is no JSON object.
    """
    return _taken_apart(body) or _whole(body)


def _taken_apart(body: bytes) -> Bundle | None:
    """None where there is any doubt. As in `parse`, names are counted: a repeated one would be lost without a word."""
    if b"\\u0022" in body:
        return None
    try:
        text = msgspec.json.format(body, indent=-1)
        bundle = _decode_bundle(text)
    except (ValueError, RecursionError):
        return None
    parts = [Part(entry.fullUrl, entry.request, bytes(entry.resource)) for entry in bundle.entry]
    if text.count(_NAME) != 3 + (bundle.id is not None) + sum(map(_names, parts)):
        return None
    return Bundle(body, bundle.resourceType, bundle.type, parts)


def _names(part: Part) -> int:
    """How many names are known to stand in an entry."""
    _, request, text, _ = part
    found = text.count(_NAME) + 1 if text.startswith(b"{") else 0
    return found + (part.full_url is not None) + (len(request) + 1 if request is not None else 0)


def _whole(body: bytes) -> Bundle:
    document = parse(body)
    entries = document.get("entry", [])
    parts = None
    if isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries):
        parts = [Part(each.get("fullUrl"), each.get("request"), b"", each.get("resource")) for each in entries]
    return Bundle(body, document.get("resourceType"), document.get("type"), parts)
