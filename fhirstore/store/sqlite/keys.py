"""The server's keys in SQLite."""

from __future__ import annotations

import sqlite3

from fhirstore.store.sqlite.writer import Writer


class SqliteKeys:
    """`Keys` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def key(self, name: str) -> bytes | None:
        row: tuple[bytes] | None = self._reader.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    async def keep(self, name: str, made: bytes) -> bytes:
        def keep(connection: sqlite3.Connection) -> bytes:
            connection.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, made))
            kept: bytes = connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()[0]
            return kept

        return await self._writer.run(keep)
