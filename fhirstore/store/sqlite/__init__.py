"""The embedded store: one SQLite file, nothing to install. The only package that imports sqlite3."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path

from fhirstore.caller import Author
from fhirstore.errors import Unavailable
from fhirstore.store.contract import Resources
from fhirstore.store.cursors import Cursors
from fhirstore.store.reach import reach
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite.accounts import SqliteAccounts
from fhirstore.store.sqlite.connection import AMPLE, Memory, connect, prepare
from fhirstore.store.sqlite.consents import SqliteConsents
from fhirstore.store.sqlite.erasing import erase
from fhirstore.store.sqlite.holdings import SqliteHoldings
from fhirstore.store.sqlite.indexing import SqliteIndexing
from fhirstore.store.sqlite.jobs import SqliteJobs
from fhirstore.store.sqlite.keys import SqliteKeys
from fhirstore.store.sqlite.permissions import SqlitePermissions
from fhirstore.store.sqlite.purging import SqlitePurging
from fhirstore.store.sqlite.readers import Readers
from fhirstore.store.sqlite.resources import SqliteResources
from fhirstore.store.sqlite.sessions import SqliteSessions
from fhirstore.store.sqlite.trail import SqliteTrail
from fhirstore.store.sqlite.usage import SqliteUsageCounts
from fhirstore.store.sqlite.writer import Writer


class SqliteStore:
    """A `Store` in one file. Any number of processes may have it open."""

    def __init__(self, path: Path, memory: Memory = AMPLE) -> None:
        self._path = path
        self._memory = memory
        self._reader: sqlite3.Connection
        self._readers: Readers
        self._writer: Writer
        self._accounts: SqliteAccounts
        self._cursors: Cursors

    @property
    def cursors(self) -> Cursors:
        return self._cursors

    @property
    def accounts(self) -> SqliteAccounts:
        return self._accounts

    @property
    def consents(self) -> SqliteConsents:
        return SqliteConsents(self._reader, self._writer)

    @property
    def permissions(self) -> SqlitePermissions:
        return SqlitePermissions(self._reader, self._writer)

    @property
    def keys(self) -> SqliteKeys:
        return SqliteKeys(self._reader, self._writer)

    @property
    def trail(self) -> SqliteTrail:
        return SqliteTrail(self._readers, self._writer)

    @property
    def indexing(self) -> SqliteIndexing:
        return SqliteIndexing(self._readers, self._writer)

    @property
    def holdings(self) -> SqliteHoldings:
        return SqliteHoldings(self._reader)

    @property
    def usage(self) -> SqliteUsageCounts:
        return SqliteUsageCounts(self._reader, self._writer)

    @property
    def sessions(self) -> SqliteSessions:
        return SqliteSessions(self._reader, self._writer)

    @property
    def jobs(self) -> SqliteJobs:
        return SqliteJobs(self._reader, self._readers, self._writer)

    @property
    def purging(self) -> SqlitePurging:
        return SqlitePurging(self._writer)

    def within(self, scope: Scope, author: Author | None = None) -> Resources:
        return reach(scope, lambda whole: SqliteResources(whole, author, self._reader, self._readers, self._writer))

    async def erase(self, owner: int) -> None:
        await self.jobs.forget_owner(owner)
        await erase(self._writer, owner)

    async def open(self) -> None:
        prepare(self._path)
        self._reader = connect(self._path, self._memory, writing=False)
        self._readers = Readers(self._path, self._memory)
        self._writer = Writer(self._path, self._memory)
        self._accounts = SqliteAccounts(self._reader, self._writer)
        self._cursors = Cursors(await self.keys.keep("cursors", secrets.token_bytes(32)))

    async def ping(self) -> None:
        try:
            self._reader.execute("SELECT 1 FROM applications LIMIT 1").fetchone()
        except sqlite3.Error as error:
            raise Unavailable("The database file cannot be read.") from error

    async def close(self) -> None:
        self._writer.close()
        self._readers.close()
        self._reader.close()
