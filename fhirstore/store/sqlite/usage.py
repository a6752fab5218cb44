"""What applications did, counted in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from fhirstore.store.sqlite.writer import Writer
from fhirstore.store.usage import KEPT_HOURS, Counted


class SqliteUsageCounts:
    """`UsageCounts` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add(self, counts: Mapping[Counted, int]) -> None:
        newest = max(counted.hour for counted in counts)

        def add(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM usage WHERE hour < ?", (newest - KEPT_HOURS,))
            connection.executemany(
                "INSERT INTO usage (client_id, hour, kind, count) VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [(*counted, count) for counted, count in counts.items()],
            )

        await self._writer.run(add)

    async def since(self, client_id: str, hour: int) -> Sequence[tuple[Counted, int]]:
        rows = self._reader.execute(
            "SELECT hour, kind, count FROM usage WHERE client_id = ? AND hour >= ? ORDER BY hour, kind",
            (client_id, hour),
        )
        return [(Counted(client_id, at, kind), count) for at, kind, count in rows]
