"""Kill -9 in the middle of an import, again and again: begun anew it ends with the record of an import in one piece."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from multiprocessing.synchronize import Semaphore as Brake
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pymongo import MongoClient

from fhirstore.auth.applications import create_application
from fhirstore.auth.users import create_user
from fhirstore.cli import main
from fhirstore.clock import now
from fhirstore.store import open_store
from fhirstore.store.contract import HistoryQuery
from fhirstore.store.scope import Scope
from fhirstore.transfer import importing
from fhirstore.transfer.writing import write
from tests.conftest import database_of
from tests.server import forked

ROUNDS = 10
BATCHES = 2
"""So many are written before the import waits to be killed, however long whoever kills it is kept from it."""
REFUSED = 250
"""One of so many records is."""
SIZES = {"sqlite": (4_000, 180), "mongodb": (500, 10)}
"""How many records, and how many in a batch: the wire server in MongoDB's place is slow, and so is given little. There
are more batches than can be written before the last kill."""


def write_input(path: Path, records: int) -> None:
    """Small resources, a tenth of which refer to what comes behind them, and a few that are refused."""
    with path.open("w") as file:
        for number in range(records):
            basic = {"resourceType": "Basic", "id": str(number), "code": {"text": "a"}}
            if number % 10 == 0:
                basic["subject"] = {"reference": f"Basic/{records - 1 - number}"}
            if number % REFUSED == REFUSED - 1:
                del basic["code"]
            file.write(json.dumps(basic) + "\n")


async def make_user(database: str) -> None:
    store = open_store(database)
    await store.open()
    made = await create_application(store.accounts, "tests", now())
    application = await store.accounts.application(made.client_id)
    assert application is not None
    assert (await create_user(store.accounts, application, "a", now())).id == 1
    await store.close()


def run_import(database: str, source: Path, refused: Path, told: Path, batch: int, brake: Brake | None = None) -> None:
    """What `fhirstore import` does, in a process of its own; the brake has a turn for each batch that it may write."""
    for name in [name for name in os.environ if name.startswith("FHIRSTORE_")]:
        del os.environ[name]
    importing.BATCH = batch
    if brake is not None:
        pytest.MonkeyPatch().setattr(importing, "write", _braked(brake))
    with told.open("w") as file:
        os.dup2(file.fileno(), 1)
    options = ["--user", "1", "--source", "urn:a", "--refused", str(refused), "--json", "--database", database]
    main(["import", *options, str(source)])


def _braked(brake: Brake) -> Callable[..., Awaitable[Any]]:
    async def write_in_turn(*arguments: Any) -> Any:
        await asyncio.to_thread(brake.acquire)
        return await write(*arguments)

    return write_in_turn


class Watched:
    """A database in which there are no resources but those imported, as another client sees it."""

    def __init__(self, database: str) -> None:
        self._path = database.removeprefix("sqlite:///") if database.startswith("sqlite:///") else None
        self._client = None if self._path else MongoClient[dict[str, object]](database)

    def count(self) -> int:
        if self._client is not None:
            return self._client.get_default_database()["resources"].estimated_document_count()
        with closing(sqlite3.connect(str(self._path))) as connection:
            return int(connection.execute("SELECT count(*) FROM resources").fetchone()[0])

    def connections(self) -> int:
        return int(self._client.admin.command("serverStatus")["connections"]["current"]) if self._client else 0

    def end_transactions(self, connections: int) -> None:
        """MongoDB keeps those of a client that was killed open for a minute: whoever writes the same waits for them.

        What a client had sent is done first: until then there are more connections than before.
        """
        deadline = time.monotonic() + 5
        while self.connections() > connections and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._client is not None:
            self._client.admin.command("killAllSessions", [])

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


def kill_after_progress(arguments: tuple[Any, ...], database: Watched) -> bool:
    """Whether it was killed before its end."""
    before, connections = database.count(), database.connections()
    brake = forked.Semaphore(BATCHES)
    process = forked.Process(target=run_import, args=(*arguments, brake))
    process.start()
    while process.is_alive() and database.count() == before:
        time.sleep(0.03)
    time.sleep(random.uniform(0, 0.03))
    process.kill()
    process.join()
    database.end_transactions(connections)
    return process.exitcode == -signal.SIGKILL


async def record(database: str) -> list[tuple[str, str]]:
    """Every version but for the times."""
    store = open_store(database)
    await store.open()
    page = await store.within(Scope(1)).history(HistoryQuery(count=1_000_000))
    await store.close()
    return sorted((v.method, re.sub(r'"lastUpdated":"[^"]*"', "", v.body.decode())) for v in page.versions)


@pytest.fixture
def databases(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """One for an import that is killed, one for an import in one piece."""
    if store_kind == "sqlite":
        yield [f"sqlite:///{tmp_path / name}.db" for name in ("killed", "whole")]
        return
    server: str = request.getfixturevalue("mongodb_uri")
    names = [f"test_{uuid4().hex}" for _ in range(2)]
    yield [database_of(server, name) for name in names]
    with MongoClient[dict[str, object]](server) as client:
        for name in names:
            client.drop_database(name)


@pytest.mark.timeout(180)
def test_an_import_that_is_killed_ten_times_ends_as_if_it_never_was(
    databases: list[str], store_kind: str, tmp_path: Path
) -> None:
    source, (records, batch) = tmp_path / "input.ndjson", SIZES[store_kind]
    write_input(source, records)
    refused, told = ([tmp_path / f"{name}-{run}" for run in range(2)] for name in ("refused", "told"))
    broken, whole = ((databases[run], source, refused[run], told[run], batch) for run in range(2))
    for database in databases:
        asyncio.run(make_user(database))
    with closing(Watched(databases[0])) as watched:
        killed = [kill_after_progress(broken, watched) for _ in range(ROUNDS)]
    assert all(killed), "the input is large enough to be killed so often"
    for arguments in (broken, whole):
        process = forked.Process(target=run_import, args=arguments)
        process.start()
        process.join()
        assert process.exitcode == 1, "some are refused"
    assert [json.loads(file.read_bytes())["records"] for file in told] == [records] * 2
    first, second = (asyncio.run(record(database)) for database in databases)
    assert len(first) == records - records // REFUSED
    assert first == second
    assert refused[0].read_bytes() == refused[1].read_bytes()
