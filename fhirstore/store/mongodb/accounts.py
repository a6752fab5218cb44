"""Applications, users and tokens in MongoDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from fhirstore.store.accounts import (
    Application,
    AppUserIdTakenError,
    NewUser,
    Token,
    User,
    UserPage,
    UserQuery,
)
from fhirstore.store.mongodb.documents import (
    from_application,
    from_token,
    from_user,
    to_application,
    to_token,
    to_user,
)
from fhirstore.store.mongodb.failures import unavailable_when_away


@unavailable_when_away
class MongoAccounts:
    """`Accounts` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._applications = database["applications"]
        self._users = database["users"]
        self._tokens = database["tokens"]
        self._counters = database["counters"]

    async def add_application(self, application: Application) -> None:
        await self._applications.insert_one(from_application(application))

    async def application(self, client_id: str) -> Application | None:
        document = await self._applications.find_one({"_id": client_id})
        return to_application(document) if document else None

    async def applications(self) -> Sequence[Application]:
        cursor = self._applications.find().sort([("created", 1), ("_id", 1)])
        return [to_application(document) async for document in cursor]

    async def replace_secret(self, client_id: str, secret_hash: str) -> bool:
        result = await self._applications.update_one({"_id": client_id}, {"$set": {"secret_hash": secret_hash}})
        return result.matched_count == 1

    async def add_user(self, new: NewUser) -> User:
        user = User(await self._next_user_id(), new.hex_id, new.client_id, new.app_user_id, new.active, new.created)
        try:
            await self._users.insert_one(from_user(user))
        except DuplicateKeyError as error:
            raise AppUserIdTakenError from error
        return user

    async def user(self, id: int) -> User | None:
        document = await self._users.find_one({"_id": id})
        return to_user(document) if document else None

    async def users(self, query: UserQuery) -> UserPage:
        matching: dict[str, Any] = {"client_id": query.client_id}
        if query.app_user_id is not None:
            matching["app_user_id"] = query.app_user_id
        if query.id is not None:
            matching["_id"] = query.id
        cursor = self._users.find(matching).sort("_id", 1).skip(query.skip).limit(query.count)
        users = [to_user(document) async for document in cursor]
        return UserPage(users, await self._users.count_documents(matching))

    async def replace_user(self, user: User) -> bool:
        try:
            result = await self._users.update_one(
                {"_id": user.id, "client_id": user.client_id},
                {"$set": {"app_user_id": user.app_user_id, "active": user.active}},
            )
        except DuplicateKeyError as error:
            raise AppUserIdTakenError from error
        return result.matched_count == 1

    async def add_tokens(self, tokens: Sequence[Token]) -> None:
        await self._tokens.insert_many([from_token(token) for token in tokens])

    async def token(self, hash: str) -> Token | None:
        document = await self._tokens.find_one({"_id": hash})
        return to_token(document) if document else None

    async def exchange_token(self, hash: str, now: int, tokens: Sequence[Token], grace: int = 0) -> bool:
        first = await self._tokens.update_one({"_id": hash, "spent": None}, {"$set": {"spent": now}})
        again = {"_id": hash, "spent": {"$gt": now - grace}}
        if first.matched_count == 0 and (not grace or await self._tokens.find_one(again) is None):
            return False
        await self.add_tokens(tokens)
        return True

    async def forget_expired_tokens(self, now: int) -> None:
        # The TTL index does the same every minute; this is for those who cannot wait.
        await self._tokens.delete_many({"expires": {"$lt": now}})

    async def _next_user_id(self) -> int:
        counter = await self._counters.find_one_and_update(
            {"_id": "users"}, {"$inc": {"value": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        assert counter is not None
        return int(counter["value"])
