"""How much each owner has, in MongoDB: counted along the index that has keys and types in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from fhirstore.store.mongodb.documents import THERE
from fhirstore.store.mongodb.failures import unavailable_when_away
from fhirstore.store.mongodb.indexes import CURRENT


@unavailable_when_away
class MongoHoldings:
    """`Holdings` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._resources = database["resources"]

    async def counts(self, owner: int) -> Mapping[str, int]:
        pipeline: list[dict[str, Any]] = [
            {"$match": {"owner": owner, **CURRENT, "keys": THERE}},
            {"$group": {"_id": "$type", "count": {"$sum": 1}}},
        ]
        found = {row["_id"]: int(row["count"]) async for row in await self._resources.aggregate(pipeline)}
        return dict(sorted(found.items()))
