"""Applications, users and tokens in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from fhirstore.store.accounts import (
    LAST_CHARACTER,
    Application,
    AppUserIdTakenError,
    NewUser,
    Token,
    User,
    UserChange,
    UserPage,
    UserQuery,
    Window,
)
from fhirstore.store.mongodb.documents import (
    from_application,
    from_profile,
    from_token,
    from_user,
    moment,
    to_application,
    to_token,
    to_user,
)
from fhirstore.store.mongodb.failures import tried_again, unavailable_when_away


@unavailable_when_away
class MongoAccounts:
    """`Accounts` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._applications = database["applications"]
        self._users = database["users"]
        self._tokens = database["tokens"]
        self._consents = database["consents"]
        self._permissions = database["permissions"]
        self._launches = database["launches"]
        self._windows = database["windows"]
        self._counters = database["counters"]
        self._browsers = (database["links"], database["sessions"])

    async def add_application(self, application: Application) -> None:
        await self._applications.insert_one(from_application(application))

    async def application(self, client_id: str) -> Application | None:
        return await self._application({"_id": client_id})

    async def application_of_organization(self, organization_id: str) -> Application | None:
        return await self._application({"organization_id": organization_id})

    async def application_of_organization_token(self, token_hash: str) -> Application | None:
        fields = ("organization_token_hash", "previous_organization_token_hash")
        return await self._application({"$or": [{field: token_hash} for field in fields]})

    async def applications(self) -> Sequence[Application]:
        cursor = self._applications.find().sort([("created", 1), ("_id", 1)])
        return [to_application(document) async for document in cursor]

    async def applications_of(self, developer: str) -> Sequence[Application]:
        cursor = self._applications.find({"developer": developer}).sort([("created", 1), ("_id", 1)])
        return [to_application(document) async for document in cursor]

    async def replace_application(self, application: Application) -> bool:
        result = await self._applications.replace_one({"_id": application.client_id}, from_application(application))
        return result.matched_count == 1

    async def add_user(self, new: NewUser) -> User:
        id = await self._next_user_id()
        user = User(id, new.hex_id, new.client_id, new.app_user_id, new.active, new.created, new.profile)
        try:
            await self._users.insert_one(from_user(user))
        except DuplicateKeyError as error:
            raise AppUserIdTakenError from error
        return user

    async def user(self, id: int) -> User | None:
        document = await self._users.find_one({"_id": id, "deleted": None})
        return to_user(document) if document else None

    async def users(self, query: UserQuery) -> UserPage:
        matching = _matching(query)
        cursor = self._users.find(matching).sort("_id", 1).skip(query.skip).limit(query.count)
        users = [to_user(document) async for document in cursor]
        return UserPage(users, await self._users.count_documents(matching))

    async def change_user(self, user: User, change: UserChange) -> bool:
        fields = {**asdict(change), "profile": from_profile(change.profile)}
        following = {name: value for name, value in fields.items() if value is not None}
        try:
            # Also where there is nothing to change: MongoDB refuses an empty $set.
            result = await self._users.update_one(_present(user), {"$set": {**following, "hex_id": user.hex_id}})
        except DuplicateKeyError as error:
            raise AppUserIdTakenError from error
        if change.active is False and result.matched_count == 1:
            await self._sign_out(user)
        return result.matched_count == 1

    async def see_user(self, id: int, now: int) -> None:
        await self._users.update_one({"_id": id}, {"$set": {"seen": now}})

    async def remove_user(self, user: User, now: int) -> bool:
        # No name has a line break, so this one takes none that another user could want.
        mark = {"deleted": now, "active": False, "profile": None, "app_user_id": "\n" + user.hex_id}
        result = await self._users.update_one(_present(user), {"$set": mark})
        for held in (self._tokens, self._consents, self._launches):
            await held.delete_many({"user": user.id})
        await self._permissions.delete_many({"$or": [{"owner": user.id}, {"recipient": user.id}]})
        await self._sign_out(user)
        return result.matched_count == 1

    async def removed_users(self, before: int) -> Sequence[int]:
        return [document["_id"] async for document in self._users.find({"deleted": {"$lt": before}}, {"_id": 1})]

    async def forget_removed_user(self, id: int) -> None:
        await self._users.delete_one({"_id": id, "deleted": {"$ne": None}})

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
        # Whoever revokes the family meanwhile has taken the spent token away, and relies on this: see there.
        if await self._tokens.find_one({"_id": hash}) is None:
            await self._tokens.delete_many({"_id": {"$in": [token.hash for token in tokens]}})
        return True

    async def replace_lasting_token(self, token: Token) -> None:
        await self._tokens.delete_many({"user": token.user, "kind": "lasting"})
        await self._tokens.insert_one(from_token(token))

    async def revoke_token(self, hash: str) -> None:
        await self._tokens.delete_one({"_id": hash})

    async def revoke_family(self, family: str) -> None:
        # An exchange that is under way either finds its spent token gone, and takes away what it added, or had added
        # it before the end of the first round: the second takes it.
        for _ in range(2):
            await self._tokens.delete_many({"family": family})

    async def count(self, key: str, now: int, span: int) -> Window:
        is_open = {"$gt": ["$ends", now]}
        following = {
            "count": {"$cond": [is_open, {"$add": ["$count", 1]}, 1]},
            "ends": {"$cond": [is_open, "$ends", now + span]},
            "ends_at": {"$cond": [is_open, "$ends_at", moment(now + span)]},
        }
        empty = {"_id": key, "count": 0, "ends": now + span, "ends_at": moment(now + span)}
        counted = await _counted(self._windows, empty, [{"$set": following}])
        return Window(counted["count"], counted["ends"])

    async def window(self, key: str, now: int) -> Window | None:
        document = await self._windows.find_one({"_id": key, "ends": {"$gt": now}})
        return Window(document["count"], document["ends"]) if document else None

    async def _application(self, matching: Mapping[str, Any]) -> Application | None:
        document = await self._applications.find_one(matching)
        return to_application(document) if document else None

    async def _sign_out(self, user: User) -> None:
        for collection in self._browsers:
            await collection.delete_many({"user": user.id})

    async def _next_user_id(self) -> int:
        counter = await _counted(self._counters, {"_id": "users", "value": 0}, {"$inc": {"value": 1}})
        return int(counter["value"])


async def _counted(collection: AsyncCollection[dict[str, Any]], first: Mapping[str, Any], step: Any) -> dict[str, Any]:
    """The document as this very step leaves it; where there is none yet, the step is taken on the `first`.

    It is made in a write of its own. An upsert is not enough: of many that make a document at once, one inserts it, and
    what the others are answered differs between servers.
    """
    while True:
        taken = await tried_again(
            lambda: collection.find_one_and_update({"_id": first["_id"]}, step, return_document=ReturnDocument.AFTER)
        )
        if taken is not None:
            return taken
        with suppress(DuplicateKeyError):
            await collection.insert_one(dict(first))


def _present(user: User) -> dict[str, Any]:
    return {"_id": user.id, "client_id": user.client_id, "deleted": None}


def _matching(query: UserQuery) -> dict[str, Any]:
    named = {"app_user_id": query.app_user_id, "_id": query.id, "hex_id": query.hex_id}
    statuses: dict[str, dict[str, Any]] = {
        "all": {},
        "active": {"active": True, "seen": {"$gte": query.recent}},
        "inactive": {"active": True, "seen": {"$lt": query.recent}},
        "provisioned": {"active": True, "seen": None},
        "suspended": {"active": False},
    }
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if query.beginning and query.app_user_id is None:
        given["app_user_id"] = {"$gte": query.beginning, "$lt": query.beginning + LAST_CHARACTER}
    return {"client_id": query.client_id, "deleted": None, **given, **statuses[query.status]}
