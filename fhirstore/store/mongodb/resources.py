"""Resources in MongoDB: one document a resource, with its entries, and one for each older version beside it.

All stand in one collection, which makes an update one command, and history one query: see `writes`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from fhirstore.caller import Author
from fhirstore.errors import Unavailable
from fhirstore.search.plan import Plan
from fhirstore.store.contract import Change, Found, HistoryPage, HistoryPlace, HistoryQuery, Page, Resources, Version
from fhirstore.store.mongodb.documents import FOREVER, THERE, VERSION_FIELDS, older_key, resource_key, to_version
from fhirstore.store.mongodb.failures import unavailable_when_away
from fhirstore.store.mongodb.find import find
from fhirstore.store.mongodb.gathering import GatheredCreates, GatheredReads
from fhirstore.store.mongodb.writes import Writes
from fhirstore.store.scope import Scope

Result = TypeVar("Result")
Database = AsyncDatabase[dict[str, Any]]
Collection = AsyncCollection[dict[str, Any]]

IN_TIME = ("updated", "type", "id", "number")
TRANSACTION_SECONDS = 60
DURABLE = WriteConcern("majority", j=True)
SETTLED = ReadConcern("majority")

_ILLEGAL_OPERATION = 20  # "Transaction numbers are only allowed on a replica set member or mongos"


@unavailable_when_away
class MongoResources:
    """`Resources` of one scope; with a session, those inside that session's transaction; with `reads` and `creates`,
    current versions are read, and new resources written, together with those of others."""

    def __init__(
        self,
        scope: Scope,
        resources: Collection,
        author: Author | None = None,
        session: AsyncClientSession | None = None,
        met: set[str] | None = None,
        reads: GatheredReads | None = None,
        creates: GatheredCreates | None = None,
    ) -> None:
        self._scope = scope
        self._reads = reads
        self._author = author
        self._session = session
        self._resources = resources
        self._writes = Writes(scope, self._resources, author, session, met, creates)

    async def current(self, type: str, id: str) -> Version | None:
        key = resource_key(self._scope, type, id)
        if self._reads is None:
            return await self._get({"_id": key})
        document = await self._reads.read(self._scope.owner, key)
        return to_version(document) if document else None

    async def version(self, type: str, id: str, number: int) -> Version | None:
        keys = [resource_key(self._scope, type, id), older_key(self._scope, type, id, number)]
        # In this order, which is that of `_id`: an update moves versions from the first to the second, never back.
        return await self._get({"_id": {"$in": keys}, "number": number}, [("_id", 1)])

    async def history(self, query: HistoryQuery) -> HistoryPage:
        matching = self._matching(query)
        versions = await self._first(matching, query)
        total = await self._total(query, matching, versions) if query.total else 0
        return HistoryPage(versions[: query.count], total, len(versions) > query.count)

    async def find(self, plan: Plan, page: Page) -> Found:
        return await find(self._resources, self._scope, self._session, plan, page)

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        wanted = [resource_key(self._scope, type_, id_) for type_, id_ in keys]
        asked = {"_id": {"$in": wanted}, "owner": self._scope.owner, "keys": THERE}
        fields = {**VERSION_FIELDS, "_id": 1}
        cursor = self._resources.find(asked, fields, session=self._session, batch_size=len(wanted) + 1)
        found = {document["_id"]: to_version(document) async for document in cursor}
        return [found[key] for key in wanted if key in found]

    async def change(self, change: Change) -> Version | None:
        current = None if self._writes.is_fresh(change) else await self.current(change.type, change.id)
        while True:
            decided = change.decide(current)
            if decided is None:
                return current
            following = decided.by(self._author)
            if await self._writes.write(current, following):
                return following
            current = await self.current(change.type, change.id)

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        async def work(inside: Resources) -> Sequence[Version | None]:
            assert isinstance(inside, MongoResources)
            return await inside._writes.make(changes)

        return await self.transact(work)

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        if self._session is not None:
            return await work(self)

        met: set[str] = set()

        async def locked(session: AsyncClientSession) -> Result:
            for lock in sorted(set(locks)):
                await self._lock(lock, session)
            return await work(MongoResources(self._scope, self._resources, self._author, session, met))

        try:
            async with self._resources.database.client.start_session() as session:
                return await session.with_transaction(
                    locked,
                    read_concern=ReadConcern("snapshot"),
                    write_concern=DURABLE,
                    max_commit_time_ms=TRANSACTION_SECONDS * 1000,
                )
        except OperationFailure as error:
            if error.code == _ILLEGAL_OPERATION:
                raise Unavailable(
                    "This MongoDB server is not a member of a replica set, so it has no transactions."
                ) from error
            raise

    async def _lock(self, name: str, session: AsyncClientSession) -> None:
        """Touch a row that others with the same lock touch too: the later ones conflict, and are run again."""
        key = hashlib.sha256(f"{self._scope.owner}/{name}".encode()).hexdigest()
        # The date is what the TTL index reads: a lock is worth nothing once its transaction is over.
        touch = {"$set": {"at": datetime.now(UTC)}, "$inc": {"times": 1}}
        await self._resources.database["locks"].update_one({"_id": key}, touch, upsert=True, session=session)

    async def _get(self, which: dict[str, Any], order: Sequence[tuple[str, int]] | None = None) -> Version | None:
        asked = {**which, "owner": self._scope.owner}
        document = await self._resources.find_one(asked, VERSION_FIELDS, sort=order, session=self._session)
        return to_version(document) if document else None

    def _matching(self, query: HistoryQuery) -> dict[str, Any]:
        matching: dict[str, Any] = {"owner": self._scope.owner}
        if query.type is not None:
            matching["type"] = query.type
        if query.id is not None:
            matching["id"] = query.id
        moments = {"$gte": query.since, "$lt": query.before}
        if limits := {operator: moment for operator, moment in moments.items() if moment is not None}:
            matching["updated"] = limits
        if query.until is not None:
            matching["ended"] = {"$gt": query.until}
        return matching

    async def _first(self, matching: dict[str, Any], query: HistoryQuery) -> list[Version]:
        """The first versions in the order asked for, one more than asked for.

        A version that an interrupted update left twice stands beside its double, and counts once.
        """
        of_one = {"type", "id"} if query.id is not None else set()
        order = [(name, 1 if query.oldest_first else -1) for name in IN_TIME if name not in of_one]
        found: dict[tuple[str, str, int], Version] = {}
        place = query.after
        while True:
            page = matching if place is None else {"$and": [matching, _beyond(place, query)]}
            size = query.count + 1
            cursor = self._resources.find(
                page, VERSION_FIELDS, session=self._session, sort=order, limit=size, batch_size=size
            )
            read = [to_version(document) async for document in cursor]
            found |= {(each.type, each.id, each.number): each for each in read}
            if len(read) <= query.count or len(found) > query.count:
                return list(found.values())
            place = HistoryPlace(read[-1].updated, read[-1].type, read[-1].id, read[-1].number)

    async def _total(self, query: HistoryQuery, matching: dict[str, Any], versions: Sequence[Version]) -> int:
        """Exact although there may be doubles: versions have no holes, so the current numbers add up."""
        if query.after is None and len(versions) <= query.count:
            return len(versions)
        if query.since is None and query.before is None and query.until is None:
            total = {"$group": {"_id": None, "total": {"$sum": "$number"}}}
            steps = [{"$match": {**matching, "ended": FOREVER}}, total]
            cursor = await self._resources.aggregate(steps, session=self._session)
            return sum([int(group["total"]) async for group in cursor])
        names = {"_id": 0, "type": 1, "id": 1, "number": 1}
        named = self._resources.find(matching, names, session=self._session)
        return len({(each["type"], each["id"], each["number"]) async for each in named})


def _beyond(place: HistoryPlace, query: HistoryQuery) -> dict[str, Any]:
    """What comes after a place in the order asked for, as MongoDB has no comparison of tuples."""
    fields, beyond = [(name, getattr(place, name)) for name in IN_TIME], "$gt" if query.oldest_first else "$lt"
    return {
        "$or": [{**dict(fields[:position]), name: {beyond: value}} for position, (name, value) in enumerate(fields)]
    }
