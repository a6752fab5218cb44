"""Import: the same original is the same resource, references follow their targets, again is nothing new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fhirstore.clock import now
from fhirstore.ids import is_own
from fhirstore.store.contract import Store
from fhirstore.store.scope import Scope
from fhirstore.transfer.inputs import file_input
from fhirstore.transfer.sources import delete_all, of_source, source_in, sources
from tests.builders import observation, patient, smallest
from tests.transfer.importing import everything, file, imported, run, there

URN = "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"


def subject(document: dict[str, Any]) -> str:
    return str(document["subject"]["reference"])


def held(*entries: dict[str, Any], type: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


async def test_every_way_to_refer_inside_of_a_source_leads_to_the_stored_resource(store: Store) -> None:
    base = "https://ehr.example/fhir"
    ways = ["Patient/1", f"{base}/Patient/1", "Patient/1/_history/4", f"{base}/Patient/1/_history/4", "#inside", URN]
    others = ["https://other.example/Patient/1", "Device/never"]
    entries: list[dict[str, Any]] = [
        {"fullUrl": f"{base}/Observation/{n}", "resource": observation(way, id=str(n))}
        for n, way in enumerate([*ways, *others])
    ]
    entries[4]["resource"]["contained"] = [{"resourceType": "Patient", "id": "inside"}]
    link = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="Patient/1">x</a></div>'
    narrated = {"status": "generated", "div": link}
    entries[0]["resource"]["text"] = narrated
    entries.append({"fullUrl": URN, "resource": patient(id="1")})
    await imported(store, held(*entries), source=base)
    found = await there(store)
    stored = found["Patient/1"]["id"]
    assert is_own(stored)
    assert [subject(found[f"Observation/{n}"]) for n in (0, 1, 2, 3, 5)] == [f"Patient/{stored}"] * 5
    assert subject(found["Observation/4"]) == "#inside"
    assert f'href="Patient/{stored}"' in found["Observation/0"]["text"]["div"]
    assert subject(found["Observation/6"]) == others[0], "another server's"
    later = subject(found["Observation/7"])
    await imported(store, smallest("Device", id="never"), source=base)
    came = (await there(store))["Device/never"]["id"]
    assert later == f"Device/{came}", "before it came"


@pytest.mark.parametrize("turned", [False, True])
async def test_the_order_of_arrival_does_not_matter(store: Store, turned: bool) -> None:
    documents = [patient(id="1"), observation("Patient/1", id="o"), observation("Patient/1", id="p")]
    for document in reversed(documents) if turned else documents:
        await imported(store, document)
    found = await there(store)
    assert {subject(found[f"Observation/{id}"]) for id in "op"} == {f"Patient/{found['Patient/1']['id']}"}
    assert await imported(store, *documents) == {"Patient": {"unchanged": 1}, "Observation": {"unchanged": 2}}
    assert len(await everything(store.within(Scope(1)))) == 3


async def test_without_an_id_the_full_url_tells_who_it_is_then_identifiers_then_the_content(store: Store) -> None:
    numbered = patient(identifier=[{"system": "urn:mrn", "value": "7"}])
    entries: list[dict[str, Any]] = [
        {"fullUrl": URN, "resource": patient("Named")},
        {"resource": numbered},
        {"resource": patient("Bare")},
    ]
    about = {"resource": observation(URN)}
    assert (await imported(store, held(*entries, about)))["Patient"] == {"created": 3}
    again = held(*reversed(entries), about)
    assert await imported(store, again) == {"Patient": {"unchanged": 3}, "Observation": {"unchanged": 1}}
    changed = held(entries[0], {"resource": {**numbered, "gender": "male"}}, {"resource": patient("Bare", active=True)})
    assert (await imported(store, changed))["Patient"] == {"unchanged": 1, "updated": 1, "created": 1}


async def test_two_without_an_id_that_share_an_identifier_are_both_kept(store: Store) -> None:
    order = [{"system": "urn:order", "value": "1"}]
    documents = [observation(identifier=order), observation(identifier=order, comments="another")]
    assert await imported(store, *documents) == {"Observation": {"created": 2}}
    assert await imported(store, *documents) == {"Observation": {"unchanged": 2}}


async def test_of_several_tellings_the_newest_counts_and_again_makes_no_version(store: Store) -> None:
    old = patient("Old", id="1", meta={"lastUpdated": "2015-01-01T10:00:00+02:00"})
    new = patient("New", id="1", meta={"lastUpdated": "2015-01-01T09:00:00Z"})
    for documents in ([old, new], [new, old], [patient("Undated", id="1"), new, old]):
        counts = (await imported(store, *documents))["Patient"]
        assert counts["repeated"] == len(documents) - 1
        assert counts.get("created", 0) + counts.get("unchanged", 0) == 1
    assert (await there(store))["Patient/1"]["name"] == [{"family": ["New"]}]
    assert len(await everything(store.within(Scope(1)))) == 1


async def test_a_history_brings_the_newest_version_and_a_deletion_deletes(store: Store) -> None:
    def version(id: str, family: str) -> dict[str, Any]:
        return {"resource": patient(family, id=id), "request": {"method": "PUT", "url": f"Patient/{id}"}}

    def deletion(id: str) -> dict[str, Any]:
        return {"request": {"method": "DELETE", "url": f"Patient/{id}"}}

    await imported(store, patient("First", id="gone"))
    told = held(
        version("kept", "Newest"), deletion("gone"), version("kept", "Older"), version("gone", "Older"), type="history"
    )
    assert await imported(store, told) == {"Patient": {"created": 1, "deleted": 1, "repeated": 2}}
    assert {name: each["name"] for name, each in (await there(store)).items()} == {
        "Patient/kept": [{"family": ["Newest"]}]
    }
    assert await imported(store, told) == {"Patient": {"unchanged": 2, "repeated": 2}}


async def test_the_level_decides_what_is_refused_and_the_rest_is_stored(store: Store) -> None:
    faulty = {"resourceType": "Observation", "id": "f", "status": "final"}
    assert await imported(store, faulty, patient(id="1")) == {"Observation": {"refused": 1}, "Patient": {"created": 1}}
    assert (await imported(store, faulty, level="structure"))["Observation"] == {"created": 1}


async def test_a_complete_import_deletes_nothing_where_something_could_not_be_read(store: Store) -> None:
    await imported(store, patient(id="1"), patient(id="2"))
    broken = file(patient(id="1"), name="a"), file({"id": "2"}, name="b")
    assert (await run(store, broken, whole=True)).total("deleted") == 0
    assert (await imported(store, patient(id="1"), {"resourceType": "Patient", "id": "2", "active": 1}, whole=True))[
        "Patient"
    ] == {"unchanged": 1, "refused": 1}, "it is there, though it is refused"
    assert (await imported(store, patient(id="1"), whole=True))["Patient"] == {"unchanged": 1, "deleted": 1}


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_processes_of_their_own_prepare_the_same(store: Store) -> None:
    documents = [observation(f"Patient/{n}", id=str(n)) for n in range(250)]
    assert (await imported(store, *documents, workers=2))["Observation"] == {"created": 250}
    assert (await imported(store, *documents, workers=1))["Observation"] == {"unchanged": 250}


@pytest.mark.timeout(300)  # the tests' MongoDB takes most of a minute
async def test_the_official_examples_as_three_sources_overlap_come_again_and_leave_alone(
    store: Store, store_kind: str, definitions: Path
) -> None:
    """Each source has a third of all examples, and of the next one's third every one, or on MongoDB every fourth."""
    files = sorted((definitions / "examples" / "json").glob("*.json"))
    step = 1 if store_kind == "sqlite" else 4
    thirds = [files[n::3] for n in range(3)]
    held = {
        f"urn:source:{n}": [file_input(each) for each in [*thirds[n], *thirds[(n + 1) % 3][::step]]] for n in range(3)
    }
    for source, inputs in held.items():
        assert (await run(store, inputs, source)).total("created") > len(inputs) // 2
    resources = store.within(Scope(1))
    versions = len(await everything(resources))
    for source, inputs in held.items():
        again = await run(store, inputs, source)
        assert again.total("created") + again.total("updated") == 0
    assert len(await everything(resources)) == versions
    brought = {each.source: sum(each.counts.values()) for each in await sources(resources)}
    assert brought.keys() == held.keys()
    gone = [version async for version in of_source("urn:source:1", resources)]
    deleted = await delete_all(gone, "urn:source:1", resources, now)
    assert len(deleted) == brought.pop("urn:source:1")
    assert {each.source: sum(each.counts.values()) for each in await sources(resources)} == brought
    assert len(await everything(resources)) == versions + len(deleted)
    assert all(source_in(version) == "urn:source:1" for version in gone)
    assert json.loads(gone[0].body)["id"] == deleted[0].id
