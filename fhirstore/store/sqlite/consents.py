"""Consents and launches in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, replace
from typing import Any

from fhirstore.store.consents import Consent, Launch
from fhirstore.store.sqlite.writer import Writer

_CONSENT = "user, client_id, patient, scope, since, used"
_LAUNCH = "hash, user, client_id, patient, expires"


class SqliteConsents:
    """`Consents` on the embedded store. No patient is stored as an empty text, for it is part of the key."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def allow(self, consent: Consent, *, anew: bool = False) -> None:
        def allow(connection: sqlite3.Connection) -> None:
            if anew:
                connection.execute(
                    "DELETE FROM tokens WHERE user = ? AND client_id = ? AND patient IS ? AND consented",
                    (consent.user, consent.client_id, consent.patient),
                )
            row = astuple(replace(consent, patient=consent.patient or ""))
            connection.execute(f"INSERT OR REPLACE INTO consents ({_CONSENT}) VALUES (?, ?, ?, ?, ?, ?)", row)

        await self._writer.run(allow)

    async def consent(self, user: int, client_id: str, patient: str | None) -> Consent | None:
        statement = f"SELECT {_CONSENT} FROM consents WHERE user = ? AND client_id = ? AND patient = ?"
        row = self._reader.execute(statement, (user, client_id, patient or "")).fetchone()
        return row and _to_consent(row)

    async def consents(self, user: int) -> Sequence[Consent]:
        statement = f"SELECT {_CONSENT} FROM consents WHERE user = ? ORDER BY since, client_id, patient"
        return [_to_consent(row) for row in self._reader.execute(statement, (user,))]

    async def note_use(self, consent: Consent, now: int) -> None:
        statement = "UPDATE consents SET used = ? WHERE user = ? AND client_id = ? AND patient = ?"
        values = (now, consent.user, consent.client_id, consent.patient or "")
        await self._writer.run(lambda connection: connection.execute(statement, values).rowcount)

    async def withdraw(self, user: int, client_id: str) -> bool:
        def withdraw(connection: sqlite3.Connection) -> bool:
            given = "user = ? AND client_id = ?"
            tokens = connection.execute(f"DELETE FROM tokens WHERE {given} AND consented", (user, client_id))
            consents = connection.execute(f"DELETE FROM consents WHERE {given}", (user, client_id))
            return tokens.rowcount + consents.rowcount > 0

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


def _to_consent(row: tuple[Any, ...]) -> Consent:
    stored = Consent(*row)
    return replace(stored, patient=stored.patient or None)
