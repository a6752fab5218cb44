"""What a server does beside its requests: what is left of erased users goes, and so does what is old of the trail.

Every process does it, and at any moment: each step may be done twice.
"""

from __future__ import annotations

import asyncio
import logging

from fhirstore.clock import Clock
from fhirstore.store.contract import Store

_log = logging.getLogger("fhirstore")

PERIOD_SECONDS = 60
LATER = 120_000
"""How long after a user was removed its record is erased once more, in milliseconds: until then a request that had
begun before, in whatever process, may still have written."""
_DAY = 24 * 3600 * 1000


async def keep_house(store: Store, clock: Clock, audit_days: int) -> None:
    """Goes on until it is cancelled."""
    while True:
        try:
            await tidy(store, clock(), audit_days)
        except Exception as error:  # noqa: BLE001 - the next round tries again
            _log.warning("housekeeping failed: %s", type(error).__name__)
        await asyncio.sleep(PERIOD_SECONDS)


async def tidy(store: Store, now: int, audit_days: int) -> None:
    """One round."""
    for owner in await store.accounts.removed_users(now - LATER):
        await store.erase(owner)
        await store.accounts.forget_removed_user(owner)
    while await store.trail.discard(now - audit_days * _DAY):
        pass
