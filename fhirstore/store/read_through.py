"""What stands between a record and its writers reads through: the half of `Resources` that such wrappers share."""

from __future__ import annotations

from collections.abc import Sequence

from fhirstore.search.plan import Plan
from fhirstore.store.contract import Found, HistoryPage, HistoryQuery, Page, Resources, Version


class ReadThrough:
    """The reading half of `Resources`, as the wrapped ones answer it."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def current(self, type: str, id: str) -> Version | None:
        return await self._resources.current(type, id)

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        return await self._resources.current_all(keys)

    async def version(self, type: str, id: str, number: int) -> Version | None:
        return await self._resources.version(type, id, number)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return await self._resources.history(query)

    async def find(self, plan: Plan, page: Page) -> Found:
        return await self._resources.find(plan, page)
