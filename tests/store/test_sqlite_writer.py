"""Group commit on the embedded store: what shares a commit shares nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from fhirstore.errors import Conflict
from fhirstore.search.entries import Entries, Range
from fhirstore.search.plan import HasKey, Plan
from fhirstore.store.contract import Change, HistoryQuery, Page, Resources
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite import SqliteStore
from fhirstore.store.sqlite.writer import Job, Writer
from tests.store.test_find import put

MINE = Scope(1)
FOUND = HasKey(("Patient.x:new",))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.db")
    await opened.open()
    yield opened
    await opened.close()


def _note(connection: sqlite3.Connection, name: str) -> str:
    connection.execute("INSERT INTO secrets VALUES (?, x'00')", (name,))
    return name


def _permissions_of_others(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir()}


def _notes(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    names = {name for (name,) in connection.execute("SELECT name FROM secrets")}
    connection.close()
    return names


async def test_what_a_failed_job_wrote_is_undone_and_its_neighbours_writes_are_not(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    writer: Writer = store._writer
    runs = []

    def good(name: str, connection: sqlite3.Connection) -> str:
        runs.append(name)
        return _note(connection, name)

    def fail_late(connection: sqlite3.Connection) -> str:
        _note(connection, "undone")
        raise Conflict("too late")

    def fail_early(connection: sqlite3.Connection) -> str:
        raise Conflict("too early")

    goods = [partial(good, name) for name in "abcdefgh"]
    jobs: list[Job[str]] = [*goods[:3], fail_late, fail_early, *goods[3:]]
    answers = await asyncio.gather(*(writer.run(job) for job in jobs), return_exceptions=True)
    assert [str(answer) for answer in answers] == [*"abc", "too late", "too early", *"defgh"]
    assert set("abcdefgh") <= set(runs)
    await store.close()
    assert _notes(tmp_path / "store.db") >= set("abcdefgh")
    assert "undone" not in _notes(tmp_path / "store.db")


POISONS = {
    "number": Entries(ranges=(Range("Patient.d", 2**70, 2**71),)),
    "no number": Entries(ranges=(Range("Patient.d", float("nan"), 1),)),  # type: ignore[arg-type]
    "key": Entries(("Patient.x:\ud800",)),
    "word": Entries(words=("\ud800",)),
}


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS.keys())
async def test_what_the_database_cannot_hold_fails_alone_and_others_are_written_with_it_and_after_it(
    poison: Entries, store: SqliteStore
) -> None:
    """No resource has such entries; the thread that writes must outlive one that had."""
    resources = store.within(MINE)
    changes = [put("Patient", "a"), put("Patient", "poisoned", poison), put("Patient", "b")]
    answers = await asyncio.gather(*map(resources.change, changes), return_exceptions=True)
    assert [isinstance(answer, Exception) for answer in answers] == [False, True, False]
    await resources.change(put("Patient", "c"))
    page = await resources.history(HistoryQuery())
    assert sorted(version.id for version in page.versions) == ["a", "b", "c"]


async def test_a_job_that_fails_before_it_writes_has_no_other_job_run_again(store: SqliteStore) -> None:
    runs = []

    def count(connection: sqlite3.Connection) -> None:
        runs.append(1)

    def fail(connection: sqlite3.Connection) -> None:
        raise Conflict("no")

    jobs = [count, fail, count, fail, count]
    await asyncio.gather(*(store._writer.run(job) for job in jobs), return_exceptions=True)
    assert len(runs) == 3


async def test_a_transaction_that_fails_undoes_nothing_of_those_it_shares_a_commit_with(store: SqliteStore) -> None:
    resources = store.within(MINE)

    async def fail(inside: Resources) -> None:
        await inside.change(put("Patient", "undone", Entries(("Patient.x:new",))))
        raise Conflict("no")

    writes = [resources.change(put("Patient", f"p{at}", Entries(("Patient.x:new",)))) for at in range(6)]
    await asyncio.gather(*writes[:3], resources.transact(fail), *writes[3:], return_exceptions=True)
    found = await resources.find(Plan(("Patient",), FOUND), Page(10))
    assert [match.version.id for match in found.matches] == [f"p{at}" for at in range(6)]


async def test_a_key_that_was_first_used_in_what_was_undone_is_found_when_it_is_used_again(store: SqliteStore) -> None:
    resources = store.within(MINE)

    async def fail(inside: Resources) -> None:
        await inside.change(put("Patient", "a", Entries(("Patient.x:new",))))
        raise Conflict("no")

    with pytest.raises(Conflict):
        await resources.transact(fail)
    await resources.change(put("Observation", "b", Entries(("Observation.y:1", "Observation.z:1"))))
    await resources.change(put("Patient", "a", Entries(("Patient.x:new",))))
    assert (await resources.find(Plan((), FOUND), Page(10))).total == 1
    assert (await resources.find(Plan((), HasKey(("Observation.y:1",))), Page(10))).total == 1


def _said_to_be_fresh(id: str) -> Change:
    change = put("Patient", id, Entries(("Patient.x:new",)))
    return Change(change.type, change.id, change.decide, fresh=True)


@pytest.mark.parametrize("together", [False, True])
async def test_ids_that_were_not_fresh_after_all_are_written_as_the_next_versions(
    store: SqliteStore, together: bool
) -> None:
    resources = store.within(MINE)
    await resources.change(put("Patient", "there"))
    changes = [_said_to_be_fresh(id) for id in ("a", "there", "b", "twice", "twice", "c")]
    if together:
        written = await resources.transact(lambda inside: inside.change_all(changes))
    else:
        written = await asyncio.gather(*map(resources.change, changes))
    numbers = [version.number for version in written if version is not None]
    assert numbers == [1, 2, 1, 1, 2, 1]
    assert (await resources.find(Plan(("Patient",), FOUND), Page(0))).total == 5
    assert (await resources.history(HistoryQuery())).total == 7


async def test_two_processes_on_one_file_agree_about_what_keys_mean(store: SqliteStore, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "store.db")
    await other.open()
    stores = [store, other]

    async def write(at: int) -> None:
        entries = Entries(("Patient.x:new", f"Patient.y:{at % 5}"))
        await stores[at % 2].within(MINE).change(put("Patient", f"p{at:02}", entries))

    await asyncio.gather(*(write(at) for at in range(40)))
    for each in stores:
        assert (await each.within(MINE).find(Plan(("Patient",), FOUND), Page(0))).total == 40
        assert (await each.within(MINE).find(Plan(("Patient",), HasKey(("Patient.y:3",))), Page(0))).total == 8
    await other.close()


async def test_every_file_of_the_store_is_its_owners_alone(store: SqliteStore, tmp_path: Path) -> None:
    await store.within(MINE).change(put("Patient", "a"))
    files = _permissions_of_others(tmp_path)
    assert set(files) >= {"store.db", "store.db-wal", "store.db-turns"}
    assert not any(files.values()), files
