"""What real systems send and the standard does not allow: stored where it can be read, reported where it cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirstore.dstu2.levels import INCOMPLETE_TAG
from fhirstore.dstu2.xml_write import from_json
from fhirstore.store.contract import Store
from fhirstore.transfer.report import Report
from tests.builders import observation, patient
from tests.transfer.importing import file, imported, run, there

BASE = "https://ehr.example/api/FHIR/DSTU2"
LONG = "T51iWjMg3MhfQWNRaJpm.x" * 4


def listed(*resources: dict[str, Any]) -> dict[str, Any]:
    """A searchset as hospitals' servers answer it: every reference is an address of theirs."""
    entries = [
        {"fullUrl": f"{BASE}/{each['resourceType']}/{each['id']}", "resource": each, "search": {"mode": "match"}}
        for each in resources
    ]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


@pytest.mark.parametrize("id", [LONG, "A|1_2", 12724066], ids=["too long", "of other characters", "a number"])
async def test_a_source_may_call_its_resources_as_it_likes(store: Store, id: str | int) -> None:
    about = [observation(f"{BASE}/Patient/{id}", id="a"), observation(f"Patient/{id}", id="b")]
    told = listed(patient(id=id), *about)
    assert await imported(store, told, source=BASE) == {"Patient": {"created": 1}, "Observation": {"created": 2}}
    found = await there(store)
    stored = found[f"Patient/{id}"]["id"]
    assert {found[f"Observation/{each}"]["subject"]["reference"] for each in "ab"} == {f"Patient/{stored}"}
    assert await imported(store, told, source=BASE) == {"Patient": {"unchanged": 1}, "Observation": {"unchanged": 2}}


ABSENT = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unsupported"}]
}


def narrated(div: str) -> dict[str, Any]:
    return patient(id="1", text={"status": "generated", "div": div})


LEGIBLE: dict[str, dict[str, Any]] = {
    "a time without its zone": observation(id="1", effectiveDateTime="2016-01-04T14:00:00"),
    "a time without seconds": observation(id="1", effectiveDateTime="2016-01-04T14:00Z"),
    "an instant without its zone": observation(id="1", issued="2016-01-04T14:00:00.000"),
    "a time where a date stands": {
        "resourceType": "Condition",
        "id": "1",
        "patient": {"reference": "Patient/1"},
        "code": {"text": "cough"},
        "verificationStatus": "confirmed",
        "dateRecorded": "2015-08-24T00:00:00Z",
    },
    "a code with a blank behind it": observation(id="1", code={"coding": [{"code": "718-7 "}]}),
    "a reference to another type": {**observation(id="1"), "encounter": {"reference": "Organization/1"}},
    "the reason why an element is absent": {**observation(id="1"), "_encounter": ABSENT, "_performer": ABSENT},
    "markup that was escaped": narrated("&lt;div>&lt;p>x&lt;/p>&lt;/div>"),
    "markup of HTML": narrated("<DIV><P CLASS='a'>x<BR></DIV>"),
    "no text in the narrative": narrated(""),
    "a system without its scheme": observation(id="1", code={"coding": [{"system": "2.16.840", "code": "1"}]}),
}


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", LEGIBLE)
async def test_what_everybody_can_read_is_stored_at_the_level_structure_and_marked(store: Store, form: str) -> None:
    resource = LEGIBLE[form]
    type = resource["resourceType"]
    assert await imported(store, resource) == {type: {"refused": 1}}
    assert await imported(store, resource, level="structure") == {type: {"created": 1}}
    assert await imported(store, resource, level="structure") == {type: {"unchanged": 1}}
    stored = (await there(store))[f"{type}/1"]
    assert dict(INCOMPLETE_TAG) in stored["meta"]["tag"]
    assert from_json(json.dumps(stored).encode()).startswith(b"<?xml")


ILLEGIBLE: dict[str, dict[str, Any]] = {
    "an element of an older draft": observation(id="1", reliability="ok"),
    "an element and extensions beside it": {**observation("Patient/1", id="1"), "_subject": ABSENT},
    "something else than extensions beside": {**observation(id="1"), "_encounter": {"reference": "Encounter/1"}},
    "a text beside what is no primitive": {**observation(id="1"), "_encounter": "absent"},
    "a number in quotes": observation(id="1", valueQuantity={"value": "7.2"}),
    "a day that there is not": observation(id="1", effectiveDateTime="2016-02-30T14:00:00"),
    "a date in another order": observation(id="1", effectiveDateTime="01/04/2016"),
    "a script": narrated("<div><br><script>x()</script></div>"),
    "a handler": narrated("<div><br><p onclick='x()'>x</div>"),
    "a tag that ends nowhere": narrated("<div><img src=x onerror=x()//"),
    "a link that runs": patient(
        id="1", text={"status": "generated", "div": "<div><br><a href='javascript:x()'>x</div>"}
    ),
}


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("form", ILLEGIBLE)
async def test_what_cannot_be_read_or_would_run_is_refused_at_every_level(store: Store, form: str) -> None:
    resource = ILLEGIBLE[form]
    assert await imported(store, resource, level="structure") == {resource["resourceType"]: {"refused": 1}}


async def test_the_report_tells_each_fault_once_and_what_a_lower_level_would_store(store: Store) -> None:
    zoneless = [observation(id=f"z{n}", effectiveDateTime="2016-01-04T14:00:00") for n in range(3)]
    older = [observation(id=f"o{n}", component=[{"code": {"text": "a"}, "reliability": "ok"}] * n) for n in (1, 2)]
    report = await run(store, [file(*zoneless, *older, {"resourceType": "Nothing"})])
    assert report.faults == {
        "Observation.effectiveDateTime: a dateTime with a time needs a time zone": 3,
        "Observation.component.reliability: is not an element of Observation.component": 2,
        "resourceType: resourceType must name one of the resource types of DSTU2": 1,
    }
    assert (report.total("refused"), report.lenient) == (6, 3)
    assert Report.of(report.kept()) == report


async def test_the_report_does_not_grow_with_the_kinds_of_faults(store: Store) -> None:
    report = await run(store, [file(*({**observation(id=str(n)), f"x{n}": 1} for n in range(150)))])
    assert report.total("refused") == 150
    assert len(report.faults) == 100


def letter(url: str) -> dict[str, Any]:
    content = [{"attachment": {"contentType": "application/pdf", "url": url}}]
    return {
        "resourceType": "DocumentReference",
        "id": "d",
        "type": {"text": "letter"},
        "status": "current",
        "indexed": "2020-01-01T00:00:00Z",
        "content": content,
    }


def url(found: dict[str, dict[str, Any]]) -> str:
    return str(found["DocumentReference/d"]["content"][0]["attachment"]["url"])


@pytest.mark.parametrize("address", [f"{BASE}/Binary/{LONG}", f"Binary/{LONG}"], ids=["absolute", "relative"])
async def test_a_document_leads_to_its_file_where_that_came_too_and_else_to_where_it_is(
    store: Store, address: str
) -> None:
    await imported(store, listed(letter(address)), source=BASE)
    assert url(await there(store)) == address, "the file is kept elsewhere"
    file = {"resourceType": "Binary", "id": LONG, "contentType": "application/pdf", "content": "QQ=="}
    other = {"resourceType": "Patient", "id": LONG}
    await imported(store, other, file, letter(address), source=BASE)
    found = await there(store)
    assert url(found) == f"Binary/{found[f'Binary/{LONG}']['id']}"
    assert (await imported(store, letter(address), source=BASE)) == {"DocumentReference": {"unchanged": 1}}
    await imported(store, letter("https://other.example/Binary/" + LONG), source=BASE)
    assert url(await there(store)).startswith("https://other.example/"), "another server's"
