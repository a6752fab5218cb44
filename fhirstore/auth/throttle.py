"""Failed tries, counted in the database for each place and address: too many, and the address waits."""

from __future__ import annotations

from fhirstore.clock import Clock
from fhirstore.errors import Failure, TooManyRequests
from fhirstore.store.contract import Store

FAILURE_SPAN = 15 * 60 * 1000
"""For how long failed tries are counted together, in milliseconds."""


class Throttle:
    """After `limit` failures under one key, whoever tries there is refused, right or wrong, until a quarter of an
    hour after the first of them."""

    def __init__(self, store: Store, clock: Clock, limit: int) -> None:
        self._store = store
        self._clock = clock
        self._limit = limit

    async def admit(self, key: str) -> None:
        """Raises TooManyRequests."""
        now = self._clock()
        window = await self._store.accounts.window(key, now)
        if window is not None and window.count >= self._limit:
            raise _throttled(window.ends - now)

    async def failure(self, key: str, wrong: Failure) -> Failure:
        """Count one more; answers what to raise."""
        now = self._clock()
        window = await self._store.accounts.count(key, now, FAILURE_SPAN)
        return _throttled(window.ends - now) if window.count > self._limit else wrong


def _throttled(milliseconds: int) -> TooManyRequests:
    wait = {"Retry-After": str(-(-milliseconds // 1000))}
    return TooManyRequests("Too many failed tries from this address.", headers=wait)
