"""Plan → page of matches, in MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhirstore.search.plan import ById, Plan
from fhirstore.store.contract import Found, Match, Page
from fhirstore.store.mongodb.axes import valued
from fhirstore.store.mongodb.conditions import Collection, Condition, Conditions, Query, contained_in, containing
from fhirstore.store.mongodb.documents import THERE, Document, to_version
from fhirstore.store.mongodb.walk import WHOLE, Walk, fields_of
from fhirstore.store.ordering import comes_after, ordered
from fhirstore.store.scope import Scope


async def find(
    resources: Collection, scope: Scope, session: AsyncClientSession | None, plan: Plan, page: Page
) -> Found:
    """Raises BadRequest for a plan with too many parts, or with a step that leads to too much."""
    search = _Search(resources, Conditions(scope, resources, session), session, plan, page)
    return await search.found()


class _Search:
    def __init__(
        self, resources: Collection, conditions: Conditions, session: AsyncClientSession | None, plan: Plan, page: Page
    ) -> None:
        self._resources = resources
        self._conditions = conditions
        self._session = session
        self._plan = plan
        self._page = page
        # Where the index has the order and nothing is skipped, what is read first is the page itself.
        by_id = len(plan.order) == len(plan.types) == 1 and isinstance(plan.order[0], ById)
        self._at_once = (not plan.order or by_id) and not page.skip and plan.population == "resources"
        fields = WHOLE if self._at_once else fields_of(plan.order)
        self._walk = Walk(resources, conditions, plan.types, session, fields)

    async def found(self) -> Found:
        condition = await self._conditions.compile(self._plan.filter, self._plan.types)
        page = self._page
        total: int | None
        if self._plan.population == "resources":
            chosen = await self._walked(condition.query, page) if page.count else []
            total = await self._total(condition.query, chosen) if page.total else None
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

    async def _total(self, query: Query, chosen: Sequence[Document]) -> int:
        """Counted where it is not seen: on a first page which is the last one too."""
        if self._page.after is None and 0 < len(chosen) <= self._page.count:
            return self._page.skip + len(chosen)
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
        fields = {**fields_of(self._plan.order), "contained": 1}
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
        whole = chosen if self._at_once else await self._whole({each["_id"] for each in chosen})
        versions = {each["_id"]: to_version(each) for each in whole}
        # What was deleted since it was found is no longer there to be read.
        return tuple(
            Match(versions[each["_id"]], each.get("inner"), valued(each, self._plan.order).place if places else None)
            for each in chosen
            if each["_id"] in versions
        )

    async def _whole(self, ids: AbstractSet[Any]) -> Sequence[Document]:
        if not ids:
            return ()
        asked = self._conditions.of_owner({"_id": {"$in": list(ids)}, "keys": THERE})
        found = self._resources.find(asked, WHOLE, session=self._session, batch_size=len(ids) + 1)
        return await found.to_list()


async def _first(documents: AsyncIterator[Document], size: int) -> AsyncIterator[Document]:
    count = 0
    async for document in documents:
        yield document
        count += 1
        if count == size:
            return
