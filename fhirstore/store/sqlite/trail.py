"""The trail in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from operator import itemgetter

from fhirstore.store.sqlite.readers import Readers
from fhirstore.store.sqlite.statements import insert_all
from fhirstore.store.sqlite.writer import Writer
from fhirstore.store.trail import Event, TrailQuery, lowest_id

_COLUMNS = ", ".join(Event._fields)
_EQUAL = ("owner", "client_id", "user", "action", "type", "target", "id")
_OUTCOMES = {"success": "status < 400", "failure": "status >= 400"}


class SqliteTrail:
    """`Trail` on the embedded store."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def append(self, events: Sequence[Event]) -> None:
        ordered = sorted(events, key=itemgetter(0))  # neighbours share pages
        await self._writer.run(lambda connection: insert_all(connection, "events", ordered, "INSERT OR IGNORE"))

    async def events(self, query: TrailQuery) -> Sequence[Event]:
        conditions = [f"{name} = :{name}" for name in _EQUAL if getattr(query, name) is not None]
        values = {name: getattr(query, name) for name in _EQUAL} | {"count": query.count}
        limits = {"since": ("id >=", query.since), "before": ("id <", query.before)}
        for name, (comparison, moment) in limits.items():
            if moment is not None:
                conditions.append(f"{comparison} :{name}")
                values[name] = lowest_id(moment)
        if query.after is not None:
            conditions.append("id < :after")
            values["after"] = query.after
        if query.outcome is not None:
            conditions.append(_OUTCOMES[query.outcome])
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        statement = f"SELECT {_COLUMNS} FROM events{where} ORDER BY id DESC LIMIT :count"
        return await self._readers.run(
            lambda connection: [Event._make(row) for row in connection.execute(statement, values)]
        )

    async def discard(self, before: int, count: int = 10_000) -> int:
        def delete(connection: sqlite3.Connection) -> int:
            chosen = "SELECT id FROM events WHERE id < ? ORDER BY id LIMIT ?"
            return connection.execute(f"DELETE FROM events WHERE id IN ({chosen})", (lowest_id(before), count)).rowcount

        return await self._writer.run(delete)
