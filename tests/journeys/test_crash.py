"""Kill -9 in the middle of writing: what was acknowledged is there, whole, and nothing is half there."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhirstore.store import open_store
from fhirstore.store.contract import HistoryQuery, Version
from fhirstore.store.scope import Scope
from tests.builders import patient
from tests.clients import ApplicationClient, UserClient
from tests.mongodb_server import MongoServer
from tests.server import ServerProcess

CONNECTIONS = 4
UPDATES = 5


@dataclass
class Acknowledged:
    """Every answer that said "stored": the bytes by place and version."""

    versions: dict[str, dict[int, bytes]] = field(default_factory=lambda: defaultdict(dict))
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, answer: httpx.Response) -> str:
        place = f"Patient/{answer.json()['id']}"
        number = int(answer.headers["etag"].strip('W/"'))
        with self.lock:
            assert number not in self.versions[place], "an id or a version was given twice"
            self.versions[place][number] = answer.content
            self.count += 1
        return place


def write_until_the_server_dies(user: UserClient, acknowledged: Acknowledged, shared: str) -> None:
    """Create a patient, update it and one that all connections update, and so on."""
    with httpx.Client(verify=False, trust_env=False, timeout=10) as client, _ended_by_a_broken_connection():
        while True:
            created = client.post(f"{user.base}/Patient", json=patient("New"), headers=user.headers)
            place = acknowledged.add(_accepted(created))
            for turn in range(UPDATES):
                for updated in (place, shared):
                    id = updated.partition("/")[2]
                    body = patient(f"{threading.get_ident()} {time.monotonic_ns()} {turn}", id=id)
                    answer = client.put(f"{user.base}/{updated}", json=body, headers=user.headers)
                    acknowledged.add(_accepted(answer))


class _RefusedError(Exception):
    """The server answered that it could not write: no acknowledgement."""


def _accepted(answer: httpx.Response) -> httpx.Response:
    if answer.status_code >= 500:
        raise _RefusedError
    assert answer.status_code in {200, 201}, answer.text
    return answer


@contextmanager
def _ended_by_a_broken_connection() -> Iterator[None]:
    try:
        yield
    except (httpx.TransportError, _RefusedError):
        return


def write_and_kill(user: UserClient, acknowledged: Acknowledged, shared: str, kill: Callable[[], None]) -> None:
    before = acknowledged.count
    writers = [
        threading.Thread(target=write_until_the_server_dies, args=(user, acknowledged, shared))
        for _ in range(CONNECTIONS)
    ]
    for writer in writers:
        writer.start()
    while acknowledged.count < before + 20:
        time.sleep(0.001)
        assert any(writer.is_alive() for writer in writers)
    time.sleep(random.uniform(0, 0.4))
    kill()
    for writer in writers:
        writer.join(timeout=30)
        assert not writer.is_alive()


def check_over_http(user: UserClient, acknowledged: Acknowledged) -> None:
    for place, versions in acknowledged.versions.items():
        for number, content in versions.items():
            answer = user.get(f"{place}/_history/{number}")
            assert (answer.status_code, answer.content) == (200, content), f"version {number} was acknowledged"
        current = user.get(place)
        highest = max(versions)
        # Each connection may have had one more write on its way when the server died.
        assert highest <= int(current.json()["meta"]["versionId"]) <= highest + CONNECTIONS


async def check_everything_stored(database: str, owner: int, acknowledged: Acknowledged) -> None:
    """Look at every version there is, also those whose acknowledgement never arrived."""
    store = open_store(database)
    await store.open()
    page = await store.within(Scope(owner)).history(HistoryQuery(count=1_000_000))
    await store.close()
    assert len(page.versions) == page.total >= acknowledged.count
    authors = {version.author for version in page.versions}
    assert len(authors) == 1, "every version tells who made it, whatever the trail has lost"
    assert {author and author.user for author in authors} == {owner}
    by_place: dict[str, list[Version]] = defaultdict(list)
    for version in reversed(page.versions):
        by_place[f"{version.type}/{version.id}"].append(version)
    assert by_place.keys() >= acknowledged.versions.keys()
    for versions in by_place.values():
        versions.sort(key=lambda version: version.number)
        assert [version.number for version in versions] == list(range(1, len(versions) + 1)), "no hole"
        documents: list[dict[str, Any]] = [json.loads(version.body) for version in versions]
        assert {document["id"] for document in documents} == {versions[0].id}
        assert [int(document["meta"]["versionId"]) for document in documents] == [v.number for v in versions]
        times = [document["meta"]["lastUpdated"] for document in documents]
        assert times == sorted(times), "lastUpdated never goes back"


def first_user(server: ServerProcess) -> tuple[UserClient, str]:
    """A user of the application that the first start made, and a patient that all connections will update."""
    first = server.first_application()
    user = ApplicationClient(server.address, first["client_id"], first["client_secret"]).user()
    return user, "Patient/" + user.put("Patient/shared", patient(id="shared")).json()["id"]


@pytest.mark.timeout(180)
async def test_on_sqlite_every_acknowledged_version_survives_five_kills_of_the_server(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'store.db'}"
    with ServerProcess(database, tmp_path) as server:
        user, shared = first_user(server)
        acknowledged = Acknowledged()
        for _ in range(5):
            write_and_kill(user, acknowledged, shared, server.kill)
            server.start()
            check_over_http(user, acknowledged)
            await check_everything_stored(database, user.id, acknowledged)


@pytest.mark.timeout(180)
async def test_on_mongodb_every_acknowledged_version_survives_three_kills_of_server_and_database(
    tmp_path: Path,
) -> None:
    mongodb = MongoServer(tmp_path / "mongodb", sync_on_commit=True)
    database = mongodb.uri.replace("/?", "/crash?")
    with mongodb, ServerProcess(database, tmp_path) as server:
        user, shared = first_user(server)
        acknowledged = Acknowledged()

        def kill() -> None:
            # At the same moment: a database that outlives its server has time to write down what it holds.
            with ThreadPoolExecutor() as pool:
                for ended in [pool.submit(mongodb.kill), pool.submit(server.kill)]:
                    ended.result()

        for _ in range(3):
            write_and_kill(user, acknowledged, shared, kill)
            mongodb.start()
            server.start()
            check_over_http(user, acknowledged)
            await check_everything_stored(database, user.id, acknowledged)
