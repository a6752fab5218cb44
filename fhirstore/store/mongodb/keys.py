"""The server's keys in MongoDB."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from fhirstore.store.mongodb.failures import unavailable_when_away


@unavailable_when_away
class MongoKeys:
    """`Keys` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._keys = database["keys"]

    async def key(self, name: str) -> bytes | None:
        found = await self._keys.find_one({"_id": name})
        return bytes(found["value"]) if found else None

    async def keep(self, name: str, made: bytes) -> bytes:
        with suppress(DuplicateKeyError):  # another process was first
            await self._keys.update_one({"_id": name}, {"$setOnInsert": {"value": made}}, upsert=True)
        found = await self._keys.find_one({"_id": name})
        assert found is not None
        return bytes(found["value"])
