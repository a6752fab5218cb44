"""One owner's record as far as some extents of it reach: what is outside is not there.

Of a resource that is about one patient now and was about another before, or the other way round, the versions that
are about the one in question are inside, as long as the resource still is. A deletion is where the version before it
was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace

from fhirstore.dstu2.json_format import reread
from fhirstore.extents import Extent, Extents, has_type
from fhirstore.search.membership import is_about, may_be_about
from fhirstore.search.narrowing import narrowed
from fhirstore.search.plan import AllOf, AnyOf, Filter, Not, OfType, Order, Plan, WithIds
from fhirstore.store.contract import (
    Found,
    HistoryPage,
    HistoryPlace,
    HistoryQuery,
    Match,
    Page,
    Resources,
    Version,
)
from fhirstore.store.ordering import Valued, comes_after

_BATCH = 500
Key = tuple[str, str]
Elsewhere = Callable[[Sequence[Key]], Awaitable[Collection[Key]]]
"""Of some resources, by type and id, those that are there already."""


class Part:
    """The reading half of `Resources`, of what is inside. `shown` is to be called when something is handed out."""

    def __init__(self, resources: Resources, extents: Extents, shown: Callable[[], object] | None = None) -> None:
        self._resources = resources
        self._extents = extents
        self._shown = shown

    async def current(self, type: str, id: str) -> Version | None:
        if not has_type(self._extents, type):
            return None
        version = await self._resources.current(type, id)
        return version if version is not None and await self._was_inside(version) else None

    async def current_all(self, keys: Sequence[Key]) -> Sequence[Version]:
        wanted = [key for key in keys if has_type(self._extents, key[0])]
        found = await self._resources.current_all(wanted) if wanted else ()
        return [version for version in found if is_inside(version, self._extents)]

    async def version(self, type: str, id: str, number: int) -> Version | None:
        if has_whole(self._extents, type):
            return await self._resources.version(type, id, number)
        if await self.current(type, id) is None:
            return None
        version = await self._resources.version(type, id, number)
        return version if version is not None and await self._was_inside(version) else None

    async def find(self, plan: Plan, page: Page, hidden: Collection[Key] = ()) -> Found:
        """`hidden` are resources to be passed over, by type and id."""
        if plan.types and not any(has_type(self._extents, type_) for type_ in plan.types):
            return Found((), 0)
        limited = narrowed(plan, self._extents)
        if plan.population != "resources":
            found = await self._with_contained(limited, page, hidden)
        else:
            if hidden:
                limited = replace(limited, filter=AllOf((limited.filter, Not(_any_of(hidden)))))
            found = await self._resources.find(limited, page)
        if found.matches or found.total:
            self.show()
        return found

    async def history(self, query: HistoryQuery, elsewhere: Elsewhere | None = None) -> HistoryPage:
        """`elsewhere` tells which resources are to be passed over."""
        page = await self._history(query, elsewhere)
        if page.versions:
            self.show()
        return page

    async def _history(self, query: HistoryQuery, elsewhere: Elsewhere | None) -> HistoryPage:
        if query.type is not None and not has_type(self._extents, query.type):
            return HistoryPage((), 0)
        if query.type is not None and has_whole(self._extents, query.type):
            return await self._resources.history(query)
        types = _types(self._extents)
        if query.type is None and types is not None:
            pages = [await self._history(replace(query, type=type_), elsewhere) for type_ in types]
            return together(pages, query)
        return await self._history_of_some(query, elsewhere)

    def show(self) -> None:
        """Say that something of it is handed out: of what was read by its address, whoever asked decides."""
        if self._shown is not None:
            self._shown()

    async def _with_contained(self, plan: Plan, page: Page, hidden: Collection[Key]) -> Found:
        """A contained resource is inside where its container is. There are few in a record."""
        found: list[Match] = []
        asked = Page(_BATCH, total=False, places=True)
        while True:
            step = await self._resources.find(plan, asked)
            found += [
                match
                for match in step.matches
                if is_inside(match.version, self._extents) and key_of(match.version) not in hidden
            ]
            if step.next is None:
                break
            asked = replace(asked, after=step.next)
        return paged(found, plan.order, page)

    async def _history_of_some(self, query: HistoryQuery, elsewhere: Elsewhere | None) -> HistoryPage:
        """A history of which only some versions are inside: where they are to be counted, all of it is looked at."""
        now: dict[Key, bool] = {}
        kept: list[Version] = []
        total = 0
        step = replace(query, after=None if query.total else query.after, count=_BATCH, total=False)
        while True:
            page = await self._resources.history(step)
            for version in await self._inside_now_and_then(page.versions, now, elsewhere):
                total += query.total
                if len(kept) <= query.count and _follows(version, query):
                    kept.append(version)
            if not page.more or (len(kept) > query.count and not query.total):
                return HistoryPage(kept[: query.count], total, len(kept) > query.count)
            step = replace(step, after=HistoryPlace(*_moment(page.versions[-1])))

    async def _inside_now_and_then(
        self, versions: Sequence[Version], now: dict[Key, bool], elsewhere: Elsewhere | None
    ) -> list[Version]:
        """Those versions that are inside; `now` remembers which resources still are."""
        then = [version for version in versions if await self._was_inside(version)]
        asked = {key_of(version) for version in then} - now.keys()
        now |= dict.fromkeys(asked, False)
        asked -= set(await elsewhere(sorted(asked))) if elsewhere else set()
        living = {key_of(version): version for version in await self._resources.current_all(sorted(asked))}
        for key in asked:
            version = living.get(key) or await self._resources.current(*key)
            now[key] = version is not None and await self._was_inside(version)
        return [version for version in then if now[key_of(version)]]

    async def _was_inside(self, version: Version) -> bool:
        if not version.deleted or has_whole(self._extents, version.type):
            return is_inside(version, self._extents)
        before = await self._resources.version(version.type, version.id, version.number - 1)
        return before is not None and not before.deleted and is_inside(before, self._extents)


def is_inside(version: Version, extents: Extents) -> bool:
    """Whether a version that is no deletion is in any of some extents; a deletion is where its whole type is."""
    reaching = [extent for extent in extents if extent.has_type(version.type)]
    if any(extent.patient is None for extent in reaching):
        return True
    asked = [extent for extent in reaching if extent.patient and may_be_about(version.body, extent.patient)]
    if not asked or version.deleted:
        return False
    document = reread(version.body)
    return any(_is_about(version, document, extent) for extent in asked)


def has_whole(extents: Extents, type: str) -> bool:
    """Whether all resources of a type are inside."""
    return any(extent.patient is None and extent.has_type(type) for extent in extents)


def together(pages: Sequence[HistoryPage], query: HistoryQuery) -> HistoryPage:
    """Pages of different histories as one page of them all."""
    versions = [version for page in pages for version in page.versions]
    versions.sort(key=_moment, reverse=not query.oldest_first)
    more = len(versions) > query.count or any(page.more for page in pages)
    return HistoryPage(versions[: query.count], sum(page.total for page in pages), more)


def paged(found: Sequence[Match], orders: Sequence[Order], page: Page) -> Found:
    """A page of all that was found, in its order; every match has its place."""
    after = [match for match in found if comes_after(placed(match, orders), page.after, orders)]
    chosen = after[page.skip : page.skip + page.count]
    more = page.count > 0 and len(after) > page.skip + page.count
    return Found(tuple(chosen), len(found), chosen[-1].place if more else None)


def placed(match: Match, orders: Sequence[Order]) -> Valued[Match]:
    """A match with the values that its place consists of."""
    assert match.place is not None
    values, end = match.place[: len(orders)], match.place[len(orders) :]
    return Valued(match, tuple(values), tuple(str(each) for each in end))


def key_of(version: Version) -> Key:
    return version.type, version.id


def _any_of(keys: Collection[Key]) -> Filter:
    """Resources by type and id."""
    ids: dict[str, list[str]] = {}
    for type_, id_ in keys:
        ids.setdefault(type_, []).append(id_)
    return AnyOf(tuple(AllOf((OfType((type_,)), WithIds(tuple(each)))) for type_, each in ids.items()))


def _is_about(version: Version, document: dict[str, object], extent: Extent) -> bool:
    return extent.patient is not None and is_about(version.type, document, extent.patient)


def _types(extents: Extents) -> Sequence[str] | None:
    """All types of which anything is inside, in order; None where any type may be."""
    if any(extent.types is None for extent in extents):
        return None
    return sorted({type_ for extent in extents for type_ in extent.types or ()})


def _follows(version: Version, query: HistoryQuery) -> bool:
    """Whether a version stands behind the place that a page of a history follows."""
    if query.after is None:
        return True
    moment, place = _moment(version), _place(query.after)
    return moment > place if query.oldest_first else moment < place


def _moment(version: Version) -> tuple[int, str, str, int]:
    return version.updated, version.type, version.id, version.number


def _place(place: HistoryPlace) -> tuple[int, str, str, int]:
    return place.updated, place.type, place.id, place.number
