"""Reads on the embedded store hold up the event loop for a moment at most."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fhirstore.store.sqlite.connection import FRUGAL, connect, prepare
from fhirstore.store.sqlite.readers import STRETCH, STRETCHES, Readers

LONG = STRETCH * STRETCHES
COUNT = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT count(*) FROM n"


@pytest.fixture
async def readers(tmp_path: Path) -> AsyncIterator[Readers]:
    prepare(tmp_path / "read.db")
    readers = Readers(tmp_path / "read.db", FRUGAL)
    yield readers
    readers.close()


async def _counted_on(readers: Readers, *sizes: int) -> tuple[list[int], list[int]]:
    """What a job counts, one statement after the other, and the threads that it was begun on."""
    threads = []

    def job(connection: sqlite3.Connection) -> list[int]:
        threads.append(threading.get_ident())
        return [connection.execute(COUNT, (size,)).fetchone()[0] for size in sizes]

    return await readers.run_short(job), threads


async def test_what_is_short_is_answered_on_the_event_loop(readers: Readers) -> None:
    assert await _counted_on(readers, 10, 20) == ([10, 20], [threading.get_ident()])


async def test_what_takes_long_is_broken_off_and_answered_on_another_thread(readers: Readers) -> None:
    counted, (first, second) = await _counted_on(readers, LONG)
    assert counted == [LONG]
    assert first == threading.get_ident() != second


async def test_many_statements_that_take_long_together_are_broken_off_too(readers: Readers) -> None:
    counted, threads = await _counted_on(readers, *[LONG // 20] * 20)
    assert counted == [LONG // 20] * 20
    assert len(threads) == 2


async def test_each_job_has_its_own_time(readers: Readers) -> None:
    for _ in range(5):
        await _counted_on(readers, LONG)
        assert len((await _counted_on(readers, LONG // 40))[1]) == 1


async def test_a_job_that_is_broken_off_leaves_nothing_behind(
    tmp_path: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhirstore.store.sqlite.readers.STRETCH", 10)
    hasty = Readers(tmp_path / "read.db", FRUGAL)
    for _ in range(100):
        assert (await _counted_on(hasty, 1000))[0] == [1000]
        assert (await _counted_on(hasty, 1))[0] == [1]
    hasty.close()


async def test_what_is_wrong_is_told_and_not_tried_again(readers: Readers) -> None:
    tries = []

    def job(connection: sqlite3.Connection) -> None:
        tries.append(connection)
        connection.execute("SELECT missing FROM nowhere")

    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await readers.run_short(job)
    assert len(tries) == 1


async def test_a_job_sees_the_database_as_of_one_moment(readers: Readers, tmp_path: Path) -> None:
    writing = connect(tmp_path / "read.db", FRUGAL)

    def job(connection: sqlite3.Connection) -> tuple[int, int]:
        before = connection.execute("SELECT count(*) FROM permissions").fetchone()[0]
        writing.execute("INSERT INTO permissions VALUES (?, 1, 'p', 0)", (threading.get_ident(),))
        return before, connection.execute("SELECT count(*) FROM permissions").fetchone()[0]

    assert await readers.run_short(job) == (0, 0)
    assert await readers.run(job) == (1, 1)
    writing.close()
