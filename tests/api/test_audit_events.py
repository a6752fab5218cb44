"""A user reads what was done to the record as AuditEvents, among those that clients stored, and cannot touch them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fhirstore.auth.secrets import digest, mint
from fhirstore.dstu2.levels import judge
from fhirstore.interactions import own_trail
from fhirstore.store.trail import event_id
from tests.builders import observation, patient, smallest
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer

World = tuple[UserClient, str, str]


@pytest.fixture(scope="module")
def world(server: AppServer) -> World:
    """A record with two writes, a read and a refusal; and the id of one event."""
    application = new_application(server)
    user = application.user()
    user.put("Patient/p1", patient(id="p1"))
    user.put("Observation/o1", observation("Patient/p1", id="o1"))
    user.get("Observation/o1")
    user.get("Observation/unknown")
    return user, application.client_id, found(user, "action=U&reference=Observation/o1")[0]["id"]


def found(user: UserClient, query: str = "", path: str = "AuditEvent") -> list[dict[str, Any]]:
    answer = user.get(f"{path}?_count=1000&{query}")
    assert answer.status_code == 200, answer.text
    resources = [entry["resource"] for entry in answer.json()["entry"]]
    assert len(resources) == answer.json()["total"]
    return resources


def told(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Interaction and object of each."""
    return [
        (event["event"]["subtype"][-1]["code"], event["object"][0].get("reference", {}).get("reference", ""))
        for event in events
    ]


def stored(**members: Any) -> dict[str, Any]:
    return smallest("AuditEvent", **members)


def test_whatever_was_done_is_told_newest_first_where_that_is_asked(user: UserClient) -> None:
    id = user.create(patient())["id"]
    user.get(f"Patient/{id}")
    user.get("Observation?code=8480-6")
    user.get("Patient/unknown")
    user.delete(f"Patient/{id}")
    events = found(user, "_sort:desc=date")
    moments = [event["event"]["dateTime"] for event in events]
    assert moments == sorted(moments, reverse=True)
    assert told(events)[-1] == ("create", f"Patient/{id}/_history/1")
    assert sorted(told(events)) == [
        ("create", f"Patient/{id}/_history/1"),
        ("delete", f"Patient/{id}/_history/2"),
        ("read", f"Patient/{id}"),
        ("read", "Patient/unknown"),
        ("search-type", ""),
    ]


def test_an_audit_event_tells_who_from_where_on_what_and_how_it_ended(
    application: ApplicationClient, user: UserClient
) -> None:
    id = user.create(observation("Patient/p1"))["id"]
    user.get("Observation/unknown")
    write, refusal = found(user, "_sort=date")
    assert write["event"]["action"] == "C"
    assert (write["event"]["outcome"], refusal["event"]["outcome"]) == ("0", "4")
    assert write["participant"] == [
        {
            "userId": {"system": "urn:fhirstore:user", "value": str(user.id)},
            "requestor": True,
            "network": {"address": "127.0.0.1", "type": "2"},
        },
        {
            "role": [
                {"coding": [{"system": "http://nema.org/dicom/dicm", "code": "110150", "display": "Application"}]}
            ],
            "userId": {"system": "urn:fhirstore:application", "value": application.client_id},
            "requestor": False,
        },
    ]
    assert [each["reference"]["reference"] for each in write["object"]] == [
        f"Observation/{id}/_history/1",
        "Patient/p1",
    ]


def test_every_audit_event_is_flawless_and_is_read_as_it_was_found(user: UserClient) -> None:
    id = user.create(patient())["id"]
    user.put(f"Patient/{id}", patient("Other", id=id))
    user.get(f"Patient/{id}/$everything")
    user.get(f"Patient/{id}/_history")
    user.post(f"Patient/{id}/$meta-add", {"resourceType": "Parameters"})
    user.get("")
    user.post(
        "", {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": "Patient"}}]}
    )
    events = found(user)
    assert len(events) >= 8
    for event in events:
        assert judge(event, "strict") == []
        assert user.get(f"AuditEvent/{event['id']}").json() == event
        assert user.get(f"AuditEvent/{event['id']}/_history/1").json() == event


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("action=U", 2),
        ("action=R", 2),
        ("subtype=update", 2),
        ("subtype=http://hl7.org/fhir/restful-interaction|read", 2),
        ("type=rest", 4),
        ("reference=Observation/o1", 2),
        ("reference=Observation/unknown", 1),
        ("reference:Observation=o1", 2),
        ("patient=Patient/p1", 3),
        ("patient=p1&action=R", 1),
        ("address=127.0.0.1", 4),
        ("address=10.0.0.1", 0),
        ("user=urn:fhirstore:user|{user}", 4),
        ("user=urn:fhirstore:application|{client}", 4),
        ("user=0", 0),
        ("date=gt2000-01-01", 4),
        ("date=lt2000-01-01", 0),
        ("date=ge2000&date=le2100", 4),
        ("_lastUpdated=gt2000", 4),
        ("_lastUpdated=lt2000", 0),
        ("reference:missing=true", 0),
        ("desc=text", 0),
        ("_filter=action eq U and reference eq Observation/o1", 1),
        ("patient:Patient.name=Chalmers", 3),
        ("patient:Patient.name=Nobody", 0),
        ("_content=restful", 4),
        ("_id={id}", 1),
        ("_id=unknown", 0),
    ],
)
def test_audit_events_are_found_by_the_parameters_of_the_type(world: World, query: str, count: int) -> None:
    user, client, id = world
    asked = query.format(user=user.id, client=client, id=id)
    events = [each for each in found(user, asked) if each["object"][0].get("name") != "AuditEvent"]
    assert len(events) == count, told(events)


def test_a_chain_backwards_leads_to_the_event_that_a_resource_refers_to(user: UserClient) -> None:
    id = user.create(patient())["id"]
    event = found(user, f"reference=Patient/{id}")[0]["id"]
    user.create(smallest("Basic", subject={"reference": f"AuditEvent/{event}"}, code={"text": "noted"}))
    assert [each["id"] for each in found(user, "_has:Basic:subject:code:text=noted")] == [event]


def test_what_clients_stored_stands_among_the_trail_in_the_order_asked_for(user: UserClient) -> None:
    user.get("Patient/one")
    first = user.create(stored(event={"type": {"code": "x"}, "dateTime": "2015-02-07T13:28:17Z"}))["id"]
    last = user.create(stored(event={"type": {"code": "x"}, "dateTime": "2115-02-07T13:28:17Z"}))["id"]
    newest = [event["id"] for event in found(user, "_sort:desc=date")]
    assert (newest[0], newest[-1]) == (last, first)
    assert len(newest) == 5
    assert [event["id"] for event in found(user, "type=x&_sort=date")] == [first, last]
    assert user.get(f"AuditEvent/{first}").json()["event"]["type"]["code"] == "x"


@pytest.mark.parametrize(
    "order", ["", "_sort=date", "_sort:desc=date", "_sort:desc=_lastUpdated", "_sort=subtype,-_id"]
)
def test_pages_together_tell_everything_once(user: UserClient, order: str) -> None:
    for number in range(4):
        user.get(f"Patient/p{number}")
        user.create(stored(event={"type": {"code": "x"}, "dateTime": f"20{number:02}-02-07T13:28:17Z"}))
    # The searches of this test are events too.
    whole = [event["id"] for event in found(user, f"{order}&desc:missing=true")]
    for page in (
        f"AuditEvent?desc:missing=true&_count=3&{order}",
        f"AuditEvent?desc:missing=true&_count=3&_skip=0&{order}",
    ):
        seen: list[str] = []
        address: str | None = f"{user.base}/{page}"
        while address:
            answer = http.get(address, headers=user.headers).json()
            seen += [entry["resource"]["id"] for entry in answer["entry"]]
            assert answer["total"] == len(whole)
            address = {link["relation"]: link["url"] for link in answer["link"]}.get("next")
        assert seen == whole


def test_parts_and_counts_are_told_as_of_any_resource(user: UserClient) -> None:
    id = user.create(patient())["id"]
    counted = user.get("AuditEvent?_summary=count").json()
    assert (counted["total"], counted["entry"]) == (1, [])
    event = found(user, f"reference=Patient/{id}&_elements=event")[0]
    assert "object" not in event
    included = user.get(f"AuditEvent?_include=AuditEvent:reference&reference=Patient/{id}").json()["entry"]
    assert [entry["resource"]["resourceType"] for entry in included] == ["AuditEvent", "Patient"]


def test_the_trail_is_in_no_other_search_history_or_export(user: UserClient) -> None:
    id = user.create(patient())["id"]
    event = found(user)[0]["id"]
    for path in ("?_count=1000", "_history", "AuditEvent/_history", f"Patient/{id}/$everything", f"Patient/{id}/*"):
        answer = user.get(path)
        assert answer.status_code == 200, answer.text
        assert '"AuditEvent"' not in answer.text
    assert user.get(f"AuditEvent/{event}/_history").status_code == 404


def test_the_trail_cannot_be_written_changed_or_deleted(user: UserClient) -> None:
    user.create(patient())
    event = found(user)[0]
    id = event["id"]
    assert user.put(f"AuditEvent/{id}", event).status_code == 404
    assert user.delete(f"AuditEvent/{id}").status_code == 404
    assert user.post(f"AuditEvent/{id}/$meta-add", _tagged()).status_code == 404
    assert user.delete("AuditEvent?action=C").status_code == 404
    assert user.put("AuditEvent?action=C", {**event, "id": "x"}).status_code == 201, "none matched: it made another"
    assert user.get(f"AuditEvent/{id}").json() == event


def test_a_stranger_sees_none_of_it(application: ApplicationClient, user: UserClient, stranger: UserClient) -> None:
    user.create(patient())
    event = found(user)[0]["id"]
    elsewhere = application.user()
    assert stranger.get(f"AuditEvent/{event}").status_code == 404
    stranger.get("Patient/x")
    assert told(found(stranger, "action=R")) == [("read", f"AuditEvent/{event}"), ("read", "Patient/x")]
    assert found(elsewhere) == []
    assert elsewhere.get(f"AuditEvent?_id={event}").json()["total"] == 0


def test_a_write_is_told_by_its_version_where_the_trail_lost_it(server: AppServer, user: UserClient) -> None:
    id = user.create(patient())["id"]
    user.put(f"Patient/{id}", patient("Other", id=id))
    noted = found(user, "_sort=date")[:2]
    far = 2**47
    assert server.call(server.store.trail.discard(far, count=1_000_000)) >= 2
    without = [event for event in found(user, "_sort=date") if event["event"]["action"] in "CU"]
    assert [event["id"] for event in without] == [event["id"] for event in noted]
    assert told(without) == told(noted)
    assert user.get(f"AuditEvent/{noted[0]['id']}").json() == without[0]
    assert "network" not in without[0]["participant"][0]


def test_too_many_events_to_look_at_are_refused_until_the_search_is_narrowed(
    user: UserClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_trail, "LOOKED_AT", 5)
    for number in range(6):
        user.get(f"Observation/o{number}")
    answer = user.get("AuditEvent")
    assert answer.status_code == 400
    assert "narrow the search by date" in answer.text
    assert user.get("AuditEvent?date=lt2000-01-01").json()["total"] == 0
    assert user.get("AuditEvent?reference=Observation/o3").json()["total"] == 1


def test_ids_that_are_no_events_are_not_there(user: UserClient) -> None:
    for id in ("x", "z" * 28, event_id(5), "-" * 28):
        assert user.get(f"AuditEvent/{id}").status_code == 404


def _tagged() -> dict[str, Any]:
    meta = {"tag": [{"system": "http://example.org", "code": "x"}]}
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": meta}]}


def test_the_owner_of_a_shared_patient_sees_who_looked_and_whom_it_was_shared_with(
    user: UserClient, stranger: UserClient
) -> None:
    user.put("Patient/p", patient(id="p"))
    user.put("Observation/o", observation("Patient/p", id="o"))
    user.put("Patient/q", patient("Other", id="q"))
    user.put(f"Patient/p/_permission/{stranger.id}", b"")
    own = len(found(user))
    stranger.get("Patient/p")
    stranger.get("Observation?code=nothing")
    stranger.get("Observation")
    stranger.get("Patient/unknown")
    share, _, *looked = found(user, "_sort=date")[own - 1 :]
    assert share["event"]["subtype"] == [{"system": "urn:fhirstore:interaction", "code": "share"}]
    assert share["object"][0]["identifier"] == {"system": "urn:fhirstore:user", "value": str(stranger.id)}
    assert share["object"][1]["reference"] == {"reference": "Patient/p"}
    assert judge(share, "strict") == []
    assert told(looked) == [("read", "Patient/p"), ("search-type", "")]
    assert {event["participant"][0]["userId"]["value"] for event in looked} == {str(stranger.id)}
    assert len(found(stranger, "_sort=date")) == 4, "the stranger has its own, and none of the owner's"
    for event in looked:
        assert stranger.get(f"AuditEvent/{event['id']}").status_code == 404


def test_an_application_that_reads_in_its_users_names_is_seen_by_each(
    application: ApplicationClient, user: UserClient, stranger: UserClient
) -> None:
    id = user.create(patient())["id"]
    headers = {"x-oneup-user-id": "client", **application.credentials}
    assert http.get(f"{user.base}/Patient/{id}", headers=headers).status_code == 200
    read = found(user, "action=R")
    assert told(read) == [("read", f"Patient/{id}")]
    assert [each["userId"]["value"] for each in read[0]["participant"]] == [application.client_id]
    assert found(stranger, "action=R") == []


def test_a_token_for_one_patient_is_told_of_that_patients_events(server: AppServer, user: UserClient) -> None:
    for id in ("p", "q"):
        user.put(f"Patient/{id}", patient(id=id))
    whole = found(user)
    narrow = _narrowed(server, user, "patient/*.read", "p")
    assert [event["id"] for event in found(narrow)] == [
        event["id"] for event in whole if event["object"][0]["reference"]["reference"].startswith("Patient/p/")
    ]
    for event in whole:
        expected = 200 if event["object"][0]["reference"]["reference"].startswith("Patient/p/") else 404
        assert narrow.get(f"AuditEvent/{event['id']}").status_code == expected
    forbidden = _narrowed(server, user, "patient/Observation.read", "p")
    assert forbidden.get("AuditEvent").status_code == 403


def _narrowed(server: AppServer, user: UserClient, scope: str, patient: str) -> UserClient:
    """The same user by an access token of a narrower scope."""
    secret = mint()
    known = server.call(server.store.accounts.token(digest(user.access_token)))
    assert known is not None
    token = replace(known, hash=digest(secret), scope=scope, patient=patient)
    server.call(server.store.accounts.add_tokens([token]))
    return replace(user, access_token=secret)
