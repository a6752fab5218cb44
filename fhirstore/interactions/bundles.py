"""Bundles as joins of bytes: stored resources go in untouched. http://hl7.org/fhir/DSTU2/bundle.html."""

from __future__ import annotations

import msgspec

from fhirstore.clock import instant
from fhirstore.store.contract import HistoryPage, Version

_encode = msgspec.json.encode


def history_bundle(page: HistoryPage, base: str, address: str) -> bytes:
    """A Bundle of type history: each entry says by which request it came about, deletions too."""
    head = b'{"resourceType":"Bundle","type":"history","total":%d,"link":[{"relation":"self","url":%b}],"entry":[' % (
        page.total,
        _encode(address),
    )
    return head + b",".join(_history_entry(version, base) for version in page.versions) + b"]}"


def _history_entry(version: Version, base: str) -> bytes:
    place = f"{version.type}/{version.id}"
    request_url = version.type if version.method == "POST" else place
    status = {"POST": "201", "DELETE": "204"}.get(version.method, "201" if version.number == 1 else "200")
    response = {"status": status, "etag": f'W/"{version.number}"', "lastModified": instant(version.updated)}
    return b'{"fullUrl":%b,%b"request":{"method":%b,"url":%b},"response":%b}' % (
        _encode(f"{base}/{place}"),
        b'"resource":%b,' % version.body if not version.deleted else b"",
        _encode(version.method),
        _encode(request_url),
        _encode(response),
    )
