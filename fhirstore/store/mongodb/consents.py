"""Consents and launches in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from fhirstore.store.consents import Consent, Launch
from fhirstore.store.mongodb.documents import moment
from fhirstore.store.mongodb.failures import tried_again, unavailable_when_away


@unavailable_when_away
class MongoConsents:
    """`Consents` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._consents = database["consents"]
        self._launches = database["launches"]
        self._tokens = database["tokens"]

    async def allow(self, consent: Consent, *, anew: bool = False) -> None:
        given = {"user": consent.user, "client_id": consent.client_id, "patient": consent.patient}
        document = {field: getattr(consent, field) for field in Consent.__slots__}
        name = {"_id": _key(consent.user, consent.client_id, consent.patient)}
        if anew:
            await self._forget_tokens(given)
        await tried_again(lambda: self._consents.replace_one(name, document, upsert=True))

    async def consent(self, user: int, client_id: str, patient: str | None) -> Consent | None:
        document = await self._consents.find_one({"_id": _key(user, client_id, patient)})
        return _to_consent(document) if document else None

    async def consents(self, user: int) -> Sequence[Consent]:
        cursor = self._consents.find({"user": user}).sort([("since", 1), ("client_id", 1), ("patient", 1)])
        return [_to_consent(document) async for document in cursor]

    async def note_use(self, consent: Consent, now: int) -> None:
        name = {"_id": _key(consent.user, consent.client_id, consent.patient)}
        await self._consents.update_one(name, {"$set": {"used": now}})

    async def withdraw(self, user: int, client_id: str) -> bool:
        given = {"user": user, "client_id": client_id}
        consents = await self._consents.delete_many(given)
        return await self._forget_tokens(given) + consents.deleted_count > 0

    async def _forget_tokens(self, given: Mapping[str, Any]) -> int:
        # Twice, for what an exchange adds at this moment: it looks afterwards whether its own token is still there.
        rounds = [await self._tokens.delete_many({**given, "consented": True}) for _ in range(2)]
        return sum(result.deleted_count for result in rounds)

    async def add_launch(self, launch: Launch, now: int) -> None:
        document = {field: getattr(launch, field) for field in Launch.__slots__ if field != "hash"}
        # The same moment as a date: what the TTL index reads.
        await self._launches.insert_one({"_id": launch.hash, **document, "expires_at": moment(launch.expires)})

    async def launch(self, hash: str) -> Launch | None:
        return _to_launch(await self._launches.find_one({"_id": hash}))

    async def take_launch(self, hash: str) -> Launch | None:
        found = await self.launch(hash)
        taken = await tried_again(lambda: self._launches.delete_one({"_id": hash}))
        return found if taken.deleted_count == 1 else None


def _key(user: int, client_id: str, patient: str | None) -> str:
    return f"{user}/{client_id}/{patient or ''}"


def _to_consent(document: Mapping[str, Any]) -> Consent:
    return Consent(**{name: document[name] for name in Consent.__slots__})


def _to_launch(document: Mapping[str, Any] | None) -> Launch | None:
    if document is None:
        return None
    fields = {name: document[name] for name in Launch.__slots__ if name != "hash"}
    return Launch(document["_id"], **fields)
