"""Jobs that come close together reach the writing thread together, in their order, and none is left behind."""

from __future__ import annotations

import asyncio
from queue import SimpleQueue

from fhirstore.store.sqlite.arrivals import Arrivals


async def _list(queue: SimpleQueue[list[int] | None]) -> list[int] | None:
    return await asyncio.to_thread(queue.get, timeout=10)


async def test_what_one_round_of_the_event_loop_brings_arrives_together_and_in_order() -> None:
    queue = SimpleQueue[list[int] | None]()
    arrivals = Arrivals(queue)
    loop = asyncio.get_running_loop()
    for number in range(5):
        loop.call_soon(arrivals.add, number)
    assert await _list(queue) == [0, 1, 2, 3, 4]


async def test_a_job_alone_arrives_without_another() -> None:
    queue = SimpleQueue[list[int] | None]()
    arrivals = Arrivals(queue)
    for number in range(3):
        arrivals.add(number)
        assert await _list(queue) == [number]


async def test_an_event_loop_that_is_never_idle_holds_no_job_back_for_good() -> None:
    queue = SimpleQueue[list[int] | None]()
    arrivals = Arrivals(queue)
    loop = asyncio.get_running_loop()
    rounds = 0

    def go_round() -> None:
        nonlocal rounds
        rounds += 1
        sum(range(20_000))  # longer than an idle event loop takes
        if queue.empty() and rounds < 1000:
            loop.call_soon(go_round)

    arrivals.add(1)
    go_round()
    assert await _list(queue) == [1]
    assert rounds < 1000


async def test_closing_leaves_nothing_behind() -> None:
    queue = SimpleQueue[list[int] | None]()
    arrivals = Arrivals(queue)
    arrivals.add(1)
    arrivals.close()
    assert [queue.get(timeout=10), queue.get(timeout=10)] == [[1], None]
    await asyncio.sleep(0)
    assert queue.empty()
