"""Resources removed from every table of the embedded store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from fhirstore.store.scope import Scope
from fhirstore.store.sqlite.index import NONE, Index, unpack
from fhirstore.store.sqlite.writer import Writer

_WHERE = "WHERE owner = ? AND type = ? AND id = ?"


class SqlitePurging:
    """`Purging` on the embedded store."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def purge(self, scope: Scope, keys: Sequence[tuple[str, str]]) -> int:
        index = self._writer.index
        return await self._writer.run(lambda connection: _purge(connection, index, scope.owner, keys), gathers=True)


def _purge(connection: sqlite3.Connection, index: Index, owner: int, keys: Sequence[tuple[str, str]]) -> int:
    index.write_resources()
    gone = 0
    for type, id in keys:
        place = (owner, type, id)
        row = connection.execute(f"SELECT rid, keys, ranges, contains FROM resources {_WHERE}", place).fetchone()
        if row is not None:
            rid, held, ranges, contains = row
            index.count(owner, type, -1)
            index.replace(owner, rid, unpack(held, ranges), NONE)
            index.forget_words(owner, rid)
            if contains:
                index.release(owner, rid)
        for table in ("resources", "history"):
            gone += connection.execute(f"DELETE FROM {table} {_WHERE}", place).rowcount
    return gone
