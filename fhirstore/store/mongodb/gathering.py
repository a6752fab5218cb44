"""Reads of current versions, gathered: those that come while others are under way share the next round trip.

A round trip costs this process several times what reading one more document in it does. Whatever was acknowledged
before a read came is seen by it, for its round trip begins afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection

from fhirstore.store.mongodb.documents import VERSION_FIELDS

Key = tuple[int, str]
"""An owner, and the `_id` of a document of theirs, which begins with the owner too."""

UNDER_WAY = 2
"""So many round trips at a time: one is on its way to the server while the answer to another is read."""
TOGETHER = 100


class GatheredReads:
    """Belongs to one event loop."""

    def __init__(self, collection: AsyncCollection[dict[str, Any]]) -> None:
        self._collection = collection
        self._waiting: dict[Key, asyncio.Future[Mapping[str, Any] | None]] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    async def read(self, owner: int, id: str) -> Mapping[str, Any] | None:
        """The document of this owner with this `_id`, None where there is none."""
        key = (owner, id)
        found = self._waiting.get(key)
        if found is None:
            found = self._waiting[key] = asyncio.get_running_loop().create_future()
            self._begin()
        # Whoever goes away takes nothing from others who wait for the same.
        return await asyncio.shield(found)

    def _begin(self) -> None:
        if self._waiting and len(self._under_way) < UNDER_WAY:
            task = asyncio.get_running_loop().create_task(self._round_trip())
            self._under_way.add(task)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._begin()

    async def _round_trip(self) -> None:
        asked = {key: self._waiting.pop(key) for key in list(self._waiting)[:TOGETHER]}
        if not asked:
            return
        try:
            found = await self._find(list(asked))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
            for future in asked.values():
                future.set_exception(error)
                future.exception()  # seen, also where nobody waits any more
            return
        for (_, id), future in asked.items():
            future.set_result(found.get(id))

    async def _find(self, keys: list[Key]) -> dict[str, Mapping[str, Any]]:
        fields = {**VERSION_FIELDS, "_id": 1}
        owners, ids = {owner for owner, _ in keys}, [id for _, id in keys]
        one_owner = next(iter(owners)) if len(owners) == 1 else {"$in": list(owners)}
        if len(ids) == 1:
            document = await self._collection.find_one({"_id": ids[0], "owner": one_owner}, fields)
            return {ids[0]: document} if document else {}
        # A batch that might hold more than is asked for is the last, and closes the cursor.
        cursor = self._collection.find({"_id": {"$in": ids}, "owner": one_owner}, fields, batch_size=len(ids) + 1)
        return {document["_id"]: document async for document in cursor}
