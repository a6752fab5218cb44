"""Entries made anew for resources of all owners, step by step, while the store is in use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from msgspec import structs

from fhirstore.search.entries import RULES_VERSION
from fhirstore.search.plan import Plan
from fhirstore.store.contract import MakeEntries, Page, Reindexed, Version
from fhirstore.store.cursors import Place
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite.changes import enter
from fhirstore.store.sqlite.explain import explain
from fhirstore.store.sqlite.index import Index, unpack
from fhirstore.store.sqlite.readers import Readers
from fhirstore.store.sqlite.versions import COLUMNS, read_version
from fhirstore.store.sqlite.writer import Writer


class SqliteIndexing:
    """`Indexing` on the embedded store."""

    def __init__(self, readers: Readers, writer: Writer) -> None:
        self._readers = readers
        self._writer = writer

    async def outdated(self) -> int:
        return await self._readers.run(
            lambda connection: int(
                connection.execute("SELECT count(*) FROM resources WHERE rules < ?", (RULES_VERSION,)).fetchone()[0]
            )
        )

    async def reindex(
        self, make: MakeEntries, after: Place | None = None, *, count: int = 100, all: bool = False
    ) -> Reindexed:
        below = RULES_VERSION + 1 if all else RULES_VERSION
        rid = after[0] if after else 0
        return await self._writer.run(
            lambda connection: _step(connection, self._writer.index, make, (rid, below, count))
        )

    async def explain(self, scope: Scope, plan: Plan, page: Page) -> Sequence[str]:
        return await self._readers.run(lambda connection: explain(connection, scope.owner, plan, page))


def _step(
    connection: sqlite3.Connection, index: Index, make: MakeEntries, limits: tuple[str | int | None, int, int]
) -> Reindexed:
    rows = connection.execute(
        f"SELECT rid, owner, {COLUMNS} FROM resources WHERE rid > ? AND rules < ? ORDER BY rid LIMIT ?", limits
    ).fetchall()
    changed = []
    for rid, owner, *columns in rows:
        read = read_version(columns)
        version = structs.replace(read, entries=make(read))
        if _renew(connection, index, rid, owner, version):
            changed.append((owner, version.type, version.id))
    return Reindexed(len(rows), changed, [rows[-1][0]] if len(rows) == limits[2] else None)


def _renew(connection: sqlite3.Connection, index: Index, rid: int, owner: int, version: Version) -> bool:
    """Write a resource's entries again; whether they are others than before."""
    before = list(_indexed(connection, rid, owner))
    keys, ranges, contains = connection.execute(
        "SELECT keys, ranges, contains FROM resources WHERE rid = ? AND owner = ?", (rid, owner)
    ).fetchone()
    numbered = index.numbered(owner, version.entries)
    connection.execute(
        "UPDATE resources SET rules = ?, keys = ?, ranges = ?, contains = ? WHERE rid = ? AND owner = ?",
        (RULES_VERSION, *numbered.packed(), len(version.entries.contained), rid, owner),
    )
    if contains:
        index.release(owner, rid)
    enter(index, owner, rid, unpack(keys, ranges), numbered, version)
    index.finish()
    return before != list(_indexed(connection, rid, owner))


def _indexed(connection: sqlite3.Connection, rid: int, owner: int) -> Iterator[object]:
    """What a resource is found by, as it stands in the tables, in an order that says nothing of how it came there."""
    key = (rid, owner)
    rows = connection.execute("SELECT keys, ranges FROM resources WHERE rid = ? AND owner = ?", key)
    yield from ((sorted(unpack(*row).keys), sorted(map(str, unpack(*row).ranges))) for row in rows)
    rows = connection.execute("SELECT words FROM texts WHERE rid = ? AND owner = ?", key)
    yield from (sorted(words.split()) for (words,) in rows)
    rows = connection.execute(
        "SELECT c.type, c.inner, c.keys, c.ranges, t.words FROM contained AS c"
        " JOIN texts AS t ON t.owner = c.owner AND t.rid = -c.rid"
        " WHERE c.container = ? AND c.owner = ? ORDER BY c.inner, c.rid",
        key,
    )
    yield from (
        (
            type_,
            inner,
            sorted(unpack(keys, ranges).keys),
            sorted(map(str, unpack(keys, ranges).ranges)),
            sorted(words.split()),
        )
        for type_, inner, keys, ranges, words in rows
    )
