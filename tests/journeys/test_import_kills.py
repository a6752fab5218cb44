"""Kill -9 in the middle of an import, again and again: begun anew it ends with the record of an import in one piece."""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from fhirstore.auth.applications import create_application
from fhirstore.auth.users import create_user
from fhirstore.clock import now
from fhirstore.store import open_store
from fhirstore.store.contract import HistoryQuery
from fhirstore.store.scope import Scope
from tests.server import environment

ROUNDS = 10
RECORDS = 4_000


def write_input(path: Path) -> None:
    """Small resources, a tenth of which refer to what comes behind them, and a few that are refused."""
    with path.open("w") as file:
        for number in range(RECORDS):
            basic = {"resourceType": "Basic", "id": str(number), "code": {"text": "a"}}
            if number % 10 == 0:
                basic["subject"] = {"reference": f"Patient/{RECORDS - number}"}
            if number % 1000 == 999:
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


def command(database: str, source: Path, refused: Path) -> list[str]:
    options = ["--user", "1", "--source", "urn:a", "--refused", str(refused), "--json", "--database", database]
    return [sys.executable, "-m", "fhirstore", "import", *options, str(source)]


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM resources WHERE owner = 1").fetchone()[0])


def kill_after_progress(arguments: list[str], path: Path) -> bool:
    """Whether it was killed before its end."""
    before = count(path)
    with subprocess.Popen(arguments, env=environment(), stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and count(path) == before:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


async def record(database: str) -> list[tuple[str, str]]:
    """Every version but for the times."""
    store = open_store(database)
    await store.open()
    page = await store.within(Scope(1)).history(HistoryQuery(count=1_000_000))
    await store.close()
    return sorted((v.method, re.sub(r'"lastUpdated":"[^"]*"', "", v.body.decode())) for v in page.versions)


@pytest.mark.timeout(180)
def test_an_import_that_is_killed_ten_times_ends_as_if_it_never_was(tmp_path: Path) -> None:
    source = tmp_path / "input.ndjson"
    write_input(source)
    paths = [tmp_path / "killed.db", tmp_path / "whole.db"]
    databases = [f"sqlite:///{path}" for path in paths]
    refused = [tmp_path / "refused-killed", tmp_path / "refused-whole"]
    for database in databases:
        asyncio.run(make_user(database))
    broken = command(databases[0], source, refused[0])
    killed = [kill_after_progress(broken, paths[0]) for _ in range(ROUNDS)]
    assert all(killed), "the input is large enough to be killed so often"
    for arguments in (broken, command(databases[1], source, refused[1])):
        done = subprocess.run(arguments, env=environment(), capture_output=True, check=False)
        assert done.returncode == 1, done.stderr
        assert json.loads(done.stdout)["records"] == RECORDS
    first, second = (asyncio.run(record(database)) for database in databases)
    assert len(first) == RECORDS - RECORDS // 1000
    assert first == second
    assert refused[0].read_bytes() == refused[1].read_bytes()
