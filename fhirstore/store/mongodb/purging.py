"""Resources removed from MongoDB, their older versions first: what is left after a crash can be purged again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from fhirstore.store.mongodb.documents import resource_key
from fhirstore.store.mongodb.failures import unavailable_when_away
from fhirstore.store.scope import Scope


@unavailable_when_away
class MongoPurging:
    """`Purging` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._resources = database["resources"]
        self._history = database["history"]

    async def purge(self, scope: Scope, keys: Sequence[tuple[str, str]]) -> int:
        gone = 0
        for type, id in keys:
            older = await self._history.delete_many({"owner": scope.owner, "type": type, "id": id})
            current = await self._resources.delete_one({"_id": resource_key(scope, type, id), "owner": scope.owner})
            gone += older.deleted_count + current.deleted_count
        return gone
