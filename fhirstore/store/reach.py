"""The one place where a scope is enforced: every store hands out its resources through here.

Whoever has the whole of one record, as most callers do, is given the store's own resources, with nothing between. All
others are given them limited: what their scope does not open is not there for them, whatever they ask and however; to
write it is forbidden.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

from msgspec import structs

from fhirstore.errors import Forbidden, NotFound
from fhirstore.extents import Extents, has_type
from fhirstore.search.plan import Plan
from fhirstore.store.contract import Change, Found, HistoryPage, HistoryQuery, Page, Resources, Version
from fhirstore.store.part import Part, has_whole, is_inside
from fhirstore.store.parts import Parts
from fhirstore.store.scope import Scope

Result = TypeVar("Result")
OfOwner = Callable[[Scope], Resources]


def reach(scope: Scope, of_owner: OfOwner, shown: Callable[[int], object] | None = None) -> Resources:
    """The resources of a scope, given those of whole records; `shown` is told of whom else something is shown."""
    if scope.is_whole:
        return of_owner(scope)
    shared = [
        Part(of_owner(Scope(each.owner)), each.extents, partial(shown, each.owner) if shown else None)
        for each in scope.shared
    ]
    return Reach(of_owner(Scope(scope.owner)), scope, shared)


class Reach:
    """`Resources` of a scope that is not one whole record."""

    def __init__(self, own: Resources, scope: Scope, shared: Sequence[Part]) -> None:
        self._own = own
        self._scope = scope
        self._shared = shared
        self._part = Part(own, scope.readable)
        self._readable = Parts([self._part, *shared], apart=scope.apart) if shared else self._part

    async def current(self, type: str, id: str) -> Version | None:
        return await self._readable.current(type, id)

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        return await self._readable.current_all(keys)

    async def version(self, type: str, id: str, number: int) -> Version | None:
        return await self._readable.version(type, id, number)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return await self._readable.history(query)

    async def find(self, plan: Plan, page: Page) -> Found:
        return await (self._part if page.own else self._readable).find(plan, page)

    async def change(self, change: Change) -> Version | None:
        return await self._own.change(await self._limited(change))

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        return await self._own.change_all([await self._limited(change) for change in changes])

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        return await self._own.transact(lambda inside: work(Reach(inside, self._scope, self._shared)), locks)

    async def _limited(self, change: Change) -> Change:
        """The same change, which may only be made inside of what is writable, from there to there."""
        writable = self._scope.writable
        if has_whole(writable, change.type):
            return change
        gone = None if change.fresh else await self._writable_deletion(change.type, change.id)

        def decide(current: Version | None) -> Version | None:
            is_there = current is None or current.number == gone or is_inside(current, writable)
            if not is_there and current is not None and is_inside(current, self._scope.readable):
                raise _forbidden(change)
            following = change.decide(current if is_there else None)
            if following is not None and not following.deleted and not _enters(following, writable):
                raise _forbidden(change)
            if not is_there:  # and so must not be begun anew
                raise NotFound(f"There is no {change.type} with this id.")
            return following

        return structs.replace(change, decide=decide)

    async def _writable_deletion(self, type: str, id: str) -> int | None:
        """The number of the current version, where that is a deletion of what might be written.

        That of what was deleted is told by the version before, for which a decision has no time.
        """
        if not has_type(self._scope.writable, type):
            return None
        version = await Part(self._own, self._scope.writable).current(type, id)
        return version.number if version is not None and version.deleted else None


def _enters(version: Version, extents: Extents) -> bool:
    """Whether a version that is about to be written, with its entries, is in any of some extents."""
    return any(
        extent.has_type(version.type)
        and (extent.patient is None or f"compartment=Patient/{extent.patient}" in version.entries.keys)
        for extent in extents
    )


def _forbidden(change: Change) -> Forbidden:
    return Forbidden(f"The token's scope does not include writing this {change.type}.")
