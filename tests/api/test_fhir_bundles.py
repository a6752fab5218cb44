"""Batch and transaction: http://hl7.org/fhir/DSTU2/http.html#transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.builders import observation, patient
from tests.clients import UserClient

PATIENT, OBSERVATION = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a", "urn:uuid:88f151c0-a954-468a-88bd-5ae15c08e059"


def entry(
    method: str, url: str, resource: Mapping[str, Any] | None = None, full_url: str | None = None, **request: str
) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if full_url is not None:
        made["fullUrl"] = full_url
    return made


def bundle(kind: str, *entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def statuses(answer: Mapping[str, Any]) -> list[int]:
    return [int(each["response"]["status"].split()[0]) for each in answer["entry"]]


def total(user: UserClient) -> int:
    """How many versions the user has in all."""
    return int(user.get("_history").json()["total"])


def test_a_transaction_joins_new_resources_by_their_temporary_addresses(user: UserClient) -> None:
    answer = user.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", observation(PATIENT), OBSERVATION),
            entry("POST", "Patient", patient(), PATIENT),
        ),
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["type"] == "transaction-response"
    assert statuses(answer.json()) == [201, 201]
    places = [each["response"]["location"].partition("/dstu2/")[2] for each in answer.json()["entry"]]
    observed, subject = (user.get(place).json() for place in places)
    assert observed["subject"]["reference"] == f"Patient/{subject['id']}"
    assert total(user) == 2


def test_every_kind_of_entry_is_answered_in_its_place(user: UserClient) -> None:
    old = user.create(patient("Old"))
    gone = user.create(patient("Gone"))
    kind: str
    for kind in ("batch", "transaction"):
        old = user.get(f"Patient/{old['id']}").json()
        answer = user.post(
            "",
            bundle(
                kind,
                entry("GET", f"Patient/{old['id']}"),
                entry("PUT", f"Patient/{old['id']}", patient(kind, id=old["id"])),
                entry("POST", "Patient", patient("New")),
                entry("DELETE", f"Patient/{gone['id']}"),
            ),
        )
        assert answer.status_code == 200, answer.text
        assert statuses(answer.json()) == [200, 200, 201, 204]
        read = answer.json()["entry"][0]["resource"]
        assert read["name"][0]["family"] == [kind], "a GET comes after the writes"


REFUSED = [
    entry("POST", "Patient", observation()),
    entry("PUT", "Patient/a", patient(id="b")),
    entry("GET", "Patient/unknown"),
    entry("DELETE", "Patient/unknown"),
    entry("PUT", "Patient/a", patient(id="a"), ifMatch='W/"7"'),
    entry("POST", "Nothing", patient()),
    entry("PATCH", "Patient/a", patient()),
    entry("POST", "Patient"),
    {"resource": patient()},
]


@pytest.mark.parametrize("wrong", REFUSED)
def test_one_wrong_entry_undoes_a_transaction_and_fails_alone_in_a_batch(
    user: UserClient, wrong: Mapping[str, Any]
) -> None:
    good = entry("POST", "Patient", patient())
    refused = user.post("", bundle("transaction", good, wrong))
    assert 400 <= refused.status_code < 500
    issue = refused.json()["issue"][0]
    assert issue["location"][0].startswith("Bundle.entry[1]"), "the entry is named"
    assert total(user) == 0, "and nothing is written"
    answer = user.post("", bundle("batch", wrong, good))
    assert answer.status_code == 200
    first, second = statuses(answer.json())
    assert (400 <= first < 500, second) == (True, 201)
    assert total(user) == 1


def test_the_same_resource_twice_in_a_transaction_is_refused(user: UserClient) -> None:
    twice = [entry("PUT", "Patient/a", patient(name, id="a")) for name in ("One", "Two")]
    assert user.post("", bundle("transaction", *twice)).status_code == 400
    assert total(user) == 0


def test_a_bundle_of_another_type_or_a_resource_is_not_carried_out(user: UserClient) -> None:
    for body in (bundle("collection", entry("POST", "Patient", patient())), patient()):
        assert user.post("", body).status_code in {400, 422}
    assert total(user) == 0


def test_a_strangers_bundle_reaches_nothing(user: UserClient, stranger: UserClient) -> None:
    mine = user.create(patient())
    place = f"Patient/{mine['id']}"
    attempts = [
        entry("GET", place),
        entry("GET", f"{place}/_history/1"),
        entry("PUT", place, patient("Theirs", id=mine["id"])),
        entry("DELETE", place),
    ]
    answer = stranger.post("", bundle("batch", *attempts))
    assert statuses(answer.json()) == [404] * 4
    for attempt in attempts:
        assert stranger.post("", bundle("transaction", attempt)).status_code == 404
    assert user.get(place).json() == mine
    assert total(stranger) == 0


def test_a_bundle_needs_a_token_and_may_not_be_too_large(user: UserClient) -> None:
    assert user.post("", bundle("batch"), authorization="").status_code == 401
    many = bundle("batch", *[entry("GET", "Patient/a")] * 5001)
    answer = user.post("", many)
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "too-long"
