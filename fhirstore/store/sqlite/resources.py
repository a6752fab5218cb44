"""Resources in SQLite: look-ups on a connection of the calling thread, searches on others, writes by group commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from fhirstore.caller import Author
from fhirstore.search.plan import Plan
from fhirstore.store.contract import Change, Found, HistoryPage, HistoryQuery, Page, Resources, Version
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite import versions
from fhirstore.store.sqlite.changes import make_change
from fhirstore.store.sqlite.find import find
from fhirstore.store.sqlite.index import Index
from fhirstore.store.sqlite.readers import Readers
from fhirstore.store.sqlite.writer import Job, Run, Writer

Result = TypeVar("Result")


class SqliteResources:
    """`Resources` of one scope, outside of any transaction."""

    def __init__(
        self, scope: Scope, author: Author | None, reader: sqlite3.Connection, readers: Readers, writer: Writer
    ) -> None:
        self._scope = scope
        self._author = author
        self._owner = scope.owner
        self._reader = reader
        self._readers = readers
        self._writer = writer

    async def current(self, type: str, id: str) -> Version | None:
        # A look-up by key takes some ten microseconds: less than handing it to another thread.
        return versions.current(self._reader, self._owner, type, id)

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        return await self._readers.run_short(lambda connection: versions.current_all(connection, self._owner, keys))

    async def version(self, type: str, id: str, number: int) -> Version | None:
        return versions.version(self._reader, self._owner, type, id, number)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return await self._readers.run_short(lambda connection: versions.history(connection, self._owner, query))

    async def find(self, plan: Plan, page: Page) -> Found:
        return await self._readers.run_short(lambda connection: find(connection, self._owner, plan, page))

    async def change(self, change: Change) -> Version | None:
        return (await self.change_all([change]))[0]

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        making = _making(self._writer.index, self._owner, changes, self._author)
        return await self._writer.run(making, gathers=True)

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        # Locks need no keeping here: a session has the only writing connection, and the file's write lock.
        async def within(run: Run) -> Result:
            return await work(_TransactionResources(self._scope, self._author, run, self._writer.index))

        return await self._writer.session(within)


class _TransactionResources:
    """`Resources` inside a transaction: every call runs on the writing connection, in turn."""

    def __init__(self, scope: Scope, author: Author | None, run: Run, index: Index) -> None:
        self._owner = scope.owner
        self._author = author
        self._run = run
        self._index = index

    async def current(self, type: str, id: str) -> Version | None:
        return await self._run(lambda connection: versions.current(connection, self._owner, type, id))

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        return await self._run(lambda connection: versions.current_all(connection, self._owner, keys))

    async def version(self, type: str, id: str, number: int) -> Version | None:
        return await self._run(lambda connection: versions.version(connection, self._owner, type, id, number))

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return await self._run(lambda connection: versions.history(connection, self._owner, query))

    async def find(self, plan: Plan, page: Page) -> Found:
        return await self._run(lambda connection: find(connection, self._owner, plan, page))

    async def change(self, change: Change) -> Version | None:
        return (await self.change_all([change]))[0]

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        return await self._run(_making(self._index, self._owner, changes, self._author), gathers=True)

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        return await work(self)


def _making(index: Index, owner: int, changes: Sequence[Change], author: Author | None) -> Job[list[Version | None]]:
    return lambda connection: [make_change(connection, index, owner, change, author) for change in changes]
