"""What both stores promise (`store/contract.py`), over real files and real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from fhirstore.errors import Conflict
from fhirstore.store.contract import Change, HistoryPlace, HistoryQuery, Resources, Store, Version
from fhirstore.store.scope import Scope

MINE, STRANGER = Scope(1), Scope(2)


def put(id: str, text: str = "x", *, type: str = "Patient", at: int = 1000) -> Change:
    """Write a version one further than the current one."""

    def decide(current: Version | None) -> Version:
        number = current.number + 1 if current else 1
        return Version(type, id, number, max(at, current.updated if current else 0), "PUT", f"{text}{number}".encode())

    return Change(type, id, decide)


def delete(id: str, *, type: str = "Patient", at: int = 2000) -> Change:
    def decide(current: Version | None) -> Version | None:
        return current and Version(type, id, current.number + 1, at, "DELETE", b"")

    return Change(type, id, decide)


async def test_a_created_resource_is_read_back_as_it_was_written(store: Store) -> None:
    resources = store.within(MINE)
    written = await resources.change(put("a", "caf\u00e9 1.00 "))
    assert written == Version("Patient", "a", 1, 1000, "PUT", "caf\u00e9 1.00 1".encode())
    assert await resources.current("Patient", "a") == written
    assert await resources.version("Patient", "a", 1) == written


async def test_every_version_stays_readable_and_a_deletion_is_one(store: Store) -> None:
    resources = store.within(MINE)
    for change in (put("a"), put("a"), delete("a"), put("a", at=3000)):
        await resources.change(change)
    numbers = [await resources.version("Patient", "a", number) for number in range(1, 6)]
    assert [version and (version.number, version.method, version.body) for version in numbers] == [
        (1, "PUT", b"x1"),
        (2, "PUT", b"x2"),
        (3, "DELETE", b""),
        (4, "PUT", b"x4"),
        None,
    ]


async def test_what_a_decision_raises_is_raised_and_nothing_is_written(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change(put("a"))

    def refuse(current: Version | None) -> Version | None:
        raise Conflict("no")

    with pytest.raises(Conflict, match="no"):
        await resources.change(Change("Patient", "a", refuse))
    with pytest.raises(Conflict, match="no"):
        await resources.change(Change("Patient", "b", refuse))
    assert (await resources.history(HistoryQuery())).total == 1


async def test_a_decision_may_leave_the_resource_as_it_is(store: Store) -> None:
    resources = store.within(MINE)
    first = await resources.change(put("a"))
    assert await resources.change(Change("Patient", "a", lambda current: None)) == first
    assert await resources.change(Change("Patient", "b", lambda current: None)) is None


async def test_a_fresh_id_that_exists_after_all_is_not_written_over(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change(put("a"))
    change = put("a")
    await resources.change(Change("Patient", "a", change.decide, fresh=True))
    assert (await resources.history(HistoryQuery(type="Patient", id="a"))).total == 2


async def test_a_stranger_finds_nothing_by_any_method_and_overwrites_nothing(store: Store) -> None:
    mine, strangers = store.within(MINE), store.within(STRANGER)
    await mine.change(put("a", "mine"))
    await mine.change(put("a", "mine"))
    assert await strangers.current("Patient", "a") is None
    assert await strangers.version("Patient", "a", 1) is None
    assert await strangers.version("Patient", "a", 2) is None
    for query in (HistoryQuery(), HistoryQuery(type="Patient"), HistoryQuery(type="Patient", id="a")):
        assert await strangers.history(query) == type(await mine.history(query))([], 0)
    written = await strangers.change(put("a", "theirs"))
    assert written is not None
    assert written.number == 1, "the stranger's own resource of the same id starts its own versions"
    kept = await mine.current("Patient", "a")
    assert kept is not None
    assert kept.body == b"mine2"


async def test_history_is_newest_first_at_each_level_and_pages_without_loss(store: Store) -> None:
    resources = store.within(MINE)
    for at, change in enumerate((put("a"), put("b"), put("a"), put("c", type="Observation"), put("a"))):
        await resources.change(Change(change.type, change.id, _at(change, 1000 + at)))
    instance = await resources.history(HistoryQuery(type="Patient", id="a"))
    assert [version.number for version in instance.versions] == [3, 2, 1]
    of_type = await resources.history(HistoryQuery(type="Patient"))
    assert [(version.id, version.number) for version in of_type.versions] == [("a", 3), ("a", 2), ("b", 1), ("a", 1)]
    system = await resources.history(HistoryQuery(count=2))
    assert (len(system.versions), system.total) == (2, 5)
    last = system.versions[-1]
    place = HistoryPlace(last.updated, last.type, last.id, last.number)
    rest = await resources.history(HistoryQuery(after=place))
    assert [(version.id, version.number) for version in (*system.versions, *rest.versions)] == [
        ("a", 3),
        ("c", 1),
        ("a", 2),
        ("b", 1),
        ("a", 1),
    ]
    recent = await resources.history(HistoryQuery(since=1003))
    assert ([version.updated for version in recent.versions], recent.total) == ([1004, 1003], 2)


async def test_concurrent_changes_of_one_resource_all_happen_in_some_order(store: Store) -> None:
    resources = store.within(MINE)
    written = await asyncio.gather(*(resources.change(put("a")) for _ in range(32)))
    assert sorted(version.number for version in written if version) == list(range(1, 33))
    history = await resources.history(HistoryQuery(type="Patient", id="a", count=100))
    assert [version.number for version in history.versions] == list(range(32, 0, -1))


async def test_a_transaction_sees_its_own_writes_and_others_see_them_together(store: Store) -> None:
    resources = store.within(MINE)

    async def work(inside: Resources) -> int:
        await inside.change(put("a"))
        await inside.change(put("b"))
        assert await resources.current("Patient", "a") is None, "not visible before the end"
        seen = await inside.current("Patient", "a")
        assert seen is not None
        return (await inside.history(HistoryQuery())).total

    assert await resources.transact(work) == 2
    assert (await resources.history(HistoryQuery())).total == 2


async def test_a_transaction_that_raises_leaves_nothing(store: Store) -> None:
    resources = store.within(MINE)

    async def work(inside: Resources) -> None:
        await inside.change(put("a"))
        raise Conflict("changed my mind")

    with pytest.raises(Conflict):
        await resources.transact(work)
    assert await resources.current("Patient", "a") is None
    assert await resources.change(put("a")), "the store goes on after a failed transaction"


async def test_transactions_that_meet_are_run_again_until_both_are_done(store: Store) -> None:
    resources = store.within(MINE)

    async def work(inside: Resources) -> None:
        await inside.current("Patient", "counter")
        await asyncio.sleep(0)
        await inside.change(put("counter"))

    await asyncio.gather(*(resources.transact(work) for _ in range(8)))
    counter = await resources.current("Patient", "counter")
    assert counter is not None
    assert counter.number == 8


def _at(change: Change, at: int) -> Callable[[Version | None], Version | None]:
    def decide(current: Version | None) -> Version | None:
        version = change.decide(current)
        assert version is not None
        return Version(version.type, version.id, version.number, at, version.method, version.body)

    return decide
