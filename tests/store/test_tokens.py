"""What both stores promise of codes and tokens (`store/accounts.py`), in the order that clocks disagree about."""

from __future__ import annotations

import pytest

from fhirstore.store.accounts import Token
from fhirstore.store.contract import Store

NOW = 1_800_000_000_000


def token(hash: str, spent: int | None = None) -> Token:
    return Token(hash, "code", 1, "client", "user/*.*", "family", NOW + 300_000, spent)


@pytest.mark.parametrize("late", [-60_000, -1, 0, 1, 60_000])
async def test_without_grace_a_token_is_exchanged_once_whatever_the_second_ones_clock_says(
    store: Store, late: int
) -> None:
    """Requests read their clock before they wait for their turn, and the clocks of two servers differ."""
    await store.accounts.add_tokens([token("code")])
    assert await store.accounts.exchange_token("code", NOW, [token("first")])
    assert not await store.accounts.exchange_token("code", NOW + late, [token("second")])
    assert await store.accounts.token("first") == token("first")
    assert await store.accounts.token("second") is None
    assert await store.accounts.token("code") == token("code", spent=NOW)


@pytest.mark.parametrize(("late", "again"), [(-1000, True), (0, True), (59_999, True), (60_000, False)])
async def test_within_its_grace_a_token_is_exchanged_again_counted_from_the_first_time(
    store: Store, late: int, again: bool
) -> None:
    await store.accounts.add_tokens([token("refresh")])
    assert await store.accounts.exchange_token("refresh", NOW, [token("first")], 60_000)
    assert await store.accounts.exchange_token("refresh", NOW + late, [token("second")], 60_000) == again
    assert await store.accounts.token("refresh") == token("refresh", spent=NOW)


async def test_what_was_never_given_is_not_exchanged(store: Store) -> None:
    assert not await store.accounts.exchange_token("unknown", NOW, [token("first")], 60_000)
    assert await store.accounts.token("first") is None
