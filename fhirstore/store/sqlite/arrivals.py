"""Jobs on their way from an event loop to the writing thread: those that come close together arrive together.

A commit of sixteen costs little more than a commit of four, and the thread's work and the event loop's hinder each
other. So a job waits while the event loop is busy with what may bring more of them, for a few milliseconds at most; on
an idle event loop it goes at once.
"""

from __future__ import annotations

import asyncio
from queue import SimpleQueue
from time import perf_counter
from typing import Generic, TypeVar

Item = TypeVar("Item")

LONGEST_SECONDS = 0.005
IDLE_SECONDS = 0.0001
"""An event loop that comes round in less has had nothing to do."""


class Arrivals(Generic[Item]):
    """Puts lists of items into a queue: the items of each event loop in the order in which they were added."""

    def __init__(self, queue: SimpleQueue[list[Item] | None]) -> None:
        self._queue = queue
        self._waiting: dict[asyncio.AbstractEventLoop, list[Item]] = {}

    def add(self, item: Item) -> None:
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(loop)
        if waiting is not None:
            waiting.append(item)
            return
        self._waiting[loop] = [item]
        now = perf_counter()
        loop.call_soon(self._look, loop, now + LONGEST_SECONDS, now)

    def close(self) -> None:
        """Nothing comes behind what is on its way."""
        for loop in [*self._waiting]:
            self._queue.put(self._waiting.pop(loop))
        self._queue.put(None)

    def _look(self, loop: asyncio.AbstractEventLoop, latest: float, before: float) -> None:
        now = perf_counter()
        if now < latest and now - before > IDLE_SECONDS:
            loop.call_soon(self._look, loop, latest, now)
        elif loop in self._waiting:
            self._queue.put(self._waiting.pop(loop))
