"""Whatever is done to a record is noted in the trail: by whom, on what, with what outcome, and no content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest

from fhirstore.store.scope import Scope
from fhirstore.store.trail import Event, TrailQuery, write_id
from tests.builders import observation, patient
from tests.clients import UserClient, new_application
from tests.server import AppServer, running


def trail(server: AppServer, **query: Any) -> list[Event]:
    """What is in the trail now, oldest first."""
    server.call(server.trail.flush())
    found: Sequence[Event] = server.call(server.store.trail.events(TrailQuery(count=1000, **query)))
    return list(found)[::-1]


def told(events: Sequence[Event]) -> list[tuple[str, str, str, int]]:
    return [(each.action, each.type, each.target, each.status) for each in events]


def test_each_interaction_leaves_one_event(server: AppServer, user: UserClient) -> None:
    id = user.create(patient())["id"]
    user.get(f"Patient/{id}")
    user.get(f"Patient/{id}/_history/1")
    user.put(f"Patient/{id}", patient("Other", id=id))
    user.get(f"Patient/{id}/_history")
    user.get("Patient?name=Chalmers")
    user.get(f"Patient/{id}/Observation?code=8480-6")
    user.get(f"Patient/{id}/$everything")
    user.get("?_type=Patient")
    user.delete(f"Patient/{id}")
    # In the order of time, but for those of one millisecond.
    assert sorted(told(trail(server, owner=user.id))) == [
        ("$everything", "Patient", id, 200),
        ("create", "Patient", id, 201),
        ("delete", "Patient", id, 204),
        ("history-instance", "Patient", id, 200),
        ("read", "Patient", id, 200),
        ("search-system", "", "", 200),
        ("search-type", "Observation", "", 200),
        ("search-type", "Patient", "", 200),
        ("update", "Patient", id, 200),
        ("vread", "Patient", id, 200),
    ]


def test_an_event_tells_who_asked_from_where_and_what_it_is_about(server: AppServer, user: UserClient) -> None:
    created = user.create(observation("Patient/p1"))
    user.get(f"Observation/{created['id']}", x_request_id="asked-1")
    write, read = trail(server, owner=user.id)
    version = server.call(server.store.within(Scope(user.id)).current("Observation", created["id"]))
    assert version is not None
    assert version.author is not None
    assert write.id == write_id(version.updated, "Observation", created["id"], 1)
    assert (write.version, write.at) == (1, version.updated)
    assert (read.client_id, read.user) == (version.author.client_id, user.id)
    assert (read.request_id, read.address, read.patient) == ("asked-1", "127.0.0.1", "p1")


def test_refusals_of_a_known_caller_are_noted_with_their_status(server: AppServer, user: UserClient) -> None:
    user.get("Patient/unknown")
    user.get("Patient?nonsense=1")
    user.post("Patient", b"{")
    user.post("Patient", {"resourceType": "Patient", "active": "yes"})
    user.post("Patient", b"{}", content_type="text/csv")
    user.put("Patient/a", patient(id="a"), if_match='W/"3"')
    assert told(trail(server, owner=user.id)) == [
        ("read", "Patient", "unknown", 404),
        ("search-type", "Patient", "", 400),
        ("create", "Patient", "", 400),
        ("create", "Patient", "", 422),
        ("create", "Patient", "", 415),
        ("update", "Patient", "a", 412),
    ]


def test_an_update_that_changes_nothing_is_noted_without_a_version(server: AppServer, user: UserClient) -> None:
    for _ in range(2):
        user.put("Patient/a", patient(id="a"))
    assert {(each.action, each.version) for each in trail(server, owner=user.id)} == {("update", 1), ("update", None)}


def test_each_entry_of_a_bundle_is_noted(server: AppServer, user: UserClient) -> None:
    entries = [
        {"request": {"method": "POST", "url": "Patient"}, "resource": patient()},
        {"request": {"method": "PUT", "url": "Patient/a"}, "resource": patient(id="a")},
        {"request": {"method": "GET", "url": "Patient/a"}},
        {"request": {"method": "GET", "url": "Patient/unknown"}},
    ]
    user.post("", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    batch = trail(server, owner=user.id)
    new = next(each.target for each in batch if each.action == "create")
    assert sorted(told(batch)) == [
        ("create", "Patient", new, 201),
        ("read", "Patient", "a", 200),
        ("read", "Patient", "unknown", 404),
        ("transaction", "", "", 200),
        ("update", "Patient", "a", 201),
    ], "in the order of time, but for those of one millisecond"
    user.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entries[:3]})
    both = trail(server, owner=user.id)
    assert sorted((each.action, each.type) for each in both if each not in batch) == [
        ("create", "Patient"),
        ("read", "Patient"),
        ("transaction", ""),
    ], "the update changed nothing"


def test_entries_that_are_carried_out_at_once_are_noted_each_as_what_it_is(server: AppServer, user: UserClient) -> None:
    user.put("Patient/p0", patient(id="p0"))
    before = trail(server, owner=user.id)
    post = {"method": "POST", "url": "Patient"}
    entries = [{"request": post, "resource": patient()} for _ in range(5)]
    for number in range(5):
        asked = {"method": "PUT", "url": f"Patient/p{number}", "ifMatch": 'W/"7"' if number == 4 else None}
        entries.append({"request": asked, "resource": patient(id=f"p{number}")})
    answer = user.post("", {"resourceType": "Bundle", "type": "batch", "entry": entries}).json()
    new = [each["resource"]["id"] for each in answer["entry"][:5]]
    noted = [each for each in trail(server, owner=user.id) if each not in before]
    told_of = [(each.action, each.target, each.status, each.version) for each in noted if each.target]
    assert len(told_of) == len(entries)
    assert set(told_of) == {
        *(("create", id, 201, 1) for id in new),
        ("update", "p0", 200, None),
        *(("update", f"p{number}", 201, 1) for number in (1, 2, 3)),
        ("update", "p4", 412, None),
    }


def test_a_transaction_that_is_refused_leaves_only_its_refusal(server: AppServer, user: UserClient) -> None:
    entries = [
        {"request": {"method": "POST", "url": "Patient"}, "resource": patient()},
        {"request": {"method": "PUT", "url": "Patient/a", "ifMatch": 'W/"3"'}, "resource": patient(id="a")},
    ]
    user.post("", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert told(trail(server, owner=user.id)) == [("transaction", "", "", 412)]


def test_conditional_writes_are_noted_by_what_came_of_them(server: AppServer, user: UserClient) -> None:
    mark: dict[str, Any] = {"identifier": [{"value": "x"}]}
    id = user.post("Patient", patient(**mark), if_none_exist="identifier=x").json()["id"]
    user.post("Patient", patient(**mark), if_none_exist="identifier=x")
    user.put("Patient?identifier=x", patient("Other", **mark))
    user.delete("Patient?identifier=x")
    events = trail(server, owner=user.id)
    assert len(events) == 4
    assert {(each.action, each.target, each.version) for each in events} == {
        ("create", id, 1),
        ("create", id, None),
        ("update", id, 2),
        ("delete", id, 3),
    }


def test_an_event_holds_no_content_no_query_and_no_token(server: AppServer, user: UserClient) -> None:
    secret = uuid4().hex
    id = user.create(patient(secret))["id"]
    user.get(f"Patient?name={secret}&access_token={user.access_token}")
    user.put(f"Patient/{id}?x={secret}", patient(secret + "2", id=id))
    text = repr(trail(server, owner=user.id))
    assert secret not in text
    assert user.access_token not in text


def test_one_users_events_are_never_anothers(server: AppServer, user: UserClient, stranger: UserClient) -> None:
    id = user.create(patient())["id"]
    stranger.get(f"Patient/{id}")
    assert told(trail(server, owner=user.id)) == [("create", "Patient", id, 201)]
    assert told(trail(server, owner=stranger.id)) == [("read", "Patient", id, 404)]


@pytest.mark.parametrize(("audit", "noted"), [("writes", ["create"]), ("off", [])])
def test_the_setting_says_how_much_is_noted(database: str, audit: str, noted: list[str]) -> None:
    with running(database, audit=audit) as server:
        user = new_application(server).user()
        id = user.create(patient())["id"]
        user.get(f"Patient/{id}")
        user.get("Patient")
        assert [each.action for each in trail(server, owner=user.id)] == noted
        version = server.call(server.store.within(Scope(user.id)).current("Patient", id))
        assert version is not None
        assert version.author is not None, "a version tells its author in any case"


def test_what_was_noted_is_written_when_the_server_stops(database: str) -> None:
    with running(database) as server:
        user = new_application(server).user()
        user.get("Patient/unknown")
    with running(database) as server:
        assert told(trail(server, owner=user.id)) == [("read", "Patient", "unknown", 404)]
