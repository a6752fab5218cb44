"""Any number of servers that start at once on an empty database make one first application together."""

from __future__ import annotations

import asyncio

from fhirstore.auth.applications import CLAIM_SPAN, create_first_application
from fhirstore.store.contract import Store


async def test_of_many_that_start_at_once_one_makes_it(store: Store) -> None:
    made = await asyncio.gather(
        *(create_first_application(store.accounts, store.keys, "first", 1000 + turn) for turn in range(12))
    )
    (new,) = [each for each in made if each is not None]
    assert [each.client_id for each in await store.accounts.applications()] == [new.client_id]


async def test_what_was_claimed_and_not_made_is_made_by_the_first_that_comes_a_minute_later(store: Store) -> None:
    """A process that was killed between the two leaves its claim behind."""
    await store.keys.keep("first application", b"1000 killed")
    soon = await create_first_application(store.accounts, store.keys, "first", 999 + CLAIM_SPAN)
    assert soon is None
    made = await asyncio.gather(
        *(create_first_application(store.accounts, store.keys, "first", 1000 + CLAIM_SPAN) for _ in range(6))
    )
    assert len([each for each in made if each is not None]) == 1
    assert len(await store.accounts.applications()) == 1
