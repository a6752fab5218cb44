"""Everything of one owner, taken out of every collection of MongoDB, a piece at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from fhirstore.store.mongodb.indexes import CURRENT

STEP = 500
_BLANK = ("target", "patient", "version", "request_id", "address")

Collection = AsyncCollection[dict[str, Any]]


async def erase(database: AsyncDatabase[dict[str, Any]], owner: int) -> None:
    resources = database["resources"]
    # Older versions last: what is current is what the others are found by.
    for which in (CURRENT, {}):
        while ids := await _chosen(resources, {"owner": owner, **which}):
            await resources.delete_many({"_id": {"$in": ids}, "owner": owner})
    # That something was done stays; what, and from where, goes.
    events, telling = database["events"], {"$or": [{name: {"$exists": True}} for name in _BLANK]}
    for whose in ("owner", "user"):
        while ids := await _chosen(events, {whose: owner, **telling}):
            await events.update_many({"_id": {"$in": ids}}, {"$unset": dict.fromkeys(_BLANK, "")})


async def _chosen(collection: Collection, matching: Mapping[str, Any]) -> list[Any]:
    cursor = collection.find(matching, {"_id": 1}).limit(STEP)
    return [document["_id"] async for document in cursor]
