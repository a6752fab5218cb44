"""What comes while other round trips are under way, gathered into the next: reads of current versions, and creates.

A round trip costs this process several times what one more document in it does. Whatever was acknowledged before a read
came is seen by it, for its round trip begins afterwards; a create is acknowledged once its own has ended.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, WriteError

from fhirstore.store.mongodb.documents import VERSION_FIELDS
from fhirstore.store.mongodb.failures import CAME_FIRST

Collection = AsyncCollection[dict[str, Any]]
Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")
Key = tuple[int, str]
"""An owner, and the `_id` of a document of theirs, which begins with the owner too."""

UNDER_WAY = 2
"""So many round trips at a time: one is on its way to the server while the answer to another is read."""
TOGETHER = 100
LARGE = 1_000_000
"""A document of so many bytes goes alone: small ones need not wait for it."""


class Gathered(ABC, Generic[Asked, Answer]):
    """Belongs to one event loop."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._waiting: dict[Asked, asyncio.Future[Answer]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def _answer(self, asked: Asked) -> Answer:
        answer = self._waiting.get(asked)
        if answer is None:
            answer = self._waiting[asked] = asyncio.get_running_loop().create_future()
            self._begin()
        # Whoever goes away takes nothing from others who wait for the same.
        return await asyncio.shield(answer)

    @abstractmethod
    async def _ask(self, asked: Sequence[Asked]) -> Sequence[Answer | Exception]:
        """One round trip, and its outcome for each; what it raises is the outcome for all."""

    def _begin(self) -> None:
        if self._waiting and len(self._under_way) < UNDER_WAY:
            task = asyncio.get_running_loop().create_task(self._round_trip())
            self._under_way.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()

    async def _round_trip(self) -> None:
        asked = list(self._waiting)[:TOGETHER]
        waiting = [self._waiting.pop(each) for each in asked]
        if not asked:
            return
        try:
            outcomes = await self._ask(asked)
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
            outcomes = [error] * len(asked)
        for answer, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
                answer.exception()  # seen, also where nobody waits any more
            else:
                answer.set_result(outcome)


class GatheredReads(Gathered[Key, Mapping[str, Any] | None]):
    """Documents by owner and `_id`; None where there is none."""

    async def read(self, owner: int, id: str) -> Mapping[str, Any] | None:
        return await self._answer((owner, id))

    async def _ask(self, asked: Sequence[Key]) -> Sequence[Mapping[str, Any] | None]:
        fields = {**VERSION_FIELDS, "_id": 1}
        owners, ids = {owner for owner, _ in asked}, [id for _, id in asked]
        one_owner = next(iter(owners)) if len(owners) == 1 else {"$in": list(owners)}
        if len(ids) == 1:
            return [await self._collection.find_one({"_id": ids[0], "owner": one_owner}, fields)]
        # A batch that might hold more than is asked for is the last, and closes the cursor.
        cursor = self._collection.find({"_id": {"$in": ids}, "owner": one_owner}, fields, batch_size=len(ids) + 1)
        found = {document["_id"]: document async for document in cursor}
        return [found.get(id) for id in ids]


class Create:
    """A document on its way, itself and no other."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        # Encoded here, so that one that cannot be is no other's failure.
        self.document = RawBSONDocument(bson.encode(document))


class GatheredCreates(Gathered[Create, bool]):
    """New documents, each with an outcome of its own."""

    async def create(self, document: Mapping[str, Any]) -> bool:
        """Put a document where none is; False where there is one."""
        create = Create(document)
        alone = len(create.document.raw) > LARGE
        outcome = (await self._ask([create]))[0] if alone else await self._answer(create)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _ask(self, asked: Sequence[Create]) -> Sequence[bool | Exception]:
        outcomes: list[bool | Exception] = [True] * len(asked)
        try:
            await self._collection.insert_many([each.document for each in asked], ordered=False)
        except BulkWriteError as error:
            if error.details["writeConcernErrors"]:
                raise
            for failure in error.details["writeErrors"]:
                # Only its own: the details of all hold the documents of others.
                own = WriteError(failure["errmsg"], failure["code"])
                outcomes[failure["index"]] = False if own.code in CAME_FIRST else own
        return outcomes
