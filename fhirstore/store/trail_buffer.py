"""Events on their way to the trail: gathered in this process, and written together at most a second later.

A write of its own for every read would cost more than the read. What a crash can lose is the last second of events; a
write that was acknowledged is never lost with them, for its version tells its author.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from fhirstore.store.contract import Store
from fhirstore.store.trail import Deed, Event

_log = logging.getLogger("fhirstore")

SECONDS = 1.0
BATCH = 2_000
"""So many events are written at once, and as soon as there are so many."""
_BREATH = 100
"""So many are made of what requests noted before others have their turn."""
LIMIT = 100_000
"""So many are kept while the database is away; then the oldest are lost, and the log says how many."""


class TrailBuffer:
    """Belongs to one event loop; `note` only puts an event into a queue."""

    def __init__(self, store: Store, seconds: float = SECONDS, limit: int = LIMIT) -> None:
        self._store = store
        self._seconds = seconds
        self._limit = limit
        self._events: deque[Event | Deed] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()

    def note(self, event: Event | Deed) -> None:
        self._events.append(event)
        if self._timer is None:
            self._wait()
        if len(self._events) % BATCH == 0:
            self._begin()

    async def flush(self) -> None:
        """Write all that was noted before. Where that fails, it is kept for the next time."""
        async with self._turn:
            for _ in range(-(-len(self._events) // BATCH)):
                batch: list[Event] = []
                try:
                    while self._events and len(batch) < BATCH:
                        batch += [_event(self._events.popleft()) for _ in range(min(_BREATH, len(self._events)))]
                        await asyncio.sleep(0)
                    await self._store.trail.append(batch)
                except BaseException:
                    self._events.extendleft(reversed(batch))
                    raise

    async def close(self) -> None:
        """Write what is left, at shutdown."""
        await self._flush_or_tell()
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._begin)

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._flush_or_tell())
        self._shorten()

    async def _flush_or_tell(self) -> None:
        try:
            await self.flush()
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on, and tries again
            _log.warning("%d events wait for the trail: %s", len(self._events), type(error).__name__)
        if self._events and self._timer is None:
            self._wait()

    def _shorten(self) -> None:
        lost = len(self._events) - self._limit
        if lost > 0:
            for _ in range(lost):
                self._events.popleft()
            _log.error("%d events of the trail were lost: the database was away for too long", lost)


def _event(noted: Event | Deed) -> Event:
    return noted.event() if isinstance(noted, Deed) else noted
