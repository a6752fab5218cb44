"""What applications did, counted in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from fhirstore.store.mongodb.documents import moment
from fhirstore.store.mongodb.failures import tried_again, unavailable_when_away
from fhirstore.store.usage import HOUR, KEPT_HOURS, Counted


@unavailable_when_away
class MongoUsageCounts:
    """`UsageCounts` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._usage = database["usage"]

    async def add(self, counts: Mapping[Counted, int]) -> None:
        for counted, count in counts.items():
            id, change = "/".join(map(str, counted)), _change(counted, count)
            await tried_again(partial(self._usage.update_one, {"_id": id}, change, upsert=True))

    async def since(self, client_id: str, hour: int) -> Sequence[tuple[Counted, int]]:
        cursor = self._usage.find({"client_id": client_id, "hour": {"$gte": hour}}).sort([("hour", 1), ("kind", 1)])
        return [(Counted(client_id, int(row["hour"]), row["kind"]), int(row["count"])) async for row in cursor]


def _change(counted: Counted, count: int) -> dict[str, Any]:
    until = {"expires_at": moment((counted.hour + KEPT_HOURS) * HOUR)}
    return {"$inc": {"count": count}, "$setOnInsert": {**counted._asdict(), **until}}
