"""Entries made anew for resources of all owners, step by step, while the store is in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs
from pymongo import UpdateOne

from fhirstore.search.entries import RULES_VERSION
from fhirstore.search.plan import Plan
from fhirstore.store.contract import MakeEntries, Page, Reindexed
from fhirstore.store.cursors import Place
from fhirstore.store.mongodb.conditions import Collection
from fhirstore.store.mongodb.documents import Document, from_entries, to_version
from fhirstore.store.mongodb.explain import Commands, query_plans
from fhirstore.store.mongodb.failures import unavailable_when_away
from fhirstore.store.mongodb.resources import Database, MongoResources
from fhirstore.store.scope import Scope


@unavailable_when_away
class MongoIndexing:
    """`Indexing` on MongoDB."""

    def __init__(self, resources: Collection, connect: Callable[[Commands], Database]) -> None:
        self._resources = resources
        self._connect = connect

    async def outdated(self) -> int:
        return await self._resources.count_documents({"rules": {"$lt": RULES_VERSION}})

    async def reindex(
        self, make: MakeEntries, after: Place | None = None, *, count: int = 100, all: bool = False
    ) -> Reindexed:
        asked: dict[str, Any] = {"rules": {"$lt": RULES_VERSION + 1 if all else RULES_VERSION}}
        if after is not None:
            asked["_id"] = {"$gt": after[0]}
        documents = await self._resources.find(asked).sort("_id", 1).limit(count).to_list()
        renewals, changed = [], []
        for document in documents:
            version = to_version(document)
            entries = from_entries(version.type, structs.replace(version, entries=make(version)).entries)
            # A version that was written meanwhile has entries by today's rules: it is left as it is.
            unchanged = {"_id": document["_id"], "number": version.number}
            renewals.append(UpdateOne(unchanged, {"$set": entries}))
            if _comparable(entries) != _comparable(document):
                changed.append((document["owner"], version.type, version.id))
        if renewals:
            await self._resources.bulk_write(renewals, ordered=False)
        following = [documents[-1]["_id"]] if len(documents) == count else None
        return Reindexed(len(documents), changed, following)

    async def explain(self, scope: Scope, plan: Plan, page: Page) -> Sequence[str]:
        commands = Commands()
        database = self._connect(commands)
        try:
            await MongoResources(scope, database["resources"]).find(plan, page)
            return await query_plans(database, commands)
        finally:
            await database.client.close()


def _comparable(document: Document) -> object:
    """The entries of a document, without their order."""
    return _sorted({name: document.get(name, []) for name in ("keys", "ranges", "words", "contained")})


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return sorted((_sorted(each) for each in value), key=repr)
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return value
