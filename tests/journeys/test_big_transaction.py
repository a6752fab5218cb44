"""A transaction of a thousand entries that refer to one another: wholly there or wholly absent, also under kill -9."""

from __future__ import annotations

import json
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.builders import observation, patient
from tests.clients import ApplicationClient, UserClient
from tests.conformance.bundles import entry, transaction
from tests.mongodb_server import MongoServer
from tests.server import ServerProcess

ENTRIES = 1000


def ring(mark: str, count: int = ENTRIES) -> dict[str, Any]:
    """A patient, and observations of the patient, each related to the next and the last to the first."""
    urls = [f"urn:uuid:{uuid4()}" for _ in range(count)]
    meta = {"tag": [{"code": mark}]}
    entries = [entry("POST", "Patient", patient(mark, meta=meta), urls[0])]
    for position, url in enumerate(urls[1:], start=1):
        following = urls[position % (count - 1) + 1]
        related = observation(urls[0], meta=meta, related=[{"target": {"reference": following}}])
        entries.append(entry("POST", "Observation", related, url))
    return transaction(*entries)


def test_a_thousand_entries_that_refer_to_one_another_are_stored_together(user: UserClient) -> None:
    answer = user.post("", ring("ring"))
    assert answer.status_code == 200, answer.text[:1000]
    places = [each["response"]["location"].split("/")[-4:-2] for each in answer.json()["entry"]]
    assert len({"/".join(place) for place in places}) == ENTRIES
    stored = [each["resource"] for each in answer.json()["entry"]]
    subject = f"Patient/{stored[0]['id']}"
    assert {each["subject"]["reference"] for each in stored[1:]} == {subject}
    related = [each["related"][0]["target"]["reference"] for each in stored[1:]]
    assert related == [f"Observation/{each['id']}" for each in [*stored[2:], stored[1]]]
    assert user.get(f"Observation?subject={subject}&_summary=count").json()["total"] == ENTRIES - 1
    assert user.get("_history?_count=0").json()["total"] == ENTRIES


def test_a_thousand_entries_of_which_the_last_is_refused_leave_nothing(user: UserClient) -> None:
    bundle = ring("ring", 300)
    bundle["entry"].append(entry("PUT", "Patient/a", patient(id="a"), ifMatch='W/"1"'))
    assert user.post("", bundle).status_code == 412
    assert user.get("_history?_count=0").json()["total"] == 0


def user_of(server: ServerProcess) -> UserClient:
    """A user of the application that the first start made."""
    first = server.first_application()
    return ApplicationClient(server.address, first["client_id"], first["client_secret"]).user()


class Posting(threading.Thread):
    """Posts one Bundle, and keeps what came of it: None where the server died before it answered."""

    def __init__(self, user: UserClient, bundle: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.status: int | None = None
        self._user, self._content = user, json.dumps(bundle).encode()
        self._sent = threading.Event()

    def run(self) -> None:
        headers = {**self._user.headers, "content-type": "application/json"}
        with httpx.Client(verify=False, trust_env=False, timeout=60) as client:
            self._sent.set()
            try:
                self.status = client.post(f"{self._user.base}/", content=self._content, headers=headers).status_code
            except httpx.TransportError:
                return

    def start_sending(self) -> None:
        self.start()
        self._sent.wait(timeout=10)


def kill_in_the_middle(server: ServerProcess, rounds: int, database: MongoServer | None = None) -> None:
    """Kill the server at a moment of each of the equal parts of the time that one transaction takes."""
    user = user_of(server)
    started = time.monotonic()
    assert user.post("", ring("undisturbed")).status_code == 200
    took = time.monotonic() - started
    found = []
    for turn in range(rounds):
        posting = Posting(user, ring(f"round{turn}"))
        posting.start_sending()
        time.sleep(took * 1.1 * (turn + random.random()) / rounds)
        with ThreadPoolExecutor() as pool:  # together: a database that outlives its server could still commit
            for ended in [pool.submit(each.kill) for each in (database, server) if each]:
                ended.result()
        posting.join(timeout=60)
        if database:
            database.start()
        server.start()
        tagged = f"_tag=round{turn}&_summary=count"
        totals = [user.get(f"{type}?{tagged}").json()["total"] for type in ("Patient", "Observation")]
        assert totals in ([0, 0], [1, ENTRIES - 1]), "wholly there or wholly absent"
        assert totals[0] == 1 or posting.status is None, "what was acknowledged is there"
        found.append(totals[0])
    whole = 1 + sum(found)
    assert user.get("_history?_count=0").json()["total"] == whole * ENTRIES, "nothing is half there in the history"
    assert user.get("Observation?_summary=count").json()["total"] == whole * (ENTRIES - 1)
    assert 0 in found, "some were killed before their end"


@pytest.mark.timeout(240)
def test_on_sqlite_a_transaction_survives_kills_whole_or_not_at_all(tmp_path: Path) -> None:
    with ServerProcess(f"sqlite:///{tmp_path / 'store.db'}", tmp_path) as server:
        kill_in_the_middle(server, rounds=20)


@pytest.mark.timeout(240)
def test_on_mongodb_a_transaction_survives_kills_whole_or_not_at_all(tmp_path: Path) -> None:
    mongodb = MongoServer(tmp_path / "mongodb", sync_on_commit=True)
    with mongodb, ServerProcess(mongodb.uri.replace("/?", "/killed?"), tmp_path) as server:
        kill_in_the_middle(server, rounds=4, database=mongodb)
