"""Events wait in memory for at most their time, are written together, and outlive a database that was away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from fhirstore.errors import Unavailable
from fhirstore.store.contract import Store
from fhirstore.store.trail import Deed, Event, TrailQuery, next_order, write_id
from fhirstore.store.trail_buffer import BATCH, TrailBuffer
from tests.store.test_trail import event


class Recording:
    """A trail that keeps its batches, and can be away."""

    def __init__(self) -> None:
        self.batches: list[list[Event]] = []
        self.away = False

    async def append(self, events: Sequence[Event]) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("away")
        self.batches.append(list(events))


def recorded(seconds: float = 0.01, limit: int = 100_000) -> tuple[Recording, TrailBuffer]:
    trail = Recording()
    store: Any = SimpleNamespace(trail=trail)
    return trail, TrailBuffer(store, seconds, limit)


async def until(held: Any) -> None:
    async with asyncio.timeout(10):
        while not held():  # noqa: ASYNC110 - nothing tells of a timer that did its work
            await asyncio.sleep(0.005)


async def test_what_is_noted_together_is_written_together_without_being_asked() -> None:
    trail, buffer = recorded()
    events = [event(at) for at in range(5)]
    for each in events:
        buffer.note(each)
    assert trail.batches == []
    await until(lambda: trail.batches)
    assert trail.batches == [events]
    buffer.note(event(6))
    await until(lambda: len(trail.batches) == 2)
    await buffer.close()


async def test_a_full_batch_does_not_wait_for_its_time() -> None:
    trail, buffer = recorded(seconds=1000)
    for at in range(BATCH):
        buffer.note(event(at))
    await until(lambda: trail.batches)
    assert len(trail.batches[0]) == BATCH
    await buffer.close()


async def test_closing_writes_what_is_left(store: Store) -> None:
    buffer = TrailBuffer(store, seconds=1000)
    events = [event(at) for at in range(3)]
    for each in events:
        buffer.note(each)
    assert await store.trail.events(TrailQuery()) == []
    await buffer.close()
    assert list(await store.trail.events(TrailQuery())) == events[::-1]


async def test_while_the_database_is_away_events_are_kept_up_to_a_limit_and_written_afterwards() -> None:
    trail, buffer = recorded(limit=10)
    trail.away = True
    for at in range(25):
        buffer.note(event(at))
    await asyncio.sleep(0.1)
    trail.away = False
    await until(lambda: trail.batches)
    await buffer.close()
    assert [each.at for batch in trail.batches for each in batch] == list(range(15, 25)), "the newest are kept"


async def test_what_is_noted_while_others_are_written_is_written_too() -> None:
    trail, buffer = recorded()
    for at in range(200):
        buffer.note(event(at))
        await asyncio.sleep(0.0005)
    await until(lambda: sum(map(len, trail.batches)) == 200)
    await buffer.close()
    assert [each.at for batch in trail.batches for each in batch] == list(range(200))


def deed(at: int, target: str, version: int | None = None) -> Deed:
    return Deed(at, next_order(), "update", 200, 1, "app", 1, "Patient", target, version, "a", "req-1", "10.0.0.9")


async def test_what_requests_noted_is_told_in_their_order_between_other_events_of_one_moment() -> None:
    trail, buffer = recorded()
    noted: list[Deed | Event] = [deed(5, "b"), event(5), deed(5, "a"), event(5), deed(5, "c"), deed(4, "z")]
    for each in noted:
        buffer.note(each)
    await buffer.close()
    (told,) = trail.batches
    assert [each.target for each in sorted(told)] == ["z", "b", noted[1].target, "a", noted[3].target, "c"]
    assert [each.at for each in told] == [5, 5, 5, 5, 5, 4]
    assert len({each.id for each in told}) == 6


async def test_a_version_that_was_made_has_one_id_however_often_it_is_told() -> None:
    trail, buffer = recorded()
    trail.away = True
    buffer.note(deed(5, "b", version=3))
    await buffer.close()
    trail.away = False
    buffer.note(deed(5, "b", version=3))
    await buffer.close()
    assert {each.id for each in trail.batches[0]} == {write_id(5, "Patient", "b", 3)}
    assert trail.batches[0][0] == Event(
        *(write_id(5, "Patient", "b", 3), "update", 200, 1, "app", 1, "Patient", "b", 3, "a", "req-1", "10.0.0.9")
    )
