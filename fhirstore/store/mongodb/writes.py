"""Versions written: alone by compare-and-set, or many in a transaction with one bulk a collection.

A single write needs no database transaction. An update first puts the old version into `history`, under a key that
makes doing it twice harmless, then replaces the current document where its version is still the one that was read.
A crash between the two leaves a double, which reading drops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure

from fhirstore.caller import Author
from fhirstore.store.contract import Change, Version
from fhirstore.store.mongodb.documents import (
    VERSION_FIELDS,
    from_current,
    from_version,
    history_key,
    resource_key,
    to_version,
)
from fhirstore.store.mongodb.failures import DUPLICATE_KEY, WRITE_CONFLICT
from fhirstore.store.scope import Scope

Collection = AsyncCollection[dict[str, Any]]


class Writes:
    """Writes in one scope; with a session, inside its transaction.

    `met` are keys that were said to be fresh and were not: it is kept while a transaction is run again.
    """

    def __init__(
        self,
        scope: Scope,
        resources: Collection,
        history: Collection,
        author: Author | None = None,
        session: AsyncClientSession | None = None,
        met: set[str] | None = None,
    ) -> None:
        self._scope = scope
        self._resources = resources
        self._history = history
        self._author = author
        self._session = session
        self._met = set() if met is None else met

    def is_fresh(self, change: Change) -> bool:
        return change.fresh and self._key(change) not in self._met

    async def write(self, current: Version | None, new: Version) -> bool:
        """Make `new` the successor of `current`; False where another writer came first."""
        return await (self._insert(new) if current is None else self._replace(current, new))

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
        await self._replace_all(renewed)
        return made

    async def _current(self, keys: Sequence[str]) -> dict[str, Version]:
        if not keys:
            return {}
        asked = {"_id": {"$in": list(keys)}, "owner": self._scope.owner}
        cursor = self._resources.find(asked, {**VERSION_FIELDS, "_id": 1}, session=self._session)
        return {document["_id"]: to_version(document) async for document in cursor}

    async def _insert_all(self, new: Sequence[Version]) -> None:
        if not new:
            return
        try:
            await self._resources.insert_many([from_current(self._scope, each) for each in new], session=self._session)
        except BulkWriteError as error:
            if all(each.get("code") != DUPLICATE_KEY for each in error.details["writeErrors"]):
                raise
            self._met.update(self._key(each) for each in new)
            raise _conflict() from error

    async def _replace_all(self, renewed: Sequence[tuple[Version, Version]]) -> None:
        if not renewed:
            return
        olds = [self._remembered(*pair) for pair in renewed]
        await self._history.bulk_write(
            [ReplaceOne({"_id": old["_id"]}, old, upsert=True) for old in olds], ordered=False, session=self._session
        )
        news = [(before.number, from_current(self._scope, after)) for before, after in renewed]
        replaced = await self._resources.bulk_write(
            [ReplaceOne({"_id": new["_id"], "number": number}, new) for number, new in news],
            ordered=False,
            session=self._session,
        )
        if replaced.matched_count != len(news):
            raise _conflict()

    async def _insert(self, new: Version) -> bool:
        try:
            await self._resources.insert_one(from_current(self._scope, new), session=self._session)
        except DuplicateKeyError as error:
            self._met.add(self._key(new))
            if self._session is not None:  # which the server has already ended
                raise _conflict() from error
            return False
        return True

    async def _replace(self, current: Version, new: Version) -> bool:
        old = self._remembered(current, new)
        await self._history.replace_one({"_id": old["_id"]}, old, upsert=True, session=self._session)
        document = from_current(self._scope, new)
        replaced = await self._resources.replace_one(
            {"_id": document["_id"], "number": current.number}, document, session=self._session
        )
        return replaced.matched_count == 1

    def _remembered(self, old: Version, new: Version) -> dict[str, Any]:
        key = history_key(self._scope, old.type, old.id, old.number)
        return {**from_version(key, self._scope, old), "ended": new.updated}

    def _key(self, it: Change | Version) -> str:
        return resource_key(self._scope, it.type, it.id)


def _conflict() -> OperationFailure:
    """Has the driver run the transaction again, with what the other writer left in sight."""
    labels = {"errorLabels": ["TransientTransactionError"]}
    return OperationFailure("Another writer came first.", WRITE_CONFLICT, labels)
