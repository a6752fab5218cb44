"""Developers, browser sessions and sign-in links in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from fhirstore.store.sessions import Developer, EmailTakenError, Session, SignInLink
from fhirstore.store.sqlite.writer import Writer

_SESSION = "hash, developer, user, secret, created, seen, expires"
_LINK = "hash, who, developer, user, next, expires"


class SqliteSessions:
    """`Sessions` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def add_developer(self, developer: Developer) -> None:
        try:
            await self._write(("INSERT INTO developers VALUES (?, ?, ?)", astuple(developer)))
        except sqlite3.IntegrityError as error:
            raise EmailTakenError from error

    async def developer(self, email: str) -> Developer | None:
        row = self._reader.execute("SELECT * FROM developers WHERE email = ?", (email,)).fetchone()
        return row and Developer(*row)

    async def developers(self) -> Sequence[Developer]:
        return [Developer(*row) for row in self._reader.execute("SELECT * FROM developers ORDER BY created, email")]

    async def set_password(self, email: str, password_hash: str) -> bool:
        changed = await self._write(
            ("DELETE FROM sessions WHERE developer = ?", (email,)),
            ("UPDATE developers SET password_hash = ? WHERE email = ?", (password_hash, email)),
        )
        return changed == 1

    async def add_session(self, session: Session) -> None:
        await self._write(
            ("DELETE FROM sessions WHERE expires <= ?", (session.created,)),
            (f"INSERT INTO sessions ({_SESSION}) VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(session)),
        )

    async def session(self, hash: str) -> Session | None:
        row = self._reader.execute(f"SELECT {_SESSION} FROM sessions WHERE hash = ?", (hash,)).fetchone()
        return row and Session(*row)

    async def see_session(self, hash: str, now: int) -> None:
        await self._write(("UPDATE sessions SET seen = ? WHERE hash = ?", (now, hash)))

    async def end_session(self, hash: str) -> None:
        await self._write(("DELETE FROM sessions WHERE hash = ?", (hash,)))

    async def end_sessions(self, *, developer: str | None = None, user: int | None = None) -> None:
        await self._write(
            # Nothing equals NULL: the other half of each condition finds nothing.
            ("DELETE FROM sessions WHERE developer = ? OR user = ?", (developer, user)),
            ("DELETE FROM links WHERE developer = ? OR user = ?", (developer, user)),
        )

    async def add_link(self, link: SignInLink) -> None:
        await self._write((f"INSERT INTO links ({_LINK}) VALUES (?, ?, ?, ?, ?, ?)", astuple(link)))

    async def link(self, hash: str, now: int) -> SignInLink | None:
        statement = f"SELECT {_LINK} FROM links WHERE hash = ? AND expires > ?"
        row = self._reader.execute(statement, (hash, now)).fetchone()
        return row and SignInLink(*row)

    async def spend_link(self, hash: str, now: int) -> SignInLink | None:
        def spend(connection: sqlite3.Connection) -> SignInLink | None:
            connection.execute("DELETE FROM links WHERE expires <= ?", (now,))
            row = connection.execute(f"DELETE FROM links WHERE hash = ? RETURNING {_LINK}", (hash,)).fetchone()
            return row and SignInLink(*row)

        return await self._writer.run(spend)

    async def _write(self, *statements: tuple[str, Sequence[Any]]) -> int:
        """Run statements as one; answers how many rows the last one changed."""

        def run(connection: sqlite3.Connection) -> int:
            return [connection.execute(statement, values).rowcount for statement, values in statements][-1]

        return await self._writer.run(run)
