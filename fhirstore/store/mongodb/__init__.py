"""The store for more than one machine: a MongoDB replica set or cluster. The only package that imports pymongo."""

from __future__ import annotations

import secrets
from typing import Any

from pymongo import AsyncMongoClient, monitoring
from pymongo.errors import PyMongoError

from fhirstore.caller import Author
from fhirstore.errors import Unavailable
from fhirstore.store.contract import Resources
from fhirstore.store.cursors import Cursors
from fhirstore.store.mongodb.accounts import MongoAccounts
from fhirstore.store.mongodb.consents import MongoConsents
from fhirstore.store.mongodb.erasing import erase
from fhirstore.store.mongodb.gathering import GatheredCreates, GatheredReads
from fhirstore.store.mongodb.holdings import MongoHoldings
from fhirstore.store.mongodb.indexes import INDEXES
from fhirstore.store.mongodb.indexing import MongoIndexing
from fhirstore.store.mongodb.jobs import MongoJobs
from fhirstore.store.mongodb.keys import MongoKeys
from fhirstore.store.mongodb.permissions import MongoPermissions
from fhirstore.store.mongodb.purging import MongoPurging
from fhirstore.store.mongodb.resources import DURABLE, SETTLED, Collection, Database, MongoResources
from fhirstore.store.mongodb.sessions import MongoSessions
from fhirstore.store.mongodb.trail import MongoTrail
from fhirstore.store.mongodb.usage import MongoUsageCounts
from fhirstore.store.reach import reach
from fhirstore.store.scope import Scope

DEFAULT_DATABASE = "fhirstore"
PATIENCE_MS = 10_000
"""How long a request waits for a primary: an election takes less. An address with serverSelectionTimeoutMS decides."""


class MongoStore:
    """A `Store` on MongoDB. Writes are acknowledged by a majority, from their journals, and reads see nothing else:
    what an election may still undo is shown to nobody, and is followed by no version."""

    def __init__(self, uri: str, *, gathered_reads: bool = True, gathered_creates: bool = True) -> None:
        self._uri = uri
        self._gathers = (gathered_reads, gathered_creates)
        self._database: Database
        self._resources: Collection
        self._reads: GatheredReads | None = None
        self._creates: GatheredCreates | None = None
        self._accounts: MongoAccounts
        self._cursors: Cursors

    @property
    def cursors(self) -> Cursors:
        return self._cursors

    @property
    def accounts(self) -> MongoAccounts:
        return self._accounts

    @property
    def consents(self) -> MongoConsents:
        return MongoConsents(self._database)

    @property
    def permissions(self) -> MongoPermissions:
        return MongoPermissions(self._database)

    @property
    def keys(self) -> MongoKeys:
        return MongoKeys(self._database)

    @property
    def trail(self) -> MongoTrail:
        return MongoTrail(self._database)

    @property
    def indexing(self) -> MongoIndexing:
        return MongoIndexing(self._resources, self._connect)

    @property
    def holdings(self) -> MongoHoldings:
        return MongoHoldings(self._database)

    @property
    def usage(self) -> MongoUsageCounts:
        return MongoUsageCounts(self._database)

    @property
    def sessions(self) -> MongoSessions:
        return MongoSessions(self._database)

    @property
    def jobs(self) -> MongoJobs:
        return MongoJobs(self._database)

    @property
    def purging(self) -> MongoPurging:
        return MongoPurging(self._database)

    def within(self, scope: Scope, author: Author | None = None) -> Resources:
        gathered = (self._reads, self._creates)
        return reach(scope, lambda whole: MongoResources(whole, self._resources, author, None, None, *gathered))

    async def erase(self, owner: int) -> None:
        await self.jobs.forget_owner(owner)
        try:
            await erase(self._database, owner)
        except PyMongoError as error:
            raise Unavailable("The erasure was interrupted, and must be done again.") from error

    async def open(self) -> None:
        try:
            self._database = self._connect()
            await self._create()
            reads, creates = self._gathers
            self._resources = self._database["resources"]
            self._reads = GatheredReads(self._resources) if reads else None
            self._creates = GatheredCreates(self._resources) if creates else None
            self._cursors = Cursors(await self.keys.keep("cursors", secrets.token_bytes(32)))
        except (PyMongoError, ValueError) as error:
            raise Unavailable(f"MongoDB cannot be reached or refuses: {type(error).__name__}.") from error
        self._accounts = MongoAccounts(self._database)

    async def ping(self) -> None:
        try:
            await self._database.command("ping")
        except PyMongoError as error:
            raise Unavailable("MongoDB cannot be reached.") from error

    async def close(self) -> None:
        await self._database.client.close()

    def _connect(self, *listeners: monitoring.CommandListener) -> Database:
        """The database, on a client of its own."""
        # The driver lets an argument go before what the address says.
        named = "serverselectiontimeoutms=" in self._uri.lower()
        own: dict[str, Any] = {} if named else {"serverSelectionTimeoutMS": PATIENCE_MS}
        client = AsyncMongoClient[dict[str, Any]](self._uri, event_listeners=listeners, **own)
        return client.get_default_database(DEFAULT_DATABASE, write_concern=DURABLE, read_concern=SETTLED)

    async def _create(self) -> None:
        """Make what is not there yet: collections come with their indexes, those without with their first document."""
        for name, indexes in INDEXES.items():
            if indexes:
                await self._database[name].create_indexes([index.model for index in indexes])
