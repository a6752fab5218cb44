"""Everything of one owner, taken out of every table of the embedded store, a piece at a time."""

from __future__ import annotations

import sqlite3

from fhirstore.store.sqlite.writer import Writer

STEP = 1000
"""So many rows go at once: others' writes wait for no more than that."""

_KEYS = {
    "resources": "rid",
    "contained": "rid",
    "keys": "name, rid",
    "ranges": "name, span, first, last, rid, low, high",
    "texts": "rid",
    "history": "rowid",
    "names": "id",
}
"""What tells apart an owner's rows, by table; what is found by the others goes first."""

_BLANK = "target = '', patient = '', version = NULL, request_id = '', address = ''"
_TELLING = "(target <> '' OR patient <> '' OR request_id <> '' OR address <> '')"


async def erase(writer: Writer, owner: int) -> None:
    for table, key in _KEYS.items():
        chosen = f"SELECT {key} FROM {table} WHERE owner = :owner LIMIT :step"
        await _repeat(writer, f"DELETE FROM {table} WHERE owner = :owner AND ({key}) IN ({chosen})", owner)
    # That something was done stays; what, and from where, goes.
    for whose in ("owner = :owner", "user = :owner AND user IS NOT owner"):
        chosen = f"SELECT id FROM events WHERE {whose} AND {_TELLING} LIMIT :step"
        await _repeat(writer, f"UPDATE events SET {_BLANK} WHERE id IN ({chosen})", owner)


async def _repeat(writer: Writer, statement: str, owner: int) -> None:
    def step(connection: sqlite3.Connection) -> int:
        # What stood in the file's pages is overwritten, not only left for later use.
        connection.execute("PRAGMA secure_delete = ON")
        try:
            return connection.execute(statement, {"owner": owner, "step": STEP}).rowcount
        finally:
            connection.execute("PRAGMA secure_delete = OFF")

    while await writer.run(step):
        pass
