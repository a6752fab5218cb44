"""Resources in SQLite: reads on a connection of the calling thread, writes through the group commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from fhirstore.store.contract import Change, HistoryPage, HistoryQuery, Resources, Version
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite.writer import Job, Run, Writer

Result = TypeVar("Result")

_COLUMNS = "type, id, number, updated, method, body"


class SqliteResources:
    """`Resources` of one scope, outside of any transaction."""

    def __init__(self, scope: Scope, reader: sqlite3.Connection, writer: Writer) -> None:
        self._scope = scope
        self._reader = reader
        self._writer = writer

    async def current(self, type: str, id: str) -> Version | None:
        # A look-up by key takes some ten microseconds: less than handing it to another thread.
        return _current(self._reader, self._scope, type, id)

    async def version(self, type: str, id: str, number: int) -> Version | None:
        return _version(self._reader, self._scope, type, id, number)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return _history(self._reader, self._scope, query)

    async def change(self, change: Change) -> Version | None:
        return await self._writer.run(_changing(self._scope, change))

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        return await self._writer.run(_changing_all(self._scope, changes))

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        # Locks need no keeping here: a session has the only writing connection, and the file's write lock.
        async def within(run: Run) -> Result:
            return await work(_TransactionResources(self._scope, run))

        return await self._writer.session(within)


class _TransactionResources:
    """`Resources` inside a transaction: every call runs on the writing connection, in turn."""

    def __init__(self, scope: Scope, run: Run) -> None:
        self._scope = scope
        self._run = run

    async def current(self, type: str, id: str) -> Version | None:
        return await self._do(lambda connection: _current(connection, self._scope, type, id))

    async def version(self, type: str, id: str, number: int) -> Version | None:
        return await self._do(lambda connection: _version(connection, self._scope, type, id, number))

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return await self._do(lambda connection: _history(connection, self._scope, query))

    async def change(self, change: Change) -> Version | None:
        return await self._do(_changing(self._scope, change))

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        return await self._do(_changing_all(self._scope, changes))

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        return await work(self)

    async def _do(self, job: Job[Result]) -> Result:
        result: Result = await self._run(job)
        return result


def _current(connection: sqlite3.Connection, scope: Scope, type: str, id: str) -> Version | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM resources WHERE owner = ? AND type = ? AND id = ?", (scope.owner, type, id)
    ).fetchone()
    return row and Version(*row)


def _version(connection: sqlite3.Connection, scope: Scope, type: str, id: str, number: int) -> Version | None:
    where = "WHERE owner = ? AND type = ? AND id = ? AND number = ?"
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM resources {where} UNION ALL SELECT {_COLUMNS} FROM history {where}",
        (scope.owner, type, id, number) * 2,
    ).fetchone()
    return row and Version(*row)


def _history(connection: sqlite3.Connection, scope: Scope, query: HistoryQuery) -> HistoryPage:
    where, values = _versions_of(scope, query)
    ended = "" if query.until is None else " AND ended > :until"
    total = connection.execute(
        f"SELECT (SELECT count(*) FROM resources WHERE {where}) + (SELECT count(*) FROM history WHERE {where}{ended})",
        values,
    ).fetchone()[0]
    if query.after is not None:
        where += " AND (updated, type, id, number) < (:after_updated, :after_type, :after_id, :after_number)"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM resources WHERE {where} UNION ALL SELECT {_COLUMNS} FROM history WHERE {where}{ended}"
        " ORDER BY updated DESC, type DESC, id DESC, number DESC LIMIT :count + 1",
        values,
    ).fetchall()
    return HistoryPage([Version(*row) for row in rows[: query.count]], total, len(rows) > query.count)


def _versions_of(scope: Scope, query: HistoryQuery) -> tuple[str, dict[str, Any]]:
    conditions = ["owner = :owner"]
    values = {"owner": scope.owner, "count": query.count, "until": query.until}
    for name, comparison in (("type", "type ="), ("id", "id ="), ("since", "updated >="), ("before", "updated <")):
        if (value := getattr(query, name)) is not None:
            conditions.append(f"{comparison} :{name}")
            values[name] = value
    if query.after is not None:
        values |= {f"after_{name}": value for name, value in asdict(query.after).items()}
    return " AND ".join(conditions), values


def _changing(scope: Scope, change: Change) -> Job[Version | None]:
    def run(connection: sqlite3.Connection) -> Version | None:
        current = _current(connection, scope, change.type, change.id)
        following = change.decide(current)
        if following is None:
            return current
        if current is None:
            _insert(connection, scope, following)
        else:
            _replace(connection, scope, following)
        return following

    return run


def _changing_all(scope: Scope, changes: Sequence[Change]) -> Job[Sequence[Version | None]]:
    return lambda connection: [_changing(scope, change)(connection) for change in changes]


def _insert(connection: sqlite3.Connection, scope: Scope, new: Version) -> None:
    connection.execute(
        f"INSERT INTO resources (owner, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", (scope.owner, *_row(new))
    )


def _replace(connection: sqlite3.Connection, scope: Scope, new: Version) -> None:
    """Move the current version into the history and put the new one in its place."""
    key = (scope.owner, new.type, new.id)
    connection.execute(
        f"INSERT INTO history (owner, ended, {_COLUMNS}) SELECT owner, ?, {_COLUMNS} FROM resources"
        " WHERE owner = ? AND type = ? AND id = ?",
        (new.updated, *key),
    )
    connection.execute(
        "UPDATE resources SET number = ?, updated = ?, method = ?, body = ? WHERE owner = ? AND type = ? AND id = ?",
        (new.number, new.updated, new.method, new.body, *key),
    )


def _row(version: Version) -> tuple[Any, ...]:
    return version.type, version.id, version.number, version.updated, version.method, version.body
