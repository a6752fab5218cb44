"""same: what other sources say of the fact that one resource states; for the pages that people read.

`perform(SAME, …)` carries it out. Like `$unified` it is worked out from the record each time, here of one type alone,
and of Observations only from the weeks around it: of a watch's readings there are very many.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import msgspec

from fhirstore.dstu2.json_format import reread
from fhirstore.errors import NotFound
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction
from fhirstore.interactions.unified_record import Shown, kinds, open_record, shown
from fhirstore.search.kinds.date import Interval
from fhirstore.search.moments import WHEN, moment
from fhirstore.search.plan import EVERYTHING, AllOf, AnyOf, Filter, InRange, Limit, Not, Plan
from fhirstore.store.contract import Change, Found, HistoryPage, HistoryQuery, Page, Resources, Version

Result = TypeVar("Result")

_AROUND = 31 * 86_400_000_000
"""Sources date the same by days apart, rarely by weeks. Microseconds."""


async def same(request: Request, context: Context) -> Reply:
    """JSON: `members`, each with its resource and the reason why it states the same, the one asked for first; and the
    names of the `elements` in which they differ. Raises NotFound for a resource that is not there."""
    asked = f"{request.type}/{request.id}"
    version = await context.resources.current(request.type, request.id)
    if version is None or version.deleted:
        raise NotFound(f"There is no {request.type} with this id.")
    when = moment(request.type, reread(version.body)) if request.type == "Observation" else None
    near = _Near(context.resources, request.type, when)
    found = await _fact_of(asked, near) if request.type in kinds() else None
    if found is None:
        return _reply([(version.body, "")], [])
    reasons = {member.fact.reference: member.reason for member in found.fact.members}
    first, *others = sorted(found.versions, key=lambda reference: reference != asked)
    told = [(found.versions[each].body, reasons.get(each, "")) for each in others]
    return _reply([(found.versions[first].body, ""), *told], [each.element for each in found.conflicts])


SAME = Interaction("$unified", "GET", "{type}/{id}/same", "read", same, narrows=True)


async def _fact_of(reference: str, resources: Resources) -> Shown | None:
    reading = await open_record(resources)
    async for facts in reading.facts([reference.partition("/")[0]]):
        for fact in facts:
            if any(member.fact.reference == reference for member in fact.members):
                return next(iter(await shown(resources, [fact])), None)
    return None


class _Near:
    """`Resources` of which those of one type are found only from around a moment, or such as have none."""

    def __init__(self, resources: Resources, type: str, when: tuple[Interval, str] | None) -> None:
        self._resources = resources
        self._type = type
        self._near: Filter = EVERYTHING
        if when is not None:
            (low, high), _ = when
            around = (Limit("low", "<", high + _AROUND), Limit("high", ">", low - _AROUND))
            self._near = AnyOf((InRange(WHEN, around), Not(InRange(WHEN))))

    async def find(self, plan: Plan, page: Page) -> Found:
        if plan.types == (self._type,):
            plan = replace(plan, filter=AllOf((plan.filter, self._near)))
        return await self._resources.find(plan, page)

    async def current(self, type: str, id: str) -> Version | None:
        return await self._resources.current(type, id)

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        return await self._resources.current_all(keys)

    async def version(self, type: str, id: str, number: int) -> Version | None:
        return await self._resources.version(type, id, number)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return await self._resources.history(query)

    async def change(self, change: Change) -> Version | None:
        return await self._resources.change(change)

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        return await self._resources.change_all(changes)

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        return await self._resources.transact(work, locks)


def _reply(members: list[tuple[bytes, str]], elements: list[str]) -> Reply:
    told = [{"resource": msgspec.Raw(body), "reason": reason} for body, reason in members]
    return Reply(200, msgspec.json.encode({"members": told, "elements": elements}))
