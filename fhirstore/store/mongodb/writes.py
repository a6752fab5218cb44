"""Versions written: alone by compare-and-set, or many in a transaction with one bulk a collection.

A single write needs no database transaction. An update first puts the old version beside the current one, under a key
that makes doing it twice harmless, then replaces the current one where its version is still the one that was read. A
crash between the two leaves a double, which reading drops. Both are updates of one collection, and so one command,
whose parts are made in their order: an update takes two round trips, one to read what it follows from, one to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

from fhirstore.caller import Author
from fhirstore.store.contract import Change, Version
from fhirstore.store.mongodb.documents import (
    VERSION_FIELDS,
    from_current,
    from_version,
    older_key,
    resource_key,
    to_version,
)
from fhirstore.store.mongodb.failures import CAME_FIRST, WRITE_CONFLICT, codes_of
from fhirstore.store.mongodb.gathering import GatheredCreates
from fhirstore.store.scope import Scope

Collection = AsyncCollection[dict[str, Any]]


class Writes:
    """Writes in one scope; with a session, inside its transaction; with `creates`, new resources are written together
    with those of others.

    `met` are keys that were said to be fresh and were not: it is kept while a transaction is run again.
    """

    def __init__(
        self,
        scope: Scope,
        resources: Collection,
        author: Author | None = None,
        session: AsyncClientSession | None = None,
        met: set[str] | None = None,
        creates: GatheredCreates | None = None,
    ) -> None:
        self._scope = scope
        self._resources = resources
        self._author = author
        self._session = session
        self._met = set() if met is None else met
        self._creates = creates

    def is_fresh(self, change: Change) -> bool:
        return change.fresh and self._key(change) not in self._met

    async def write(self, current: Version | None, new: Version) -> bool:
        """Make `new` the successor of `current`; False where another writer came first."""
        try:
            if current is not None:
                return await self._replace_all([(current, new)])
            document = from_current(self._scope, new)
            if self._creates is not None:
                return await self._creates.create(document)
            await self._resources.insert_one(document, session=self._session)
        except (DuplicateKeyError, BulkWriteError) as error:
            _check_met(error)
            self._met.add(self._key(new))
            if self._session is not None:  # which the server has already ended
                raise _conflict() from error
            return False
        return True

    async def make(self, changes: Sequence[Change]) -> list[Version | None]:
        """Several changes of different resources, inside a transaction."""
        current = await self._current([self._key(change) for change in changes if not self.is_fresh(change)])
        made: list[Version | None] = []
        new: list[Version] = []
        renewed: list[tuple[Version, Version]] = []
        for change in changes:
            before = current.get(self._key(change))
            decided = change.decide(before)
            following = decided and decided.by(self._author)
            made.append(before if following is None else following)
            if following is not None and before is None:
                new.append(following)
            elif following is not None and before is not None:
                renewed.append((before, following))
        await self._insert_all(new)
        if renewed and not await self._replace_all(renewed):
            raise _conflict()
        return made

    async def _current(self, keys: Sequence[str]) -> dict[str, Version]:
        if not keys:
            return {}
        asked = {"_id": {"$in": list(keys)}, "owner": self._scope.owner}
        fields = {**VERSION_FIELDS, "_id": 1}
        cursor = self._resources.find(asked, fields, session=self._session, batch_size=len(keys) + 1)
        return {document["_id"]: to_version(document) async for document in cursor}

    async def _insert_all(self, new: Sequence[Version]) -> None:
        if not new:
            return
        try:
            await self._resources.insert_many([from_current(self._scope, each) for each in new], session=self._session)
        except BulkWriteError as error:
            _check_met(error)
            self._met.update(self._key(each) for each in new)
            raise _conflict() from error

    async def _replace_all(self, renewed: Sequence[tuple[Version, Version]]) -> bool:
        """Whether all were still what was read; a transaction ends here where one was not."""
        kept = [self._kept(*pair) for pair in renewed]
        replaced = [ReplaceOne(self._still(old), from_current(self._scope, new)) for old, new in renewed]
        done = await self._resources.bulk_write([*kept, *replaced], session=self._session)
        # Each that is kept was there or is now: what is beyond their number was replaced.
        return done.matched_count + done.upserted_count == len(kept) + len(replaced)

    def _still(self, old: Version) -> dict[str, Any]:
        return {"_id": self._key(old), "owner": self._scope.owner, "number": old.number}

    def _kept(self, old: Version, new: Version) -> UpdateOne:
        """An older version beside the current one.

        Of two writers that are about to replace it, neither knows who will: it ends with the later, so that at no
        moment there is nothing.
        """
        key = older_key(self._scope, old.type, old.id, old.number)
        kept = {"$setOnInsert": from_version(old), "$max": {"ended": new.updated}}
        return UpdateOne({"_id": key, "owner": self._scope.owner}, kept, upsert=True)

    def _key(self, it: Change | Version) -> str:
        return resource_key(self._scope, it.type, it.id)


def _check_met(error: DuplicateKeyError | BulkWriteError) -> None:
    """Raises the error again unless all of it is that another writer came first."""
    if not codes_of(error) <= CAME_FIRST:
        raise error


def _conflict() -> OperationFailure:
    """Has the driver run the transaction again, with what the other writer left in sight."""
    labels = {"errorLabels": ["TransientTransactionError"]}
    return OperationFailure("Another writer came first.", WRITE_CONFLICT, labels)
