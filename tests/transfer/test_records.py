"""A file's records are the same in whatever form it holds them, at whatever byte it is cut while it is read."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from fhirstore.dstu2 import validate, xml_write
from fhirstore.errors import Issue
from fhirstore.transfer import json_stream, records, xml_stream
from fhirstore.transfer.inputs import Input
from fhirstore.transfer.records import Reader, Record
from fhirstore.transfer.report import refusal
from tests.builders import observation, patient

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">a &lt; b</div>'
RESOURCES: list[dict[str, Any]] = [
    patient('Šimůnek "}],{', id="1", active=True),
    observation("Patient/1", id="2", valueQuantity={"value": 1}),
    patient(
        "e\\", id="3", text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a &lt; b</div>'}
    ),
]


def bundle(*resources: dict[str, Any], type: str = "collection", **more: Any) -> dict[str, Any]:
    entries = [{"fullUrl": f"http://a.org/{each['resourceType']}/{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": type, **more, "entry": entries}


def read(content: bytes, name: str = "file", reader: Reader | None = None) -> list[Record]:
    file = Input(name, len(content), lambda: io.BytesIO(content))
    return list((reader or Reader()).read(file))


def documents(found: list[Record]) -> list[Any]:
    assert not [each.issues for each in found if each.issues]
    return [json.loads(each.body) for each in found]


def text(document: Any, **options: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, **options).encode()


def entries_of_entries() -> list[dict[str, Any]]:
    return [{"fullUrl": "http://b.org/Patient/9", "resource": entry} for entry in bundle(*RESOURCES)["entry"]]


FORMS: dict[str, Callable[[], bytes]] = {
    "NDJSON": lambda: b"\n".join(map(text, RESOURCES)),
    "NDJSON with blank lines": lambda: b"\r\n\r\n".join(map(text, RESOURCES)) + b"\r\n",
    "a Bundle": lambda: text(bundle(*RESOURCES)),
    "a pretty Bundle": lambda: text(bundle(*RESOURCES), indent=4),
    "a Bundle with its type at its end": lambda: text(dict(reversed(bundle(*RESOURCES).items()))),
    "a Bundle with a byte order mark": lambda: b"\xef\xbb\xbf" + text(bundle(*RESOURCES)),
    "an XML Bundle": lambda: xml_write.from_json(text(bundle(*RESOURCES)), True),
    "an XML Bundle in UTF-16": lambda: (
        xml_write.from_json(text(bundle(*RESOURCES))).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    ),
    "NDJSON of entries": lambda: b"\n".join(map(text, bundle(*RESOURCES)["entry"])),
    "an array of entries": lambda: text(bundle(*RESOURCES)["entry"]),
    "a Bundle of entries for resources": lambda: text({**bundle(), "entry": entries_of_entries()}),
    "an array": lambda: text(RESOURCES, indent=1),
    "an array of sets": lambda: text([bundle(RESOURCES[0]), RESOURCES[1], bundle(RESOURCES[2])]),
    "a Bundle of what a server answered to a batch": lambda: text(
        bundle({**bundle(RESOURCES[0], type="searchset"), "id": "a"}, {**bundle(*RESOURCES[1:]), "id": "b"})
    ),
    "a Bundle with null for what it has not": lambda: text(
        {
            **bundle(*RESOURCES, id=None, total=None),
            "entry": [
                {**entry, "search": {"mode": None}, "request": None, "response": None, "link": None}
                for entry in bundle(*RESOURCES)["entry"]
            ],
        }
    ),
    "NDJSON of Bundles": lambda: text(bundle(RESOURCES[0])) + b"\n" + text(bundle(*RESOURCES[1:])),
}


READING = {"at once": (10_000, 10_000), "as its start tells": (10_000, 400), "streamed": (1, 400)}
"""Ways to read a JSON file: the greatest that is read at once, and how much tells whether it need be."""


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("reading", READING)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_records(
    form: str, reading: str, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "WHOLE_BYTES", READING[reading][0])
    monkeypatch.setattr(records, "START_BYTES", READING[reading][1])
    content = FORMS[form]()
    assert documents(read(gzip.compress(content) if packed else content)) == RESOURCES


@pytest.mark.parametrize("step", range(1, 60, 7))
@pytest.mark.parametrize("form", [form for form in FORMS if "undle" in form and "NDJSON" not in form])
def test_a_bundle_may_be_cut_anywhere_while_it_is_read(form: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "WHOLE_BYTES", 1)
    monkeypatch.setattr(json_stream, "_STEP", step)
    monkeypatch.setattr(xml_stream, "_STEP", step)
    found = read(FORMS[form]())
    assert documents(found) == RESOURCES
    assert [each.full_url for each in found] == [
        f"http://a.org/{each['resourceType']}/{each['id']}" for each in RESOURCES
    ]


def test_an_xml_bundle_may_name_its_namespace_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    content = (
        b'<?xml version="1.0"?><!-- a > b --><f:Bundle\n xmlns:f = "http://hl7.org/fhir" ><f:type value="collection"/>'
        b'<f:entry ><f:resource><f:Patient><f:id value="1"/></f:Patient></f:resource></f:entry >'
        b'<f:entry><f:resource><f:Patient><f:id value="2"/></f:Patient></f:resource></f:entry></f:Bundle>'
    )
    for step in (1, 5, 1000):
        monkeypatch.setattr(xml_stream, "_STEP", step)
        assert [each["id"] for each in documents(read(content))] == ["1", "2"]


def test_a_single_resource_of_any_size_is_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    one = RESOURCES[2]
    for whole in (10_000, 1):
        monkeypatch.setattr(records, "WHOLE_BYTES", whole)
        for start in (10_000, 20):
            monkeypatch.setattr(records, "START_BYTES", start)
            for content in (text(one), text(one, indent=2), xml_write.from_json(text(one))):
                assert documents(read(content)) == [one]


def test_what_stood_around_a_resource_is_told_with_it() -> None:
    content = {
        "resourceType": "Bundle",
        "type": "batch-response",
        "entry": [
            {"resource": {"resourceType": "OperationOutcome", "issue": []}, "response": {"status": "404"}},
            {"resource": {"resourceType": "OperationOutcome", "issue": []}, "search": {"mode": "outcome"}},
            {"request": {"method": "GET", "url": "Patient"}},
            {"request": {"method": "DELETE", "url": "Patient/1"}, "response": {"status": "204", "etag": 'W/"3"'}},
            {"response": {"status": "201"}},
            {"fullUrl": 5},
        ],
    }
    deletion, empty, broken = read(text(content))
    assert (deletion.method, deletion.url, deletion.answer) == (
        "DELETE",
        "Patient/1",
        {"status": "204", "etag": 'W/"3"'},
    )
    assert [empty.place, empty.issues[0].code] == ["file#entry[4]", "required"]
    assert [broken.place, broken.issues[0].code] == ["file#entry[5]", "structure"]


@pytest.mark.parametrize("start", [records.START_BYTES, 600, 20])
def test_a_document_is_kept_as_a_whole_beside_its_parts_and_any_bundle_with_an_id_where_a_record_is_restored(
    start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "START_BYTES", start)
    document = bundle(RESOURCES[0], type="document", id="d")
    assert documents(read(text(document))) == [document, RESOURCES[0]]
    kept = bundle(RESOURCES[0], id="k")
    assert documents(read(text(kept), reader=Reader(keep_bundles=True))) == [kept]
    assert documents(read(text(kept))) == [RESOURCES[0]]


@pytest.mark.parametrize("whole", [records.WHOLE_BYTES, 1], ids=["at once", "streamed"])
def test_what_is_broken_is_told_and_what_came_before_it_is_kept(whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "WHOLE_BYTES", whole)
    lines = b"\n".join([text(RESOURCES[0]), b"{" + b" " * 2000 + b"}", b'{"a":', text(RESOURCES[1])])
    found = read(lines, reader=Reader(resource_bytes=1000))
    assert [(each.place, [issue.code for issue in each.issues]) for each in found] == [
        ("file:1", []),
        ("file:2", ["too-long"]),
        ("file:3", []),  # the strict reader tells what is wrong with it
        ("file:4", []),
    ]
    assert read(b"")[0].body == b"" or read(b"")[0].issues
    (packed,) = read(gzip.compress(b"x" * 100_000)[:-20])
    assert packed.issues[0].code == "exception"


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_a_bundle_that_ends_too_early_gives_its_whole_entries_and_an_issue(
    cut: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "WHOLE_BYTES", 1)
    for content in (text(bundle(*RESOURCES)), xml_write.from_json(text(bundle(*RESOURCES)))):
        found = read(content[: int(len(content) * cut)])
        assert 0 < len(found) <= 3
        assert [json.loads(each.body)["id"] for each in found[:-1]] == ["1", "2"][: len(found) - 1]
        assert found[-1].issues[0].severity == "fatal"


def test_hostile_text_is_refused_and_costs_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "WHOLE_BYTES", 1)
    deep = b'{"entry":[' + b"[" * 100_000
    number = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","x":' + b"9" * 6000 + b"}}]}"
    entities = b'<!DOCTYPE a [<!ENTITY b "c">]><Bundle xmlns="http://hl7.org/fhir"/>'
    for content in (deep, entities, b"[" * 10, b'{"a" 1}', b"<" * 10, b'{"resourceType":"Bundle","entry":{}}x'):
        assert all(each.issues or each.body for each in read(content))
    assert len(read(number)) == 1
    assert read(b'{"entry":[' + b" " * 5000 + b'"', reader=Reader(resource_bytes=1000))[-1].issues


def test_an_entry_without_a_full_url_is_called_as_its_link_to_itself_says() -> None:
    own = {"relation": "self", "url": "https://ehr.example/Patient/1"}
    entry = {"link": [{"relation": "alternate", "url": "x"}, own], "resource": {"resourceType": "Patient"}}
    for full_url, called in ((None, own["url"]), ("urn:uuid:1", "urn:uuid:1")):
        (found,) = read(
            text({"resourceType": "Bundle", "type": "searchset", "entry": [{**entry, "fullUrl": full_url}]})
        )
        assert found.full_url == called


def test_an_array_that_breaks_off_gives_what_stood_before() -> None:
    content = text(RESOURCES[:2])
    *before, last = read(content[:-10])
    assert [json.loads(each.body)["id"] for each in before] == ["1"]
    assert (last.place, last.issues[0].code) == ("file[1]", "structure")


def test_bundles_within_bundles_without_end_are_refused() -> None:
    body = patient(id="1")
    for _ in range(30):
        body = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": body}]}
    (found,) = read(text(body))
    assert json.loads(found.body)["resourceType"] == "Bundle"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \n", "empty"),
        (b"PK\x03\x04...", "ZIP"),
        (text(patient()).decode().encode("utf-16"), "UTF-16"),
        (("\n " + text([patient()]).decode()).encode("utf-16-be"), "not JSON"),
        (b"\xfe\xff" + ("\n " + text([patient()]).decode()).encode("utf-16-be"), "UTF-16"),
        (b'<ClinicalDocument xmlns="urn:hl7-org:v3"/>', "not ClinicalDocument"),
    ],
)
def test_a_file_that_holds_nothing_of_use_says_what_it_is(content: bytes, said: str) -> None:
    (found,) = read(content)
    reasons = found.issues or validate(found.body)
    assert said in reasons[0].message


def test_an_empty_file_of_ndjson_holds_nothing_and_that_is_no_fault() -> None:
    assert read(b"\n", "Condition.ndjson") == []


def test_what_is_not_utf_8_is_told_as_text_that_is() -> None:
    body = '{"resourceType":"Patient","name":[{"text":"B\u00fcrg"}]}'.encode("latin-1")
    line = json.loads(refusal(Record("file", body), (Issue("fatal", "structure", "no"),)))
    assert "resource" not in line
    assert line["text"].startswith('{"resourceType"')
