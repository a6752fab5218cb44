"""A record that was exported, erased and restored is the record that it was."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from fhirstore.clock import now
from fhirstore.store.contract import Store
from fhirstore.store.scope import Scope
from fhirstore.transfer.exporting import Export, Format, written
from fhirstore.transfer.importing import Progress
from fhirstore.transfer.inputs import Input
from fhirstore.transfer.report import Report
from fhirstore.transfer.restoring import Restore
from tests.builders import observation, patient
from tests.transfer.importing import everything, imported


async def exported(store: Store, format: Format) -> bytes:
    pieces = written(Export(now(), history=True), store.within(Scope(1)), format)
    return b"".join([piece async for piece in pieces])


async def restored(store: Store, content: bytes) -> Report:
    async def note(_: Progress) -> bool:
        return True

    report, file = Report(), Input("file", len(content), lambda: io.BytesIO(content))
    await Restore([file], store.within(Scope(1)), now, "structure", "urn:nobody").run(note, report=report)
    return report


async def test_after_an_erasure_ids_versions_times_and_bytes_are_as_they_were(store: Store) -> None:
    documents: list[Mapping[str, Any]] = [
        patient("One", id="1"),
        observation("Patient/1", id="o"),
        patient("Two", id="1"),
    ]
    for document in documents:
        await imported(store, document)
    await imported(store, documents[2], whole=True)
    await imported(store, *documents[:2])
    before, content = await everything(store.within(Scope(1))), await exported(store, "ndjson")
    assert [version.method for version in before] == ["POST", "POST", "PUT", "DELETE", "PUT", "PUT"]
    await store.erase(1)
    assert await everything(store.within(Scope(1))) == []
    assert (await restored(store, content)).total("refused") == 0
    told = [
        [(v.type, v.id, v.number, v.updated, v.method, v.body) for v in versions]
        for versions in (before, await everything(store.within(Scope(1))))
    ]
    assert told[0] == told[1]
    assert (await restored(store, content)).total("unchanged") == len(before), "again is nothing new"
    assert (await imported(store, *documents[:2])) == {"Patient": {"unchanged": 1}, "Observation": {"unchanged": 1}}


async def test_what_cannot_be_restored_is_refused_and_the_rest_comes_back(store: Store) -> None:
    own = patient(id="own", meta={"versionId": "1", "lastUpdated": "2015-02-07T13:28:17.239Z"})
    lines = [
        json.dumps(own).encode(),
        b'{"resourceType":"Patient"}',
        b"{broken",
        json.dumps(patient(id="b", active=1)).encode(),
    ]
    report = await restored(store, b"\n".join(lines))
    assert (report.total("created"), report.total("refused")) == (1, 3)
    (version,) = await everything(store.within(Scope(1)))
    assert b'"versionId":"1","lastUpdated":"2015-02-07T13:28:17.239Z"' in version.body
