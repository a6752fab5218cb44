"""Every version tells who made it: the audit record of a write is in the write itself."""

from __future__ import annotations

import pytest

from fhirstore.caller import Author
from fhirstore.errors import Conflict
from fhirstore.search.plan import Plan
from fhirstore.store.contract import Change, HistoryQuery, Page, Resources, Store, Version
from fhirstore.store.scope import Scope
from tests.store.test_contract import delete, put

SCOPE = Scope(1)
FIRST, SECOND, THIRD = Author("one", 1), Author("two", 7), Author("three")


async def test_each_version_keeps_its_own_author_in_every_way_of_reading_it(store: Store) -> None:
    for author, change in ((FIRST, put("a")), (SECOND, put("a")), (THIRD, delete("a")), (FIRST, put("b"))):
        written = await store.within(SCOPE, author).change(change)
        assert written is not None
        assert written.author == author, "also in what the write itself answers"
    resources = store.within(SCOPE)
    numbered = [await resources.version("Patient", "a", number) for number in (1, 2, 3)]
    assert [version and version.author for version in numbered] == [FIRST, SECOND, THIRD]
    current = await resources.current("Patient", "b")
    assert current is not None
    assert current.author == FIRST
    assert (await resources.current_all([("Patient", "b")]))[0].author == FIRST
    assert (await resources.find(Plan(()), Page(10))).matches[0].version.author == FIRST
    page = await resources.history(HistoryQuery())
    assert {(each.id, each.number): each.author for each in page.versions} == {
        ("a", 1): FIRST,
        ("a", 2): SECOND,
        ("a", 3): THIRD,
        ("b", 1): FIRST,
    }


async def test_an_author_cannot_be_forgotten_or_made_up_by_what_decides(store: Store) -> None:
    forged = Version("Patient", "a", 1, 1, "PUT", b"{}", author=SECOND)
    silent = Version("Patient", "b", 1, 1, "PUT", b"{}")
    first = [Change("Patient", "a", lambda _: forged), Change("Patient", "b", lambda _: silent)]
    for change in first:
        written = await store.within(SCOPE, FIRST).change(change)
        assert written is not None
        assert written.author == FIRST


async def test_writes_of_a_transaction_tell_their_author(store: Store) -> None:
    async def work(inside: Resources) -> None:
        await inside.change(put("a"))
        await inside.change_all([put("b"), put("c")])

    await store.within(SCOPE, FIRST).transact(work)
    await store.within(SCOPE, SECOND).change_all([put("b"), delete("c")])
    page = await store.within(SCOPE).history(HistoryQuery())
    assert {(each.id, each.number): each.author for each in page.versions} == {
        ("a", 1): FIRST,
        ("b", 1): FIRST,
        ("c", 1): FIRST,
        ("b", 2): SECOND,
        ("c", 2): SECOND,
    }


async def test_a_change_that_is_not_made_leaves_the_author_as_it_was(store: Store) -> None:
    await store.within(SCOPE, FIRST).change(put("a"))
    kept = await store.within(SCOPE, SECOND).change(Change("Patient", "a", lambda current: None))
    assert kept is not None
    assert kept.author == FIRST

    def refuse(current: Version | None) -> Version | None:
        raise Conflict("No.")

    with pytest.raises(Conflict):
        await store.within(SCOPE, SECOND).change(Change("Patient", "a", refuse))
    current = await store.within(SCOPE).current("Patient", "a")
    assert current is not None
    assert current.author == FIRST
