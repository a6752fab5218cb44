"""Plan → page of matches, in MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhirstore.search.plan import Plan
from fhirstore.store.contract import Found, Match, Page, Version
from fhirstore.store.mongodb.axes import valued
from fhirstore.store.mongodb.conditions import Collection, Condition, Conditions, Query, contained_in, containing
from fhirstore.store.mongodb.documents import THERE, VERSION_FIELDS, Document, to_version
from fhirstore.store.mongodb.walk import FIELDS, Walk
from fhirstore.store.ordering import comes_after, ordered
from fhirstore.store.scope import Scope


async def find(
    resources: Collection, scope: Scope, session: AsyncClientSession | None, plan: Plan, page: Page
) -> Found:
    """Raises BadRequest for a plan with too many parts, or with a step that leads to too much."""
    search = _Search(resources, Conditions(scope, resources, session), session, plan)
    return await search.page(page)


class _Search:
    def __init__(
        self, resources: Collection, conditions: Conditions, session: AsyncClientSession | None, plan: Plan
    ) -> None:
        self._resources = resources
        self._conditions = conditions
        self._session = session
        self._plan = plan
        self._walk = Walk(resources, conditions, plan.types, session)

    async def page(self, page: Page) -> Found:
        condition = await self._conditions.compile(self._plan.filter, self._plan.types)
        total: int | None
        if self._plan.population == "resources":
            total = await self._count(condition.query) if page.total else None
            chosen = await self._walked(condition.query, page) if page.count else []
        else:
            everything = await self._with_contained(condition)
            total = len(everything)
            after = [
                each for each in everything if comes_after(valued(each, self._plan.order), page.after, self._plan.order)
            ]
            chosen = after[page.skip : page.skip + page.count + 1]
        more, chosen = len(chosen) > page.count, chosen[: page.count]
        following = valued(chosen[-1], self._plan.order).place if more and chosen else None
        return Found(await self._matches(chosen, places=page.places), total, following)

    async def _count(self, query: Query) -> int:
        asked = self._conditions.of_owner(self._walk.of_type(), query)
        return await self._resources.count_documents(asked, session=self._session)

    async def _walked(self, query: Query, page: Page) -> list[Document]:
        size = page.skip + page.count + 1
        found: list[Document] = []
        async for document in _first(self._walk.along(query, self._plan.order, page.after, size), size):
            found.append(document)  # noqa: PERF401 - read as it comes
        return found[page.skip :]

    async def _with_contained(self, condition: Condition) -> list[Document]:
        """All matches, contained ones as documents of their own: there are few in a record."""
        found: list[Document] = []
        if self._plan.population == "both":
            found += [each async for each in self._walk.along(condition.query, (), None)]
        types = self._plan.types
        asked = self._conditions.of_owner(containing(types, self._plan.filter))
        fields = {**FIELDS, "contained": 1}
        async for document in self._resources.find(asked, fields, session=self._session):
            found += [
                {
                    "type": it.type,
                    "id": document["id"],
                    "updated": document["updated"],
                    "_id": document["_id"],
                    "keys": it.keys,
                    "ranges": it.ranges,
                    "inner": it.id,
                    "holder": document["type"],
                }
                for it in contained_in(document)
                if (not types or it.type in types) and condition.holds(it)
            ]
        return [each.item for each in ordered([valued(it, self._plan.order) for it in found], self._plan.order)]

    async def _matches(self, chosen: Sequence[Document], *, places: bool) -> tuple[Match, ...]:
        if not chosen:
            return ()
        wanted = list({each["_id"] for each in chosen})
        asked = self._conditions.of_owner({"_id": {"$in": wanted}, "keys": THERE})
        versions: dict[Any, Version] = {}
        async for document in self._resources.find(asked, {**VERSION_FIELDS, "_id": 1}, session=self._session):
            versions[document["_id"]] = to_version(document)
        # What was deleted since it was found is no longer there to be read.
        return tuple(
            Match(versions[each["_id"]], each.get("inner"), valued(each, self._plan.order).place if places else None)
            for each in chosen
            if each["_id"] in versions
        )


async def _first(documents: AsyncIterator[Document], size: int) -> AsyncIterator[Document]:
    count = 0
    async for document in documents:
        yield document
        count += 1
        if count == size:
            return
