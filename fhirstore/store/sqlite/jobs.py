"""Jobs and the pieces of their files in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fhirstore.store.jobs import Job, State
from fhirstore.store.sqlite.readers import Readers
from fhirstore.store.sqlite.writer import Writer

_COLUMNS = "id, owner, client_id, kind, created, parameters, state, progress, result, updated, lease, holder"
_TAKEABLE = (
    "(state = 'waiting' OR (state = 'running' AND lease < :now)) AND kind IN (SELECT value FROM json_each(:kinds))"
)
_HELD = "id = ? AND holder = ? AND state = 'running'"


class SqliteJobs:
    """`Jobs` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, readers: Readers, writer: Writer) -> None:
        self._reader = reader
        self._readers = readers
        self._writer = writer

    async def add(self, job: Job) -> None:
        await self._run(f"INSERT INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _row(job))

    async def job(self, id: str) -> Job | None:
        return _to_job(self._reader.execute(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (id,)).fetchone())

    async def receive(self, id: str, now: int) -> bool:
        statement = "UPDATE jobs SET state = 'waiting', updated = ? WHERE id = ? AND state = 'receiving'"
        return await self._run(statement, (now, id)) == 1

    async def count_open(self, client_id: str) -> int:
        statement = "SELECT count(*) FROM jobs WHERE client_id = ? AND state IN ('receiving', 'waiting', 'running')"
        return int(self._reader.execute(statement, (client_id,)).fetchone()[0])

    async def take(self, kinds: Sequence[str], holder: str, now: int, lease: int) -> Job | None:
        asked = {"now": now, "kinds": msgspec.json.encode(kinds).decode(), "holder": holder, "lease": lease}
        first = f"SELECT id FROM jobs WHERE {_TAKEABLE} ORDER BY created LIMIT 1"
        if self._reader.execute(first, asked).fetchone() is None:  # asked again and again: mostly there is nothing
            return None
        statement = (
            "UPDATE jobs SET state = 'running', holder = :holder, lease = :lease, updated = :now"
            f" WHERE id = ({first}) RETURNING {_COLUMNS}"
        )
        return await self._writer.run(lambda connection: _to_job(connection.execute(statement, asked).fetchone()))

    async def note(self, job: Job, progress: Mapping[str, Any], now: int, lease: int) -> bool:
        row = (_text(progress), now, lease, job.id, job.holder)
        return await self._run(f"UPDATE jobs SET progress = ?, updated = ?, lease = ? WHERE {_HELD}", row) == 1

    async def end(self, job: Job, state: State, result: Mapping[str, Any], now: int) -> bool:
        row = (state, _text(result), now, job.id, job.holder)
        return await self._run(f"UPDATE jobs SET state = ?, result = ?, updated = ? WHERE {_HELD}", row) == 1

    async def cancel(self, id: str, now: int) -> bool:
        open_ = "state IN ('receiving', 'waiting', 'running')"
        statement = f"UPDATE jobs SET state = 'cancelled', updated = ? WHERE id = ? AND {open_}"
        return await self._run(statement, (now, id)) == 1

    async def forget(self, id: str) -> None:
        await self._forget("id = ?", id)

    async def forget_ended(self, before: int) -> int:
        return await self._forget("state NOT IN ('waiting', 'running') AND updated < ?", before)

    async def forget_owner(self, owner: int) -> None:
        await self._forget("owner = ?", owner)

    async def put_chunk(self, id: str, file: str, number: int, content: bytes) -> None:
        await self._run("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?)", (id, file, number, content))

    async def chunk(self, id: str, file: str, number: int) -> bytes | None:
        statement = "SELECT content FROM chunks WHERE job = ? AND file = ? AND number = ?"
        row = await self._readers.run(lambda connection: connection.execute(statement, (id, file, number)).fetchone())
        return row and bytes(row[0])

    async def chunk_numbers(self, id: str, file: str) -> Sequence[int]:
        statement = "SELECT number FROM chunks WHERE job = ? AND file = ? ORDER BY number"
        return [row[0] for row in self._reader.execute(statement, (id, file))]

    async def forget_file(self, id: str, file: str) -> None:
        await self._run("DELETE FROM chunks WHERE job = ? AND file = ?", (id, file))

    async def _forget(self, where: str, value: object) -> int:
        def forget(connection: sqlite3.Connection) -> int:
            connection.execute(f"DELETE FROM chunks WHERE job IN (SELECT id FROM jobs WHERE {where})", (value,))
            return connection.execute(f"DELETE FROM jobs WHERE {where}", (value,)).rowcount

        return await self._writer.run(forget)

    async def _run(self, statement: str, row: Sequence[object]) -> int:
        return await self._writer.run(lambda connection: connection.execute(statement, row).rowcount)


def _row(job: Job) -> tuple[object, ...]:
    fields = (getattr(job, name) for name in _COLUMNS.split(", "))
    return tuple(_text(each) if isinstance(each, Mapping) else each for each in fields)


def _to_job(row: tuple[Any, ...] | None) -> Job | None:
    if row is None:
        return None
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Job(**fields | {name: msgspec.json.decode(fields[name]) for name in ("parameters", "progress", "result")})


def _text(fields: Mapping[str, Any]) -> str:
    return msgspec.json.encode(fields).decode()
