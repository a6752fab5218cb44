"""How many management calls an application may make in an hour."""

from __future__ import annotations

from dataclasses import dataclass

from fhirstore.clock import Clock
from fhirstore.store.accounts import Application
from fhirstore.store.contract import Store

SPAN = 3_600_000
"""The hour begins with the first call after the hour before it, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of an application's hour; `reset` is when the next begins (seconds since 1970), `wait` how many
    seconds that is from now."""

    limit: int
    count: int
    reset: int
    wait: int

    @property
    def remaining(self) -> int:
        return max(self.limit - self.count, 0)

    @property
    def exceeded(self) -> bool:
        return self.count > self.limit


class Allowances:
    """Counts calls in the database, one atomic write each, so that the limit holds over all processes.

    Both faces draw on one allowance: it is the application's, whatever language it speaks.
    """

    def __init__(self, store: Store, clock: Clock, calls_per_hour: int) -> None:
        self._store = store
        self._clock = clock
        self.calls_per_hour = calls_per_hour

    async def count(self, application: Application) -> Allowance:
        now = self._clock()
        window = await self._store.accounts.count(window_key(application), now, SPAN)
        limit = application.calls_per_hour or self.calls_per_hour
        return Allowance(limit, window.count, -(-window.ends // 1000), -(-(window.ends - now) // 1000))


def window_key(application: Application) -> str:
    """Under what an application's calls are counted."""
    return f"calls/{application.client_id}"
