"""A Bundle taken apart holds what the reader of the whole body finds in it, and is refused where that refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from fhirstore.dstu2 import bundle_parts
from fhirstore.dstu2.bundle_parts import read_bundle
from fhirstore.dstu2.json_format import parse
from fhirstore.errors import BadRequest
from tests.builders import observation, patient

REQUEST = {"method": "POST", "url": "Patient"}
USUAL: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": patient('Šimůnek "}],{"a":', id="1"), "request": REQUEST},
        {"resource": observation("urn:uuid:1", comments="a\\/b"), "request": REQUEST},
        {"request": {"method": "GET", "url": "Patient?name=a"}},
    ],
}


def with_entry(**members: Any) -> dict[str, Any]:
    return {**USUAL, "entry": [*USUAL["entry"], {"resource": patient(), "request": REQUEST, **members}]}


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels - 1):
        inner = {"a": inner}
    return inner


BODIES = {
    "usual": json.dumps(USUAL),
    "pretty": json.dumps(USUAL, indent=2),
    "with an id": json.dumps({**USUAL, "id": "1"}),
    "with more of its own": json.dumps({**USUAL, "meta": {"tag": [{"code": "a"}]}, "total": 1}),
    "with more in an entry": json.dumps(with_entry(link=[{"relation": "a", "url": "b"}], search={"mode": "match"})),
    "with an escaped quote": json.dumps(with_entry(fullUrl="a")).replace('"a"', '"\\u0022"'),
    "with null": json.dumps(with_entry(fullUrl=None, resource=None)),
    "with a number as resource": json.dumps(with_entry(resource=5)),
    "with digits": json.dumps(with_entry(resource={"resourceType": "Basic", "x": 1.5})).replace("1.5", "1.500"),
    "of no entries": json.dumps({**USUAL, "entry": []}),
    "without entries": json.dumps({"resourceType": "Bundle", "type": "batch"}),
    "as deep as it may be": json.dumps(with_entry(resource={"resourceType": "Basic", "x": nested(60)})),
    "a resource": json.dumps(patient()),
}
REFUSED = {
    "deeper than it may be": json.dumps(with_entry(resource={"resourceType": "Basic", "x": nested(61)})),
    "a name twice in a resource": json.dumps(USUAL).replace('"id": "1"', '"id": "1", "id": "1"'),
    "a name twice in an entry": json.dumps(USUAL).replace('"fullUrl": "urn', '"fullUrl": "a", "fullUrl": "urn'),
    "a resource twice in an entry": json.dumps(USUAL).replace('"resource"', '"resource": {}, "resource"'),
    "a name twice in a request": json.dumps(USUAL).replace('"url"', '"url": "a", "url"'),
    "entries twice": json.dumps(USUAL).replace('"entry"', '"entry": [], "entry"'),
    "a type twice": json.dumps(USUAL).replace('"type"', '"type": "batch", "type"'),
    "no number": json.dumps(with_entry(resource={"resourceType": "Basic", "x": float("nan")})),
    "a number that is too long": json.dumps(with_entry(resource={"x": 1.5})).replace("1.5", "1.5e99999"),
    "half of a pair in an id": json.dumps(with_entry(resource={"id": "\ud800"})),
    "half of a pair": json.dumps(with_entry(resource={"x": "\ud800"})),
}


def everything(body: bytes) -> Any:
    """What is found part by part, in the form of the whole."""
    bundle = read_bundle(body)
    if bundle.parts is None:
        return bundle.resource_type, bundle.type, None
    heads = [part.head() for part in bundle.parts]
    assert len(heads) == len(bundle.parts)
    return (
        bundle.resource_type,
        bundle.type,
        [(part.full_url, part.request, bundle.resource(at)) for at, part in enumerate(bundle.parts)],
    )


def expected(body: bytes) -> Any:
    document = parse(body)
    entries = document.get("entry", [])
    is_listing = isinstance(entries, list) and all(isinstance(each, dict) for each in entries)
    told = (
        [(each.get("fullUrl"), each.get("request"), each.get("resource")) for each in entries] if is_listing else None
    )
    return document.get("resourceType"), document.get("type"), told


def result(read: Any, body: bytes) -> Any:
    try:
        return read(body)
    except BadRequest as failure:
        return failure.issues


@pytest.mark.parametrize("kind", BODIES)
def test_the_parts_are_those_of_the_whole(kind: str) -> None:
    body = BODIES[kind].encode()
    assert everything(body) == expected(body)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_whole_is_refused_for_the_parts_are_refused_for(kind: str) -> None:
    found = result(everything, REFUSED[kind].encode())
    assert found == result(expected, REFUSED[kind].encode())
    assert found[0].severity == "fatal"


def test_what_is_broken_anywhere_reads_as_the_whole_does() -> None:
    chance, body = Random(7), BODIES["usual"].encode()
    for _ in range(1500):
        at = chance.randrange(len(body))
        broken = body[:at] + chance.choice([b"", b'"', b"{", b"}", b",", b":", b"\\", b"0", b"\xff"]) + body[at + 1 :]
        assert result(everything, broken) == result(expected, broken), broken


def test_the_usual_form_is_taken_apart_and_numbers_keep_their_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = BODIES["with digits"].encode()
    monkeypatch.setattr(bundle_parts, "parse", None)
    for kind in ("usual", "pretty", "with an id", "of no entries"):
        assert read_bundle(BODIES[kind].encode()).parts is not None
    bundle = read_bundle(digits)
    assert bundle.parts is not None
    assert (bundle.resource(3)["x"], bundle.parts[3].text) == (
        Decimal("1.500"),
        b'{"resourceType":"Basic","x":1.500}',
    )


def test_an_entry_tells_its_type_and_id_before_its_resource_is_read() -> None:
    for kind in ("usual", "with more in an entry"):
        parts = read_bundle(BODIES[kind].encode()).parts
        assert parts is not None
        assert [part.head() for part in parts[:3]] == [("Patient", "1"), ("Observation", None), (None, None)]
