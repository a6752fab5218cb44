"""Who a resource is at its source, and under which id it rests here.

The stored id follows from owner, source, type and original id alone. So the same original finds the same resource in
any run, and a reference is led to its target's place whether that has come or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from fhirstore.dstu2.rewriting import parse_literal
from fhirstore.search.kinds.date import interval

TEMPORARY = ("urn:uuid:", "urn:oid:")
_DIGITS = 28
_KEY_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose record is imported into, and from where. `base` is the source's own address, where its URI is one."""

    owner: int
    source: str

    @property
    def base(self) -> str:
        return self.source.rstrip("/") if self.source.startswith(("http://", "https://")) else ""

    def stored_id(self, type: str, key: str) -> str:
        """An id of this server's own shape."""
        text = "\n".join((str(self.owner), self.source, type, key))
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


@dataclass(frozen=True, slots=True)
class Original:
    """What a source calls one of its resources; `names` are other names that references may use for it."""

    type: str
    key: str
    names: tuple[str, ...] = ()


class _Identifier(msgspec.Struct):
    system: Any = None
    value: Any = None


class Head(msgspec.Struct):
    """As much of a resource as tells who it is."""

    resourceType: Any = None  # noqa: N815 - the name in FHIR
    id: Any = None
    meta: Any = None
    identifier: Any = None

    @property
    def own_id(self) -> str:
        """The id, "" where there is none; some systems write a number without its quotes."""
        return self.id if isinstance(self.id, str) else str(self.id) if type(self.id) is int else ""

    @property
    def updated(self) -> int | None:
        """When the source changed it last, in microseconds; None where it does not say so."""
        found = self.meta.get("lastUpdated") if isinstance(self.meta, dict) else None
        covered = interval(found) if isinstance(found, str) else None
        return covered[0] if covered else None


read_head = msgspec.json.Decoder(Head, float_hook=str).decode
"""Raises msgspec.DecodeError for what is no JSON object."""


def original_of(head: Head, body: bytes, full_url: str, origin: Origin) -> Original:
    """By its id; without one by its fullUrl, else by its identifiers, else by its content."""
    type, literal = str(head.resourceType), parse_literal(full_url, foreign=True)
    names = (full_url,) if full_url else ()
    if head.own_id:
        # What a server with an address sends along of another server is not its own resource of that id.
        foreign = origin.base and literal and literal.base not in {"", origin.base}
        return Original(type, _bounded(full_url if foreign else head.own_id), names)
    if full_url:
        return Original(type, _bounded(literal.id if literal else full_url), names)
    identifiers = _identifiers(head.identifier)
    return by_digest(type, "identifier", "\n".join(identifiers).encode()) if identifiers else by_content(type, body)


def by_content(type: str, body: bytes) -> Original:
    """The last resort: equal content is the same resource."""
    return by_digest(type, "content", msgspec.json.format(body, indent=-1))


def by_digest(type: str, kind: str, content: bytes) -> Original:
    return Original(type, f"urn:fhirstore:{kind}:{sha256(content).hexdigest()[:40]}")


def _identifiers(found: Any) -> Sequence[str]:
    """Those that say of which system they are: a bare number is nobody's name."""
    given = found if isinstance(found, list) else [found]
    pairs = [(each.get("system"), each.get("value")) for each in given if isinstance(each, dict)]
    return sorted(f"{system}|{value}" for system, value in pairs if system and value)


def _bounded(key: str) -> str:
    return key if len(key) <= _KEY_LIMIT else f"urn:fhirstore:name:{sha256(key.encode()).hexdigest()[:40]}"
