"""Bundles as joins of bytes: stored resources go in untouched. http://hl7.org/fhir/DSTU2/bundle.html."""

from __future__ import annotations

import msgspec

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
    request = {"method": version.method, "url": version.type if version.method == "POST" else place}
    if version.deleted:  # without fullUrl: an entry has it exactly when it has a resource (bdl-6)
        return b'{"request":%b}' % _encode(request)
    return b'{"fullUrl":%b,"resource":%b,"request":%b}' % (_encode(f"{base}/{place}"), version.body, _encode(request))
