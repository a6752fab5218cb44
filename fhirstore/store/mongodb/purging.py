"""Resources removed from MongoDB, their older versions first: what is left after a crash can be purged again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from fhirstore.store.mongodb.documents import FOREVER, resource_key
from fhirstore.store.mongodb.failures import unavailable_when_away
from fhirstore.store.scope import Scope


@unavailable_when_away
class MongoPurging:
    """`Purging` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._resources = database["resources"]

    async def purge(self, scope: Scope, keys: Sequence[tuple[str, str]]) -> int:
        gone = 0
        for type in sorted({type for type, _ in keys}):
            ids = [id for other, id in keys if other == type]
            of_type = {"owner": scope.owner, "type": type, "id": {"$in": ids}}
            older = await self._resources.delete_many({**of_type, "ended": {"$lt": FOREVER}})
            current = [resource_key(scope, type, id) for id in ids]
            last = await self._resources.delete_many({"_id": {"$in": current}, "owner": scope.owner})
            gone += older.deleted_count + last.deleted_count
        return gone
