"""What stands between a record and its writers reads through: the half of `Resources` that such wrappers share."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from fhirstore.search.plan import Plan
from fhirstore.store.contract import Found, HistoryPage, HistoryQuery, Page, Resources, Version


class ReadThrough:
    """The reading half of `Resources`: what is awaited is the wrapped ones' own answer, with nothing around it."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def current(self, type: str, id: str) -> Coroutine[Any, Any, Version | None]:
        return self._resources.current(type, id)

    def current_all(self, keys: Sequence[tuple[str, str]]) -> Coroutine[Any, Any, Sequence[Version]]:
        return self._resources.current_all(keys)

    def version(self, type: str, id: str, number: int) -> Coroutine[Any, Any, Version | None]:
        return self._resources.version(type, id, number)

    def history(self, query: HistoryQuery) -> Coroutine[Any, Any, HistoryPage]:
        return self._resources.history(query)

    def find(self, plan: Plan, page: Page) -> Coroutine[Any, Any, Found]:
        return self._resources.find(plan, page)
