"""What is refused over HTTP, with which status, and always with an OperationOutcome that says why."""

from __future__ import annotations

import json

import pytest

from tests.builders import observation, patient
from tests.clients import FHIR_JSON, UserClient, http

DEEP = b'{"resourceType":"Patient","a":' * 100_000 + b"1" + b"}" * 100_000
GOOD = json.dumps(patient()).encode()


def outcome(answer_body: bytes) -> dict[str, object]:
    """The first issue of an OperationOutcome, which has a reason for people in both of its places."""
    document = json.loads(answer_body)
    assert document["resourceType"] == "OperationOutcome"
    issue: dict[str, object] = document["issue"][0]
    assert issue["details"] == {"text": issue["diagnostics"]}
    assert len(str(issue["diagnostics"])) > 10
    return issue


BODIES = [
    ("empty", b"", 400, "structure"),
    ("not JSON", b"hello", 400, "structure"),
    ("cut off", GOOD[:-1], 400, "structure"),
    ("more after the end", GOOD + b"{}", 400, "structure"),
    ("an array", b"[" + GOOD + b"]", 400, "structure"),
    ("a string", b'"Patient"', 400, "structure"),
    ("null", b"null", 400, "structure"),
    ("NaN", b'{"resourceType":"Patient","a":NaN}', 400, "structure"),
    ("Infinity", b'{"resourceType":"Patient","a":-Infinity}', 400, "structure"),
    ("a property twice", b'{"resourceType":"Patient","active":true,"active":false}', 400, "structure"),
    ("a property twice, inside", b'{"resourceType":"Patient","name":[{"text":"a","text":"b"}]}', 400, "structure"),
    ("invalid UTF-8", b'{"resourceType":"Patient","id":"\xff"}', 400, "structure"),
    ("UTF-16", GOOD.decode().encode("utf-16"), 400, "structure"),
    ("half a surrogate pair", b'{"resourceType":"Patient","language":"\\ud800"}', 400, "structure"),
    ("a raw control character", b'{"resourceType":"Patient","language":"\x01"}', 400, "structure"),
    ("65 levels", b'{"resourceType":"Patient","a":' + b"[" * 64 + b"]" * 64 + b"}", 400, "structure"),
    ("100,000 levels", DEEP, 400, "structure"),
    ("100,000 arrays, open", b"[" * 100_000, 400, "structure"),
    ("a number of a million digits", b'{"resourceType":"Patient","a":' + b"1" * 1_000_000 + b"}", 400, "structure"),
    ("a gigantic exponent", b'{"resourceType":"Patient","a":1E999999999}', 400, "structure"),
    ("no resourceType", b"{}", 400, "invalid"),
    ("another type", json.dumps(observation()).encode(), 400, "invalid"),
    ("a type that is no text", b'{"resourceType":["Patient"]}', 400, "invalid"),
]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(("body", "status", "code"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_a_body_that_is_no_such_resource(user: UserClient, method: str, body: bytes, status: int, code: str) -> None:
    place = "Patient" if method == "POST" else "Patient/a"
    answer = user.request(method, place, body)
    assert (answer.status_code, outcome(answer.content)["code"]) == (status, code)
    assert user.get("Patient/a").status_code == 404


def test_a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not(user: UserClient) -> None:
    body = b'{"resourceType":"Patient","text":"' + b"x" * 20_000_000 + b'"}'
    told = user.post("Patient", body)
    untold = http.post(
        f"{user.base}/Patient",
        content=(body[at : at + 1_000_000] for at in range(0, len(body), 1_000_000)),
        headers=user.headers | {"content-type": FHIR_JSON},
    )
    for answer in (told, untold):
        assert (answer.status_code, outcome(answer.content)["code"]) == (413, "too-long")
    assert user.get("metadata").status_code == 200, "the server goes on"


ADDRESSES = [
    ("GET", "Patients/1", 404),
    ("GET", "Resource/1", 404),
    ("GET", "DomainResource/1", 404),
    ("POST", "Nothing", 404),
    ("GET", "Patient/unknown", 404),
    ("GET", "Patient/" + "x" * 65, 404),
    ("GET", "Patient/a%00b", 404),
    ("GET", "Patient/a%20b", 404),
    ("GET", "Patient/%FF", 404),
    ("GET", "Patient/a/_history/1", 404),
    ("GET", "Patient/a/_history/x", 404),
    ("GET", "Patient/a/_history/-1", 404),
    ("GET", "Patient/a/_history/99999999999999999999", 404),
    ("GET", "Patient/a/_history/%C2%B2", 404),
    ("GET", "Patient/a/_history/%C2%B2/$meta", 404),
    ("GET", "Patient/a/_history/1/more", 404),
    ("GET", "Patient/a/nonsense", 404),
    ("GET", "Patient/a/$nonsense", 404),
    ("DELETE", "Patient/unknown", 404),
    ("DELETE", "Patient/a/_history/1", 405),
    ("POST", "Patient/a/_history", 405),
    ("PATCH", "Patient/a", 405),
    ("POST", "Patient/a", 405),
    ("POST", "metadata", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), ADDRESSES)
def test_an_address_that_leads_nowhere(user: UserClient, method: str, path: str, status: int) -> None:
    body = GOOD if method in {"POST", "PATCH"} else None
    answer = user.request(method, path, body)
    assert answer.status_code == status
    outcome(answer.content)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("id", ["a_b", "a%20b", "x" * 65, "a%2Fb", "%C3%A9", "a%00", "%FF", "$a"])
def test_an_id_that_fhir_does_not_allow_is_not_created(user: UserClient, id: str) -> None:
    """http://hl7.org/fhir/DSTU2/datatypes.html#id"""
    answer = user.put(f"Patient/{id}", patient(id=id))
    assert answer.status_code in {400, 404, 405}
    outcome(answer.content)


@pytest.mark.parametrize("members", [{}, {"id": "b"}, {"id": None}, {"id": 1}, {"id": ["a"]}])
def test_an_update_needs_the_id_of_its_address_in_the_body(user: UserClient, members: dict[str, object]) -> None:
    answer = user.put("Patient/a", {"resourceType": "Patient", **members})
    assert (answer.status_code, outcome(answer.content)["code"]) == (400, "value")
    assert outcome(answer.content)["location"] == ["Patient.id"]


CONTENT_TYPES = [
    ("application/json+fhir", 201),
    ("application/json+fhir; charset=UTF-8", 201),
    ("application/json", 201),
    ("application/fhir+json", 201),
    ("APPLICATION/JSON", 201),
    ("text/plain", 415),
    ("application/x-www-form-urlencoded", 415),
    ("application/json; charset=latin1", 415),
    ("", 415),
]


@pytest.mark.parametrize(("content_type", "status"), CONTENT_TYPES)
def test_the_content_type_of_a_resource_is_fhirs(user: UserClient, content_type: str, status: int) -> None:
    answer = user.post("Patient", GOOD, content_type=content_type)
    assert answer.status_code == status
    if status == 415:
        outcome(answer.content)


def test_a_compressed_body_is_refused(user: UserClient) -> None:
    assert user.post("Patient", GOOD, content_encoding="gzip").status_code == 415


FORMATS = [
    ("", {}, FHIR_JSON),
    ("", {"accept": "*/*"}, FHIR_JSON),
    ("", {"accept": "application/*"}, FHIR_JSON),
    ("", {"accept": "application/json"}, "application/json"),
    ("", {"accept": "application/fhir+json"}, "application/fhir+json"),
    ("", {"accept": "text/html, application/json+fhir;q=0.9"}, FHIR_JSON),
    ("", {"accept": "text/html"}, None),
    ("", {"accept": "image/png"}, None),
    ("?_format=json", {"accept": "text/html"}, FHIR_JSON),
    ("?_format=application/json+fhir", {}, FHIR_JSON),
    ("?_format=application%2Fjson%2Bfhir", {}, FHIR_JSON),
    ("?_format=application/json", {}, "application/json"),
    ("?_format=turtle", {}, None),
]


@pytest.mark.parametrize(("query", "headers", "media_type"), FORMATS)
def test_the_format_of_the_answer_is_as_asked_or_refused(
    user: UserClient, query: str, headers: dict[str, str], media_type: str | None
) -> None:
    answer = user.get(f"Patient/{user.create(patient())['id']}{query}", **headers)
    assert answer.status_code == (200 if media_type else 406)
    assert answer.headers["content-type"] == f"{media_type or FHIR_JSON}; charset=utf-8"
    if not media_type:
        outcome(answer.content)


@pytest.mark.parametrize("query", ["%FF=1", "a=%C3%28", "&".join(["a=1"] * 1001)])
def test_a_query_that_cannot_be_read_is_refused(user: UserClient, query: str) -> None:
    answer = user.get(f"Patient/a?{query}")
    assert answer.status_code == 400
    outcome(answer.content)


def test_a_bundle_sent_as_a_resource_is_stored_as_one(user: UserClient) -> None:
    """http://hl7.org/fhir/DSTU2/http.html#transaction: only a POST to the base is a batch or transaction."""
    answer = user.post("Bundle", {"resourceType": "Bundle", "type": "collection"})
    assert answer.status_code == 201
