"""The trail of a user's record as AuditEvents, beside those that clients stored there.

http://hl7.org/fhir/DSTU2/auditevent.html. Only a read or search of AuditEvents goes through here: the trail is in no
history, no export and no search of other types, and there is no way to write it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
from msgspec import structs

from fhirstore.dstu2.json_format import reread
from fhirstore.errors import BadRequest
from fhirstore.extents import Extents
from fhirstore.interactions.audit_event import audit_event
from fhirstore.interactions.own_trail import OwnTrail, bounds_of
from fhirstore.search.evaluate import Item, holds, linked, links, value_of
from fhirstore.search.extract import extract
from fhirstore.search.narrowing import inside, narrowed
from fhirstore.search.plan import Filter, HasKey, HasPrefix, LinkedFrom, LinksTo, Order, Plan, WithIds, all_of
from fhirstore.store.contract import Change, Found, HistoryPage, HistoryQuery, Match, Page, Resources, Version
from fhirstore.store.ordering import Valued, comes_after, ordered
from fhirstore.store.part import placed
from fhirstore.store.trail import Event

Result = TypeVar("Result")

TYPE = "AuditEvent"
_LINKED = 1000
_BREATH = 100
"""So many events are looked at before others have their turn."""


@dataclass(frozen=True, slots=True)
class _Row:
    item: Item
    version: Version

    def valued(self, orders: Sequence[Order]) -> Valued[Match]:
        values = tuple(value_of(self.item, order) for order in orders)
        # The ends of places have room for contained resources.
        return Valued(Match(self.version), values, (TYPE, self.version.id, "", ""))


class Audited:
    """`Resources` in which the trail can be read, as far as `extents` reach; `base` is the server's address."""

    def __init__(self, resources: Resources, own: OwnTrail, extents: Extents, base: str) -> None:
        self._resources = resources
        self._own = own
        self._extents = extents
        self._base = base

    async def current(self, type: str, id: str) -> Version | None:
        stored = await self._resources.current(type, id)
        return stored if stored is not None or type != TYPE else await self._told(id)

    async def version(self, type: str, id: str, number: int) -> Version | None:
        stored = await self._resources.version(type, id, number)
        return stored if stored is not None or type != TYPE or number != 1 else await self._told(id)

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        return await self._resources.current_all(keys)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return await self._resources.history(query)

    async def find(self, plan: Plan, page: Page) -> Found:
        """What is stored and what the trail tells, in the plan's order. Raises BadRequest where that is too much."""
        if plan.types != (TYPE,) or plan.population == "contained":
            return await self._resources.find(plan, page)
        rows = await self._rows(plan)
        size = page.skip + page.count if page.count else 0
        stored = await self._resources.find(plan, replace(page, count=size, skip=0, places=True))
        own = [row.valued(plan.order) for row in rows] if page.count else []
        together = [valued for valued in own if comes_after(valued, page.after, plan.order)]
        together = ordered([*together, *(placed(match, plan.order) for match in stored.matches)], plan.order)
        chosen = together[page.skip : size]
        more = size > 0 and (len(together) > size or stored.next is not None)
        matches = tuple(structs.replace(each.item, place=each.place) for each in chosen)
        total = None if stored.total is None else stored.total + len(rows)
        return Found(matches, total, chosen[-1].place if more and chosen else None)

    async def change(self, change: Change) -> Version | None:
        return await self._resources.change(change)

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        return await self._resources.change_all(changes)

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        return await self._resources.transact(work, locks)

    async def _told(self, id: str) -> Version | None:
        event = await self._own.event(id)
        row = event and self._row(event)
        return row.version if row and holds(inside(self._extents, (TYPE,)), row.item) else None

    async def _rows(self, plan: Plan) -> list[_Row]:
        filter_ = await self._linked(narrowed(plan, self._extents).filter)
        rows: list[_Row] = []
        for position, event in enumerate(await self._own.events(bounds_of(filter_))):
            row = self._row(event)
            if holds(filter_, row.item):
                rows.append(row)
            if position % _BREATH == 0:
                await asyncio.sleep(0)
        return rows

    def _row(self, event: Event) -> _Row:
        document = audit_event(event)
        item = Item(TYPE, event.id, event.at, extract(TYPE, document, self._base))
        return _Row(item, Version(TYPE, event.id, 1, event.at, "POST", msgspec.json.encode(document)))

    async def _linked(self, filter_: Filter) -> Filter:
        """The filter with its steps to other resources taken: what they lead to is among what is stored."""
        return linked(filter_, {link: await self._led_to(link) for link in links(filter_)})

    async def _led_to(self, link: LinksTo | LinkedFrom) -> Filter:
        if isinstance(link, LinksTo):
            found = await self._few(Plan(link.types, all_of((link.inner, link.beyond))))
            return HasKey(tuple(f"{link.name}={each.type}/{each.id}" for each in found))
        prefix = f"{link.name}={TYPE}/"
        found = await self._few(Plan((link.type,), all_of((link.inner, HasPrefix(prefix)))))
        keys = (key for each in found for key in extract(each.type, reread(each.body), self._base).keys)
        return WithIds(tuple(key.removeprefix(prefix) for key in keys if key.startswith(prefix)))

    async def _few(self, plan: Plan) -> list[Version]:
        found = await self._resources.find(plan, Page(_LINKED, total=False))
        if found.next is not None:
            raise BadRequest(f"A step of the search leads to more than {_LINKED:,} resources.")
        return [match.version for match in found.matches]
