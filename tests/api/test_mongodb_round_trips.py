"""How often each interaction waits for MongoDB, counted where the driver sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pymongo import MongoClient

from fhirstore.store.mongodb import MongoStore
from tests.builders import observation, patient
from tests.clients import UserClient, new_application
from tests.conftest import database_of
from tests.server import running
from tests.store.test_mongodb_shapes import Commands

BEHIND_REQUESTS = {"events", "usage", "jobs"}
"""Collections that are written and looked at in the background, whatever is asked for."""


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands()


@pytest.fixture(scope="module")
def mongodb_user(mongodb_uri: str, commands: Commands) -> Iterator[UserClient]:
    """Of a server of its own, whose token is known to it."""
    connect, name = MongoStore._connect, "test_round_trips"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MongoStore, "_connect", lambda self, *_: connect(self, commands))
        with running(database_of(mongodb_uri, name)) as server:
            user = new_application(server).user()
            user.get("Patient")
            yield user
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


def test_each_interaction_takes_as_few_as_there_can_be(mongodb_user: UserClient, commands: Commands) -> None:
    """A create 1, a read 1, an update 2: to read what it follows from, and to write."""
    user, sent = mongodb_user, {}

    def during(name: str, method: str, path: str, body: dict[str, object] | None = None, **headers: str) -> str:
        with commands.during() as all_sent:
            answer = user.request(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        sent[name] = [it["name"] for it in all_sent if str(it[it["name"]]) not in BEHIND_REQUESTS]
        return str(answer.json().get("id")) if answer.content else ""

    id = during("create", "POST", "Patient", patient("A"))
    for _ in range(10):
        user.create(observation(f"Patient/{id}"))
    during("read", "GET", f"Patient/{id}")
    during("update", "PUT", f"Patient/{id}", patient("B", id=id))
    during("update of a known version", "PUT", f"Patient/{id}", patient("C", id=id), **{"If-Match": 'W/"2"'})
    during("vread", "GET", f"Patient/{id}/_history/3")
    during("vread of an older version", "GET", f"Patient/{id}/_history/1")
    during("history", "GET", f"Patient/{id}/_history")
    during("history, a page of it", "GET", f"Patient/{id}/_history?_count=2")
    during("search", "GET", f"Observation?patient={id}&_count=50")
    during("search for a page of several", "GET", "Observation?_count=5")
    during("chained search", "GET", "Observation?patient.name=C&_count=50")
    during("update as create", "PUT", "Patient/chosen", patient("D", id="chosen"))
    during("delete", "DELETE", f"Patient/{id}")
    post = {"method": "POST", "url": "Patient"}
    entries = [{"request": post, "resource": patient(name)} for name in "ABCDE"]
    during("transaction", "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    during("batch", "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert sent == {
        "create": ["insert"],
        "read": ["find"],
        "update": ["find", "update"],
        "update of a known version": ["find", "update"],
        "vread": ["find"],
        "vread of an older version": ["find"],
        "history": ["find"],
        "history, a page of it": ["find", "aggregate"],
        "search": ["find"],
        "search for a page of several": ["find", "aggregate"],
        # Whom they are about, and what contains somebody like that, are two questions.
        "chained search": ["find", "find", "find"],
        "update as create": ["find", "insert"],
        "delete": ["find", "update"],
        "transaction": ["insert", "commitTransaction"],
        "batch": ["insert"],
    }
