"""Bundles as joins of bytes: stored resources go in untouched. http://hl7.org/fhir/DSTU2/bundle.html."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from http import HTTPStatus
from typing import Literal

import msgspec

from fhirstore.clock import instant
from fhirstore.dstu2.outcome import operation_outcome
from fhirstore.errors import Failure
from fhirstore.interactions.reply import Reply
from fhirstore.store.contract import HistoryPage, Version

_encode = msgspec.json.encode


class Link(msgspec.Struct, frozen=True):
    relation: str
    url: str


def bundle(type: str, entries: Iterable[bytes], links: Sequence[Link] = (), total: int | None = None) -> bytes:
    """`entry` is always an array, also an empty one: clients of 1upHealth count on it."""
    parts = [b'{"resourceType":"Bundle","type":%b' % _encode(type)]
    if total is not None:
        parts.append(b'"total":%d' % total)
    if links:
        parts.append(b'"link":%b' % _encode(links))
    parts.append(b'"entry":[%b]}' % b",".join(entries))
    return b",".join(parts)


def history_bundle(page: HistoryPage, base: str, links: Sequence[Link]) -> bytes:
    """A Bundle of type history: each entry says by which request it came about, deletions too."""
    return bundle("history", (_history_entry(version, base) for version in page.versions), links, page.total)


def document_bundle(versions: Sequence[Version], base: str) -> bytes:
    """A Bundle of type document, still without id and meta; the composition stands first."""
    entries = (
        b'{"fullUrl":%b,"resource":%b}' % (_encode(f"{base}/{version.type}/{version.id}"), version.body)
        for version in versions
    )
    return bundle("document", entries)


def search_entry(full_url: str, body: bytes, mode: Literal["match", "include"]) -> bytes:
    """One entry of a searchset, of what has an address of its own sort."""
    return _SEARCH_ENTRY % (b"", _encode(full_url), body, mode.encode())


def search_entries(base: str, parts: Iterable[tuple[str, bytes]], mode: Literal["match", "include"]) -> list[bytes]:
    """Entries of a searchset: resources, or the parts of them that were asked for, under their addresses, which are
    given as they are below the base."""
    before, after = _encode(f"{base}/")[:-1], mode.encode()
    return [_SEARCH_ENTRY % (before, _encode(address)[1:], body, after) for address, body in parts]


_SEARCH_ENTRY = b'{"fullUrl":%b%b,"resource":%b,"search":{"mode":"%b"}}'


def response_entry(reply: Reply, base: str, *, minimal: bool = False) -> bytes:
    """One entry of a batch-response or transaction-response, with what was read or (unless `minimal`) written."""
    version = reply.version
    told, full_url = b'"status":"%b"' % _status(reply.status), b""
    if version is not None:
        address = _encode(f"{base}/{version.type}/{version.id}")
        told += b',"etag":"W/\\"%d\\"","lastModified":"%b"' % (version.number, instant(version.updated).encode())
        if reply.location:
            told += b',"location":%b/_history/%d"' % (address[:-1], version.number)
        full_url = b'"fullUrl":%b,' % address
    if not reply.body or (minimal and reply.location):
        return b'{"response":{%b}}' % told
    return b'{%b"resource":%b,"response":{%b}}' % (full_url, reply.body, told)


def failure_entry(failure: Failure) -> bytes:
    """DSTU2's response has no place for an outcome, so it is the entry's resource."""
    outcome = operation_outcome(failure.issues)
    return b'{"resource":%b,"response":{"status":"%b"}}' % (outcome, _status(failure.status))


@cache
def _status(status: int) -> bytes:
    return f"{status} {HTTPStatus(status).phrase}".encode()


def _history_entry(version: Version, base: str) -> bytes:
    place = f"{version.type}/{version.id}"
    request = {"method": version.method, "url": version.type if version.method == "POST" else place}
    if version.deleted:  # without fullUrl: an entry has it exactly when it has a resource (bdl-6)
        return b'{"request":%b}' % _encode(request)
    return b'{"fullUrl":%b,"resource":%b,"request":%b}' % (_encode(f"{base}/{place}"), version.body, _encode(request))
