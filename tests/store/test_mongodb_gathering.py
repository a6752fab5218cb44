"""Reads and creates that come together share round trips to MongoDB, and nothing else: each has its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from pymongo.errors import AutoReconnect

from fhirstore.errors import TooLarge, Unavailable
from fhirstore.search.entries import Entries
from fhirstore.store.contract import Change, Resources, Version
from fhirstore.store.mongodb import MongoStore, gathering
from fhirstore.store.scope import Scope
from tests.conftest import database_of
from tests.store.test_find import put
from tests.store.test_mongodb_shapes import Commands

AT_ONCE = 40


@asynccontextmanager
async def opened(uri: str, commands: Commands, *, gathered: bool = True) -> AsyncIterator[MongoStore]:
    database = database_of(uri, f"test_{uuid4().hex}")
    store = MongoStore(database, gathered_reads=gathered, gathered_creates=gathered)
    connect = store._connect
    store._connect = lambda *_: connect(commands)  # type: ignore[method-assign]
    await store.open()
    yield store
    await store._database.client.drop_database(store._database.name)
    await store.close()


@pytest.fixture
async def store(mongodb_uri: str, commands: Commands) -> AsyncIterator[MongoStore]:
    async with opened(mongodb_uri, commands) as opened_store:
        yield opened_store


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.mark.parametrize("gathered", [True, False])
async def test_reads_that_come_together_take_few_round_trips_unless_that_is_switched_off(
    mongodb_uri: str, commands: Commands, gathered: bool
) -> None:
    async with opened(mongodb_uri, commands, gathered=gathered) as store:
        mine = store.within(Scope(1))
        await mine.change_all([put("Patient", f"p{at}", text=f"text{at}") for at in range(AT_ONCE)])
        with commands.during() as sent:
            found = await asyncio.gather(*(mine.current("Patient", f"p{at}") for at in range(AT_ONCE)))
        assert [version and version.body for version in found] == [f"text{at}".encode() for at in range(AT_ONCE)]
        assert len(sent) <= 4 if gathered else len(sent) == AT_ONCE


async def test_what_is_read_together_with_anothers_stays_each_ones_own(store: MongoStore, commands: Commands) -> None:
    mine, theirs = store.within(Scope(1)), store.within(Scope(2))
    await mine.change(put("Patient", "a", text="mine"))
    await theirs.change(put("Patient", "b", text="theirs"))
    asked = [(mine, "a"), (theirs, "a"), (mine, "b"), (theirs, "b")] * 5
    with commands.during() as sent:
        found = await asyncio.gather(*(resources.current("Patient", id) for resources, id in asked))
    assert [version and version.body for version in found] == [b"mine", None, None, b"theirs"] * 5
    assert len(sent) < len(asked)
    for each in sent:
        assert "owner" in each["filter"], "every read goes to the owners' shards alone"


async def test_a_read_sees_what_was_written_before_it_however_many_others_are_under_way(store: MongoStore) -> None:
    resources = store.within(Scope(1))
    await resources.change(put("Patient", "other"))

    async def write_and_read(id: str) -> int:
        for _ in range(3):
            await resources.change(put("Patient", id))
        version = await resources.current("Patient", id)
        return version.number if version else 0

    others = [resources.current("Patient", "other") for _ in range(30)]
    numbers = await asyncio.gather(*(write_and_read(f"p{at}") for at in range(6)), *others)
    assert numbers[:6] == [3] * 6


async def test_a_failure_reaches_all_who_wait_and_the_next_read_is_asked_anew(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources, reads = store.within(Scope(1)), store._reads
    assert reads is not None
    await resources.change(put("Patient", "a"))
    ask = reads._ask

    async def fail(keys: object) -> None:
        raise AutoReconnect("away")

    monkeypatch.setattr(reads, "_ask", fail)
    answers = await asyncio.gather(*(resources.current("Patient", "a") for _ in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 5
    monkeypatch.setattr(reads, "_ask", ask)
    assert await resources.current("Patient", "a")


async def test_who_goes_away_takes_nothing_from_who_waits_for_the_same(store: MongoStore) -> None:
    resources = store.within(Scope(1))
    await resources.change(put("Patient", "a"))
    first, second = (asyncio.ensure_future(resources.current("Patient", "a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second


def new(id: str, body: bytes = b"{}", updated: int = 1) -> Change:
    version = Version("Patient", id, 1, updated, "POST", body)
    return Change("Patient", id, lambda current: put("Patient", id).decide(current) if current else version, fresh=True)


@pytest.mark.parametrize("gathered", [True, False])
async def test_creates_that_come_together_take_few_round_trips_and_are_there_when_they_are_acknowledged(
    mongodb_uri: str, commands: Commands, gathered: bool
) -> None:
    async with opened(mongodb_uri, commands, gathered=gathered) as store:
        mine = store.within(Scope(1))

        async def create_and_read(at: int) -> bytes:
            await mine.change(new(f"p{at}", b"%d" % at))
            found = await mine.current("Patient", f"p{at}")
            return found.body if found else b""

        with commands.during() as sent:
            found = await asyncio.gather(*(create_and_read(at) for at in range(AT_ONCE)))
        assert found == [b"%d" % at for at in range(AT_ONCE)]
        inserts = [each for each in sent if each["name"] == "insert"]
        assert len(inserts) <= 4 if gathered else len(inserts) == AT_ONCE


async def test_of_creates_that_share_a_round_trip_each_has_its_own_outcome(store: MongoStore) -> None:
    mine, theirs = store.within(Scope(1)), store.within(Scope(2))
    await mine.change(new("there"))
    changes = [mine.change(new(id)) for id in ("a", "there", "twice", "twice", "b")]
    failing = [mine.change(new("c", updated=2**70)), theirs.change(new("there"))]
    outcomes = await asyncio.gather(*changes, *failing, return_exceptions=True)
    numbers = [each.number for each in outcomes if isinstance(each, Version)]
    assert numbers in ([1, 2, 1, 2, 1, 1], [1, 2, 2, 1, 1, 1])
    assert isinstance(outcomes[5], OverflowError), "no number of MongoDB is so large, which is nobody else's failure"
    assert await mine.current("Patient", "c") is None


async def test_what_is_larger_than_a_document_may_be_is_refused_and_no_other_with_it(store: MongoStore) -> None:
    mine = store.within(Scope(1))
    large = put("Patient", "large", Entries(words=tuple(f"{at}{'a' * 1_000_000}" for at in range(17))))

    async def within(inside: Resources) -> None:
        await inside.change(large)

    async def among_others() -> None:
        await mine.change_all([new("b"), large])

    alone = await asyncio.gather(mine.change(new("a")), mine.change(large), return_exceptions=True)
    together = await asyncio.gather(mine.transact(within), among_others(), return_exceptions=True)
    answers: list[object] = [*alone, *together]
    assert [isinstance(each, TooLarge) for each in answers] == [False, True, True, True]
    assert await mine.current("Patient", "large") is None


async def test_a_large_one_keeps_nobody_waiting(
    store: MongoStore, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "LARGE", 10_000)
    mine = store.within(Scope(1))
    with commands.during() as sent:
        await asyncio.gather(*(mine.change(new(f"p{at}", b"x" * (at % 2 * 10_000))) for at in range(20)))
    sizes = [len(each["documents"]) for each in sent]
    assert sizes.count(1) >= 10
    assert sum(sizes) == 20
    assert len(sizes) < 20


async def test_a_failed_create_reaches_all_who_wait_and_the_next_is_made(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources, creates = store.within(Scope(1)), store._creates
    assert creates is not None

    async def fail(asked: object) -> None:
        raise AutoReconnect("away")

    with monkeypatch.context() as patch:
        patch.setattr(creates, "_ask", fail)
        answers = await asyncio.gather(*(resources.change(new(f"p{at}")) for at in range(5)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 5
    assert await resources.change(new("p1"))
