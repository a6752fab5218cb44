"""The trail in MongoDB. An event's id is its document's, so that time is its order and what is repeated is harmless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from fhirstore.store.mongodb.failures import DUPLICATE_KEY, codes_of, unavailable_when_away
from fhirstore.store.trail import Event, TrailQuery, lowest_id

_EQUAL = ("owner", "client_id", "user", "action", "type", "target")
_OUTCOMES = {"success": {"$lt": 400}, "failure": {"$gte": 400}}


@unavailable_when_away
class MongoTrail:
    """`Trail` on MongoDB."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._events = database["events"]

    async def append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        try:
            await self._events.insert_many([_from_event(event) for event in events], ordered=False)
        except BulkWriteError as error:
            if codes_of(error) != {DUPLICATE_KEY} or error.details["writeConcernErrors"]:
                raise

    async def events(self, query: TrailQuery) -> Sequence[Event]:
        asked: dict[str, Any] = {name: getattr(query, name) for name in _EQUAL if getattr(query, name) is not None}
        if query.outcome is not None:
            asked["status"] = _OUTCOMES[query.outcome]
        limits = {
            "$eq": query.id,
            "$gte": None if query.since is None else lowest_id(query.since),
            "$lt": min(_given(query.after, None if query.before is None else lowest_id(query.before)), default=None),
        }
        if given := {operator: limit for operator, limit in limits.items() if limit is not None}:
            asked["_id"] = given
        cursor = self._events.find(asked).sort("_id", -1).limit(query.count)
        return [_to_event(document) async for document in cursor]

    async def discard(self, before: int, count: int = 10_000) -> int:
        cursor = self._events.find({"_id": {"$lt": lowest_id(before)}}, {"_id": 1}).sort("_id", 1).limit(count)
        ids = [document["_id"] async for document in cursor]
        return (await self._events.delete_many({"_id": {"$in": ids}})).deleted_count if ids else 0


def _given(*limits: str | None) -> list[str]:
    return [limit for limit in limits if limit is not None]


def _from_event(event: Event) -> dict[str, Any]:
    """What is empty is left out, but for the owner, by which all are indexed."""
    fields = {name: value for name, value in zip(Event._fields[1:], event[1:], strict=True) if value not in {None, ""}}
    return {"_id": event.id, "owner": event.owner, **fields}


def _to_event(document: dict[str, Any]) -> Event:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return Event(document["_id"], **fields)
