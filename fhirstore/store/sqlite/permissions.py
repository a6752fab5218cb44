"""Permissions in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple

from fhirstore.store.permissions import Permission
from fhirstore.store.sqlite.writer import Writer

_PERMISSION = "owner, patient, recipient, since"


class SqlitePermissions:
    """`Permissions` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    async def give(self, permission: Permission) -> None:
        statement = f"INSERT OR IGNORE INTO permissions ({_PERMISSION}) VALUES (?, ?, ?, ?)"
        await self._writer.run(lambda connection: connection.execute(statement, astuple(permission)).rowcount)

    async def take_back(self, owner: int, patient: str, recipient: int) -> bool:
        statement = "DELETE FROM permissions WHERE owner = ? AND patient = ? AND recipient = ?"
        values = (owner, patient, recipient)
        return await self._writer.run(lambda connection: connection.execute(statement, values).rowcount == 1)

    async def given(self, owner: int) -> Sequence[Permission]:
        return self._oldest_first("owner = ?", owner)

    async def received(self, recipient: int) -> Sequence[Permission]:
        return self._oldest_first("recipient = ?", recipient)

    def _oldest_first(self, where: str, user: int) -> Sequence[Permission]:
        statement = f"SELECT {_PERMISSION} FROM permissions WHERE {where} ORDER BY since, owner, patient, recipient"
        return [Permission(*row) for row in self._reader.execute(statement, (user,))]
