"""What applications do, counted in this process and written together every few seconds: a request waits for none of it.

A crash loses the last seconds' counts; limits do not rest on them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

from fhirstore.clock import Clock
from fhirstore.store.contract import Store
from fhirstore.store.usage import HOUR, Counted, Kind

_log = logging.getLogger("fhirstore")

SECONDS = 5.0
MOST = 100_000
"""So many different counts wait while the database is away."""


class Usage:
    """Belongs to one event loop; `note` only counts."""

    def __init__(self, store: Store, clock: Clock, seconds: float = SECONDS) -> None:
        self._store = store
        self._clock = clock
        self._seconds = seconds
        self._counts: defaultdict[tuple[str, Kind], int] = defaultdict(int)
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def note(self, client_id: str, kind: Kind) -> None:
        self._counts[client_id, kind] += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._begin)

    async def flush(self) -> None:
        """Write what was counted before, as this hour's. Where that fails, it is kept for the next time."""
        counts, self._counts = self._counts, defaultdict(int)
        if not counts:
            return
        hour = self._clock() // HOUR
        try:
            await self._store.usage.add({Counted(id, hour, kind): count for (id, kind), count in counts.items()})
        except Exception as error:  # noqa: BLE001 - whatever it is, the server goes on, and tries again
            _log.warning("counts of use wait for the database: %s", type(error).__name__)
            if len(self._counts) + len(counts) <= MOST:
                for key, count in counts.items():
                    self._counts[key] += count

    async def close(self) -> None:
        """Write what is left, at shutdown."""
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await self._writing
        await self.flush()

    def _begin(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self.flush())


def kind_of(status: int, *, management: bool) -> Kind:
    """What a request counts as, by the status of its answer."""
    if not management:
        return "fhir" if status < 400 else "fhir-failed"
    if status == 429:
        return "throttled"
    return "management" if status < 400 else "management-failed"
