"""Parts of several records, read as one: the caller's own, and what others share.

Each part is asked by itself, so that no chain leads from one into another; what they answer is merged in the order
that was asked for. An address means one resource: where two parts have one of a type and id, the earlier part's is
there, and the later one's not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from msgspec import structs

from fhirstore.search.plan import Plan
from fhirstore.store.contract import Found, HistoryPage, HistoryQuery, Page, Version
from fhirstore.store.cursors import Place
from fhirstore.store.ordering import ordered
from fhirstore.store.part import Key, Part, key_of, placed, together

Answer = TypeVar("Answer")

_BATCH = 500
_TOGETHER = 16
"""So many parts are asked at the same time."""


class Parts:
    """The reading half of `Resources`, of several parts. Each is read as of a moment of its own.

    Where the parts are `apart`, as records of different people are to whoever reads all of them, searches and
    histories find every resource, and only reading by address has to choose.
    """

    def __init__(self, parts: Sequence[Part], *, apart: bool = False) -> None:
        self._parts = parts
        self._apart = apart

    async def current(self, type: str, id: str) -> Version | None:
        holder = await self._holder(type, id)
        if holder is None:
            return None
        holder[0].show()
        return holder[1]

    async def current_all(self, keys: Sequence[Key]) -> Sequence[Version]:
        found = await self._there(self._parts, keys)
        for part, _ in found.values():
            part.show()
        return [found[key][1] for key in keys if key in found]

    async def version(self, type: str, id: str, number: int) -> Version | None:
        holder = await self._holder(type, id)
        if holder is None:
            return None
        holder[0].show()
        return await holder[0].version(type, id, number)

    async def find(self, plan: Plan, page: Page) -> Found:
        hidden = [await self._hidden(plan, position) for position in range(len(self._parts))]
        step, left = replace(page, skip=0, places=True), page.skip if page.count else 0
        total: int | None = None
        while True:
            size = min(left, _BATCH) or page.count
            found = await self._merged(plan, replace(step, count=size), hidden)
            total = found.total if total is None else total
            if not left:
                return structs.replace(found, total=total)
            if found.next is None:
                return Found((), total)
            step, left = replace(step, after=found.next, total=False), left - size

    async def history(self, query: HistoryQuery) -> HistoryPage:
        if query.type is not None and query.id is not None:
            holder = await self._holder(query.type, query.id)
            return await holder[0].history(query) if holder else HistoryPage((), 0)
        pages = await _together(
            partial(part.history, query, None if self._apart else partial(self._there, self._parts[:position]))
            for position, part in enumerate(self._parts)
        )
        return together(pages, query)

    async def _holder(self, type: str, id: str) -> tuple[Part, Version] | None:
        """The part that a resource is in, and its current version: the first where it is not deleted, if there is."""
        first, *others = self._parts
        own = await first.current(type, id)
        if own is not None and not own.deleted:  # as it mostly is: nobody else need be asked
            return first, own
        found = [own, *await _together(partial(part.current, type, id) for part in others)]
        held = [(part, version) for part, version in zip(self._parts, found, strict=True) if version is not None]
        return next((each for each in held if not each[1].deleted), held[0] if held else None)

    async def _there(self, parts: Sequence[Part], keys: Sequence[Key]) -> dict[Key, tuple[Part, Version]]:
        """Those resources that are in any of some parts, each from the first."""
        found: dict[Key, tuple[Part, Version]] = {}
        answers = await _together(partial(part.current_all, keys) for part in parts)
        for part, versions in zip(reversed(parts), reversed(answers), strict=True):
            found |= {key_of(version): (part, version) for version in versions}
        return found

    async def _merged(self, plan: Plan, page: Page, hidden: Sequence[Collection[Key]]) -> Found:
        found = await _together(
            partial(part.find, plan, page, taken) for part, taken in zip(self._parts, hidden, strict=True)
        )
        matches = ordered([placed(match, plan.order) for each in found for match in each.matches], plan.order)
        chosen = [each.item for each in matches[: page.count]]
        more = len(matches) > page.count or any(each.next is not None for each in found)
        following: Place | None = chosen[-1].place if more and chosen else None
        total = sum(each.total or 0 for each in found) if page.total else None
        return Found(tuple(chosen), total, following)

    async def _hidden(self, plan: Plan, position: int) -> Collection[Key]:
        """What a part has that an earlier one has too, of what a plan finds."""
        if position == 0 or self._apart:
            return ()
        named = await _names(self._parts[position], plan)
        return await self._there(self._parts[:position], sorted(named)) if named else ()


async def _together(calls: Iterable[Callable[[], Awaitable[Answer]]]) -> list[Answer]:
    """The answers to several calls, some of them made at the same time."""
    waiting, answers = list(calls), []
    if len(waiting) == 1:
        return [await waiting[0]()]
    for begin in range(0, len(waiting), _TOGETHER):
        answers += await asyncio.gather(*(call() for call in waiting[begin : begin + _TOGETHER]))
    return answers


async def _names(part: Part, plan: Plan) -> set[Key]:
    """Type and id of every resource that a plan finds, or that contains what it finds."""
    names: set[Key] = set()
    asked = Page(_BATCH, total=False)
    while True:
        found = await part.find(replace(plan, order=()), asked)
        names |= {key_of(match.version) for match in found.matches}
        if found.next is None:
            return names
        asked = replace(asked, after=found.next)
