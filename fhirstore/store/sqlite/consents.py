"""Consents and launches in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple

from fhirstore.store.consents import Consent, Launch
from fhirstore.store.sqlite.writer import Writer

_CONSENT = "user, client_id, scope, patient, since, used"
_LAUNCH = "hash, user, client_id, patient, expires"


class SqliteConsents:
    """`Consents` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def allow(self, consent: Consent) -> None:
        statement = f"INSERT OR REPLACE INTO consents ({_CONSENT}) VALUES (?, ?, ?, ?, ?, ?)"
        await self._writer.run(lambda connection: connection.execute(statement, astuple(consent)).rowcount)

    async def consent(self, user: int, client_id: str) -> Consent | None:
        statement = f"SELECT {_CONSENT} FROM consents WHERE user = ? AND client_id = ?"
        row = self._reader.execute(statement, (user, client_id)).fetchone()
        return row and Consent(*row)

    async def consents(self, user: int) -> Sequence[Consent]:
        statement = f"SELECT {_CONSENT} FROM consents WHERE user = ? ORDER BY since, client_id"
        return [Consent(*row) for row in self._reader.execute(statement, (user,))]

    async def note_use(self, user: int, client_id: str, now: int) -> None:
        statement, values = "UPDATE consents SET used = ? WHERE user = ? AND client_id = ?", (now, user, client_id)
        await self._writer.run(lambda connection: connection.execute(statement, values).rowcount)

    async def withdraw(self, user: int, client_id: str) -> bool:
        def withdraw(connection: sqlite3.Connection) -> bool:
            forgotten = [
                connection.execute(f"DELETE FROM {table} WHERE user = ? AND client_id = ?", (user, client_id)).rowcount
                for table in ("tokens", "consents")
            ]
            return any(forgotten)

        return await self._writer.run(withdraw)

    async def add_launch(self, launch: Launch, now: int) -> None:
        def add(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM launches WHERE expires <= ?", (now,))
            connection.execute(f"INSERT INTO launches ({_LAUNCH}) VALUES (?, ?, ?, ?, ?)", astuple(launch))

        await self._writer.run(add)

    async def launch(self, hash: str) -> Launch | None:
        row = self._reader.execute(f"SELECT {_LAUNCH} FROM launches WHERE hash = ?", (hash,)).fetchone()
        return row and Launch(*row)

    async def take_launch(self, hash: str) -> Launch | None:
        def take(connection: sqlite3.Connection) -> Launch | None:
            row = connection.execute(f"DELETE FROM launches WHERE hash = ? RETURNING {_LAUNCH}", (hash,)).fetchone()
            return row and Launch(*row)

        return await self._writer.run(take)
