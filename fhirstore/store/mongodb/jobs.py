"""Jobs and the pieces of their files in MongoDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase

from fhirstore.store.jobs import OPEN, Job, State
from fhirstore.store.mongodb.failures import tried_again, unavailable_when_away

_JSON = ("parameters", "progress", "result")
_OPEN = {"state": {"$in": sorted(OPEN)}}


@unavailable_when_away
class MongoJobs:
    """`Jobs` on MongoDB. What is JSON stands there as text: its names may be any."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._jobs = database["jobs"]
        self._chunks = database["chunks"]

    async def add(self, job: Job) -> None:
        fields = {name: getattr(job, name) for name in Job.__slots__ if name != "id"}
        await self._jobs.insert_one({"_id": job.id, **fields, **{name: _text(fields[name]) for name in _JSON}})

    async def job(self, id: str) -> Job | None:
        return _to_job(await self._jobs.find_one({"_id": id}))

    async def receive(self, id: str, now: int) -> bool:
        return await self._change({"_id": id, "state": "receiving"}, {"state": "waiting", "updated": now})

    async def count_open(self, client_id: str) -> int:
        return await self._jobs.count_documents({"client_id": client_id, **_OPEN})

    async def take(self, kinds: Sequence[str], holder: str, now: int, lease: int) -> Job | None:
        free = {"$or": [{"state": "waiting"}, {"state": "running", "lease": {"$lt": now}}], "kind": {"$in": [*kinds]}}
        if await self._jobs.find_one(free, {"_id": 1}) is None:
            return None
        held = {"$set": {"state": "running", "holder": holder, "lease": lease, "updated": now}}
        return _to_job(
            await tried_again(
                lambda: self._jobs.find_one_and_update(
                    free, held, sort=[("created", 1)], return_document=ReturnDocument.AFTER
                )
            )
        )

    async def note(self, job: Job, progress: Mapping[str, Any], now: int, lease: int) -> bool:
        return await self._change(_held(job), {"progress": _text(progress), "updated": now, "lease": lease})

    async def end(self, job: Job, state: State, result: Mapping[str, Any], now: int) -> bool:
        return await self._change(_held(job), {"state": state, "result": _text(result), "updated": now})

    async def cancel(self, id: str, now: int) -> bool:
        return await self._change({"_id": id, **_OPEN}, {"state": "cancelled", "updated": now})

    async def forget(self, id: str) -> None:
        await self._forget({"_id": id})

    async def forget_ended(self, before: int) -> int:
        return await self._forget({"state": {"$nin": ["waiting", "running"]}, "updated": {"$lt": before}})

    async def forget_owner(self, owner: int) -> None:
        await self._forget({"owner": owner})

    async def put_chunk(self, id: str, file: str, number: int, content: bytes) -> None:
        key = {"_id": f"{id}/{file}/{number}"}
        chunk = {"job": id, "file": file, "number": number, "content": content}
        await tried_again(lambda: self._chunks.replace_one(key, chunk, upsert=True))

    async def chunk(self, id: str, file: str, number: int) -> bytes | None:
        found = await self._chunks.find_one({"_id": f"{id}/{file}/{number}"})
        return bytes(found["content"]) if found else None

    async def chunk_numbers(self, id: str, file: str) -> Sequence[int]:
        cursor = self._chunks.find({"job": id, "file": file}, {"number": 1}).sort("number", 1)
        return [int(chunk["number"]) async for chunk in cursor]

    async def forget_file(self, id: str, file: str) -> None:
        await self._chunks.delete_many({"job": id, "file": file})

    async def _change(self, which: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
        changed = await tried_again(lambda: self._jobs.update_one(which, {"$set": fields}))
        return changed.matched_count == 1

    async def _forget(self, which: Mapping[str, Any]) -> int:
        gone = [job["_id"] async for job in self._jobs.find(which, {"_id": 1})]
        for id in gone:
            await self._chunks.delete_many({"job": id})
            await self._jobs.delete_one({"_id": id})
        return len(gone)


def _held(job: Job) -> dict[str, Any]:
    return {"_id": job.id, "holder": job.holder, "state": "running"}


def _to_job(document: Mapping[str, Any] | None) -> Job | None:
    if document is None:
        return None
    fields = {name: document[name] for name in Job.__slots__ if name != "id"}
    # The driver's Int64 is an int that not every encoder takes.
    numbers = {name: int(fields[name]) for name in ("owner", "created", "updated", "lease")}
    return Job(document["_id"], **fields | numbers | {name: msgspec.json.decode(fields[name]) for name in _JSON})


def _text(fields: Mapping[str, Any]) -> str:
    return msgspec.json.encode(fields).decode()
