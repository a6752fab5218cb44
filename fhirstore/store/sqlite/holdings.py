"""How much each owner has, in SQLite: the dictionary of names counts what uses them, types among them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from fhirstore.store.sqlite.names import TYPE


class SqliteHoldings:
    """`Holdings` on the embedded store."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader

    async def counts(self, owner: int) -> Mapping[str, int]:
        rows = self._reader.execute(
            "SELECT substr(text, 2), uses FROM names WHERE owner = ? AND text > ? AND text < ? AND uses > 0"
            " ORDER BY text",
            (owner, TYPE, chr(ord(TYPE) + 1)),
        )
        return dict(rows.fetchall())
