"""Events wait in memory for at most their time, are written together, and outlive a database that was away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from fhirstore.errors import Unavailable
from fhirstore.store.contract import Store
from fhirstore.store.trail import Event, TrailQuery
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
