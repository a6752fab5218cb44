"""Export: a record, or a part of it, as it was at one moment, streamed page by page.

Versions come oldest first, so that what is restored from it grows as it grew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec

from fhirstore.clock import instant
from fhirstore.dstu2.sources import source_of
from fhirstore.dstu2.xml_slots import FHIR
from fhirstore.dstu2.xml_write import DECLARATION, from_json
from fhirstore.errors import BadRequest
from fhirstore.search.plan import Plan, Updated
from fhirstore.store.contract import HistoryPlace, HistoryQuery, Page, Resources, Version

Format = Literal["ndjson", "bundle", "xml"]
PAGE = 200

_encode = msgspec.json.encode


class _Meta(msgspec.Struct):
    meta: dict[str, Any] = {}


_read_meta = msgspec.json.Decoder(_Meta, float_hook=str).decode


@dataclass(frozen=True, slots=True)
class Export:
    """What to export: everything at a moment (milliseconds), or what the rest narrows it to.

    `since` leaves out what was last changed before that moment; `history` adds all older versions, and deletions.
    `address` is what the resources' own addresses begin with. With `found` the resources are found as they are now, as
    they must be where only a part of a record may be read: whose history is no part of it.
    """

    at: int
    type: str | None = None
    source: str | None = None
    since: int | None = None
    history: bool = False
    address: str = "http://localhost/dstu2"
    found: bool = False


async def versions(export: Export, resources: Resources) -> AsyncIterator[Version]:
    """The versions that an export holds, oldest first (by type and id, where they are found)."""
    if export.found:
        async for version in _found(export, resources):
            yield version
        return
    until = None if export.history else export.at
    query = HistoryQuery(export.type, None, export.since, export.at + 1, until, None, PAGE, True, False)
    while True:
        page = await resources.history(query)
        for version in page.versions:
            if (export.history or not version.deleted) and await _is_of(export.source, version, resources):
                yield version
        if not page.more:
            return
        last = page.versions[-1]
        query = replace(query, after=HistoryPlace(last.updated, last.type, last.id, last.number))


async def _found(export: Export, resources: Resources) -> AsyncIterator[Version]:
    plan = Plan((export.type,) if export.type else (), Updated(export.since, None))
    page = Page(PAGE, total=False)
    while True:
        found = await resources.find(plan, page)
        for match in found.matches:
            if await _is_of(export.source, match.version, resources):
                yield match.version
        if found.next is None:
            return
        page = replace(page, after=found.next)


async def count(export: Export, resources: Resources) -> dict[str, int]:
    """How many resources (or versions) of each type an export holds."""
    counts: dict[str, int] = {}
    async for version in versions(export, resources):
        counts[version.type] = counts.get(version.type, 0) + 1
    return dict(sorted(counts.items()))


async def written(export: Export, resources: Resources, format: Format) -> AsyncIterator[bytes]:
    """The pieces of a file: NDJSON, or a Bundle in JSON or XML."""
    write, kind = _WRITERS[format], "history" if export.history else "collection"
    head, between, foot = _FRAMES[format]
    yield head.replace(b"KIND", kind.encode())
    joint = b""
    async for version in versions(export, resources):
        yield joint + write(version, export)
        joint = between
    yield foot


async def _is_of(source: str | None, version: Version, resources: Resources) -> bool:
    """A deletion is of the source of what was deleted."""
    if source is None:
        return True
    told = await resources.version(version.type, version.id, version.number - 1) if version.deleted else version
    return told is not None and not told.deleted and source_of(_read_meta(told.body).meta) == source


def _line(version: Version, export: Export) -> bytes:
    """A resource; in a Bundle of its own where the resource would not tell all: a deletion, an update that created."""
    usual = "POST" if version.number == 1 else "PUT"
    if not export.history or version.method == usual:
        return version.body + b"\n"
    return b'{"resourceType":"Bundle","type":"history","entry":[%b]}\n' % _entry(version, export)


def _entry(version: Version, export: Export) -> bytes:
    place = f"{version.type}/{version.id}"
    request = {"method": version.method, "url": version.type if version.method == "POST" else place}
    status = {"POST": "201 Created", "PUT": "200 OK", "DELETE": "204 No Content"}[version.method]
    response = {"status": status, "etag": f'W/"{version.number}"', "lastModified": instant(version.updated)}
    told = b'"request":%b,"response":%b' % (_encode(request), _encode(response)) if export.history else b""
    if version.deleted:  # without fullUrl: an entry has it exactly when it has a resource (bdl-6)
        return b"{%b}" % told
    resource = b'"fullUrl":%b,"resource":%b' % (_encode(f"{export.address}/{place}"), version.body)
    return b"{%b%b%b}" % (resource, b"," if told else b"", told)


def _xml_entry(version: Version, export: Export) -> bytes:
    try:
        whole = from_json(b'{"resourceType":"Bundle","type":"history","entry":[%b]}' % _entry(version, export))
    except BadRequest as failure:
        raise BadRequest(f"{version.type}/{version.id} cannot be written as XML.", failure.issues) from None
    return whole[whole.index(b"<entry>") : whole.rindex(b"</Bundle>")]


_WRITERS = {"ndjson": _line, "bundle": _entry, "xml": _xml_entry}
_FRAMES = {
    "ndjson": (b"", b"", b""),
    "bundle": (b'{"resourceType":"Bundle","type":"KIND","entry":[', b",\n", b"]}\n"),
    "xml": (
        f'{DECLARATION}<Bundle xmlns="{FHIR}"><type value="KIND"/>'.encode(),
        b"\n",
        b"</Bundle>\n",
    ),
}
