"""Developers, browser sessions and sign-in links in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from fhirstore.store.mongodb.documents import moment
from fhirstore.store.mongodb.failures import unavailable_when_away
from fhirstore.store.sessions import Developer, EmailTakenError, Session, SignInLink


@unavailable_when_away
class MongoSessions:
    """`Sessions` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._developers = database["developers"]
        self._sessions = database["sessions"]
        self._links = database["links"]

    async def add_developer(self, developer: Developer) -> None:
        document = asdict(developer)
        try:
            await self._developers.insert_one({"_id": document.pop("email"), **document})
        except DuplicateKeyError as error:
            raise EmailTakenError from error

    async def developer(self, email: str) -> Developer | None:
        document = await self._developers.find_one({"_id": email})
        return _to_developer(document) if document else None

    async def developers(self) -> Sequence[Developer]:
        cursor = self._developers.find().sort([("created", 1), ("_id", 1)])
        return [_to_developer(document) async for document in cursor]

    async def set_password(self, email: str, password_hash: str) -> bool:
        # First the password: a session that is begun in between was begun with the new one, or is ended below.
        result = await self._developers.update_one({"_id": email}, {"$set": {"password_hash": password_hash}})
        await self._sessions.delete_many({"developer": email})
        return result.matched_count == 1

    async def add_session(self, session: Session) -> None:
        await self._sessions.insert_one(_expiring(asdict(session)))

    async def session(self, hash: str) -> Session | None:
        document = await self._sessions.find_one({"_id": hash})
        return Session(hash, **_members(document)) if document else None

    async def see_session(self, hash: str, now: int) -> None:
        await self._sessions.update_one({"_id": hash}, {"$set": {"seen": now}})

    async def end_session(self, hash: str) -> None:
        await self._sessions.delete_one({"_id": hash})

    async def end_sessions(self, *, developer: str | None = None, user: int | None = None) -> None:
        for name, value in (("developer", developer), ("user", user)):
            if value is not None:
                await self._links.delete_many({name: value})
                await self._sessions.delete_many({name: value})

    async def add_link(self, link: SignInLink) -> None:
        await self._links.insert_one(_expiring(asdict(link)))

    async def link(self, hash: str, now: int) -> SignInLink | None:
        document = await self._links.find_one({"_id": hash, "expires": {"$gt": now}})
        return SignInLink(hash, **_members(document)) if document else None

    async def spend_link(self, hash: str, now: int) -> SignInLink | None:
        link = await self.link(hash, now)
        # Who takes it away has it: of many that read it only one does.
        taken = link and await self._links.delete_one({"_id": hash})
        return link if taken and taken.deleted_count == 1 else None


def _to_developer(document: Mapping[str, Any]) -> Developer:
    return Developer(document["_id"], document["password_hash"], document["created"])


def _expiring(members: dict[str, Any]) -> dict[str, Any]:
    """With the same moment as a date: what the TTL index reads."""
    return {"_id": members.pop("hash"), **members, "expires_at": moment(members["expires"])}


def _members(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in {"_id", "expires_at"}}
