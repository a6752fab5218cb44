"""What a broken-off update leaves in MongoDB is not seen, and connections are as many as its address says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fhirstore.store.contract import HistoryPlace, HistoryQuery, Version
from fhirstore.store.mongodb import MongoStore
from fhirstore.store.mongodb.writes import Writes
from fhirstore.store.scope import Scope
from tests.conftest import database_of
from tests.store.test_find import put

SCOPE = Scope(1)


async def break_off(store: MongoStore, id: str) -> None:
    """An update of which only the first half was made: the old version is put beside the current one."""
    collection = store._database["resources"]
    current = await store.within(SCOPE).current("Patient", id)
    assert current is not None
    following = put("Patient", id).decide(current)
    assert following is not None
    await collection.bulk_write([Writes(SCOPE, collection)._kept(current, following)])


async def pages(store: MongoStore, query: HistoryQuery) -> list[Version]:
    resources, found = store.within(SCOPE), list[Version]()
    while True:
        page = await resources.history(query)
        assert len(page.versions) <= query.count
        assert page.total == 9, "3 resources of 3 versions"
        found += page.versions
        if not page.more:
            return found
        last = page.versions[-1]
        query = replace(query, after=HistoryPlace(last.updated, last.type, last.id, last.number))


@pytest.mark.parametrize("store_kind", ["mongodb"], indirect=True)
@pytest.mark.parametrize("broken", ["a", "abc"])
async def test_a_version_that_a_broken_update_left_twice_is_told_once(store: MongoStore, broken: str) -> None:
    resources = store.within(SCOPE)
    for _ in range(3):
        for id in "abc":
            await resources.change(put("Patient", id))
    query = HistoryQuery(count=100)
    whole = [(each.id, each.number) for each in await pages(store, query)]
    assert len(set(whole)) == len(whole) == 9
    for id in broken:
        await break_off(store, id)
    for count in (1, 2, 3, 9):
        for oldest_first in (False, True):
            found = await pages(store, replace(query, count=count, oldest_first=oldest_first))
            in_order = [(each.id, each.number) for each in found]
            assert in_order == (whole[::-1] if oldest_first else whole)
    limited = await resources.history(replace(query, since=0))
    assert (len(limited.versions), limited.total) == (9, 9)
    again = await resources.change(put("Patient", "a"))
    assert again is not None
    assert again.number == 4
    assert [each.number for each in (await resources.history(HistoryQuery("Patient", "a"))).versions] == [4, 3, 2, 1]


async def test_the_address_says_how_many_connections_there_may_be(mongodb_uri: str) -> None:
    store = MongoStore(f"{database_of(mongodb_uri, 'test')}&maxPoolSize=7")
    client = store._connect().client
    assert client.options.pool_options.max_pool_size == 7
    await client.close()
