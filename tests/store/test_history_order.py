"""A history is walked from either end, page by page, and says the same."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.store.contract import Change, HistoryPlace, HistoryQuery, Resources, Store, Version
from fhirstore.store.scope import Scope


async def write(resources: Resources, id: str, number: int, updated: int, *, deleted: bool = False) -> None:
    version = Version("Basic", id, number, updated, "DELETE" if deleted else "PUT", b"" if deleted else b"{}")
    await resources.change(Change("Basic", id, lambda current: version))


async def walked(resources: Resources, query: HistoryQuery) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    while True:
        page = await resources.history(query)
        found += [(each.id, each.number) for each in page.versions]
        if not page.more:
            return found
        last = page.versions[-1]
        query = replace(query, after=HistoryPlace(last.updated, last.type, last.id, last.number))


async def test_oldest_first_is_newest_first_turned_around(store: Store) -> None:
    resources = store.within(Scope(1))
    for id, number, updated in (("a", 1, 1), ("b", 1, 1), ("a", 2, 2), ("c", 1, 2), ("a", 3, 2), ("c", 2, 9)):
        await write(resources, id, number, updated, deleted=(id, number) == ("c", 2))
    for query in (HistoryQuery(count=2), HistoryQuery(count=2, before=3, until=2), HistoryQuery(count=1, id="a")):
        newest = await walked(resources, query)
        assert await walked(resources, replace(query, oldest_first=True, total=False)) == newest[::-1]
    assert newest == [("a", 3), ("a", 2), ("a", 1)]
    assert (await resources.history(HistoryQuery())).total == 6
    assert (await resources.history(HistoryQuery(total=False))).total == 0
