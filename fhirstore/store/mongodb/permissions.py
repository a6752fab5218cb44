"""Permissions in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from fhirstore.store.mongodb.failures import unavailable_when_away
from fhirstore.store.permissions import Permission


@unavailable_when_away
class MongoPermissions:
    """`Permissions` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._permissions = database["permissions"]

    async def give(self, permission: Permission) -> None:
        fields = {field: getattr(permission, field) for field in Permission.__slots__}
        name = _key(permission.owner, permission.patient, permission.recipient)
        with suppress(DuplicateKeyError):
            await self._permissions.insert_one({"_id": name, **fields})

    async def take_back(self, owner: int, patient: str, recipient: int) -> bool:
        taken = await self._permissions.delete_one({"_id": _key(owner, patient, recipient)})
        return taken.deleted_count == 1

    async def given(self, owner: int) -> Sequence[Permission]:
        return await self._oldest_first({"owner": owner})

    async def received(self, recipient: int) -> Sequence[Permission]:
        return await self._oldest_first({"recipient": recipient})

    async def _oldest_first(self, matching: Mapping[str, Any]) -> Sequence[Permission]:
        order = [("since", 1), ("owner", 1), ("patient", 1), ("recipient", 1)]
        cursor = self._permissions.find(matching, {"_id": 0}).sort(order)
        return [Permission(**document) async for document in cursor]


def _key(owner: int, patient: str, recipient: int) -> str:
    return f"{owner}/{patient}/{recipient}"
