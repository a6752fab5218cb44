"""What both stores promise of consents, launches and the server's keys (`store/consents.py`, `store/keys.py`)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fhirstore.store.accounts import Application, NewUser, Token
from fhirstore.store.consents import Consent, Launch
from fhirstore.store.contract import Store

FIRST = Consent(1, "app", "a", "patient/*.read launch/patient", 2000)
LAUNCH = Launch("hash", 1, "app", "a", 4_000_000_000_000)


def token(hash: str, user: int | None = 1, client_id: str = "app", **members: object) -> Token:
    blank = Token(hash, "access", user, client_id, "patient/*.read", "f", 4_000_000_000_000)
    return replace(blank, **{"patient": "a", "nonce": "n", "consented": True, **members})  # type: ignore[arg-type]


async def left(store: Store, hashes: str) -> str:
    """Those of some tokens that are still there."""
    return "".join([hash for hash in hashes if await store.accounts.token(hash) is not None])


async def test_a_user_has_one_standing_consent_for_each_application_and_patient(store: Store) -> None:
    others = [replace(FIRST, client_id="other", patient=None, since=1000), replace(FIRST, patient="b")]
    for consent in (FIRST, *others, replace(FIRST, user=2, used=5)):
        await store.consents.allow(consent)
    assert await store.consents.consents(1) == [others[0], FIRST, others[1]], "oldest first"
    again = replace(FIRST, scope="patient/Observation.read", since=3000)
    await store.consents.allow(again)
    assert await store.consents.consent(1, "app", "a") == again
    assert await store.consents.consent(1, "app", "b") == others[1]
    assert await store.consents.consent(1, "other", None) == others[0]
    assert await store.consents.consents(2) == [replace(FIRST, user=2, used=5)]
    assert await store.consents.consent(1, "app", None) is None


async def test_the_use_of_a_consent_is_noted_of_it_alone(store: Store) -> None:
    for consent in (FIRST, replace(FIRST, user=2)):
        await store.consents.allow(consent)
    await store.consents.note_use(FIRST, 7000)
    await store.consents.note_use(replace(FIRST, user=3), 7000)
    assert await store.consents.consents(1) == [replace(FIRST, used=7000)]
    assert await store.consents.consents(2) == [replace(FIRST, user=2)]
    assert await store.consents.consents(3) == []


async def test_a_withdrawn_consent_takes_what_was_given_for_it_and_nothing_else(store: Store) -> None:
    for consent in (FIRST, replace(FIRST, patient=None), replace(FIRST, client_id="other")):
        await store.consents.allow(consent)
    given = [token("1"), token("2", family="g"), token("3", patient=None, kind="code")]
    kept = [token("4", 2), token("5", client_id="other"), token("6", consented=False), token("7", None)]
    await store.accounts.add_tokens([*given, *kept])
    assert await store.consents.withdraw(1, "app")
    assert await left(store, "1234567") == "4567"
    assert [consent.client_id for consent in await store.consents.consents(1)] == ["other"]
    assert not await store.consents.withdraw(1, "app")
    await store.accounts.add_tokens([token("8")])
    assert await store.consents.withdraw(1, "app"), "tokens whose consent is gone are taken too"
    assert await left(store, "8") == ""


async def test_a_consent_that_begins_anew_takes_what_was_given_for_the_one_before(store: Store) -> None:
    await store.consents.allow(FIRST)
    others = [token("2", patient="b"), token("3", patient=None), token("4", client_id="other")]
    await store.accounts.add_tokens([token("1"), *others])
    await store.consents.allow(replace(FIRST, since=3000))
    assert await left(store, "1234") == "1234"
    await store.consents.allow(replace(FIRST, since=4000), anew=True)
    assert await left(store, "1234") == "234"
    assert await store.consents.consents(1) == [replace(FIRST, since=4000)]


async def test_an_exchange_that_meets_a_withdrawal_leaves_nothing(store: Store) -> None:
    for round in range(8):
        family = f"family{round}"
        await store.accounts.add_tokens([token(f"code{round}", family=family, kind="code")])
        given = [token(f"given{round}.{number}", family=family) for number in range(4)]
        exchange = store.accounts.exchange_token(f"code{round}", 1000, given)
        await asyncio.gather(exchange, store.consents.withdraw(1, "app"))
        assert {await store.accounts.token(each.hash) for each in given} == {None}


async def test_a_launch_is_looked_at_often_and_taken_once(store: Store) -> None:
    await store.consents.add_launch(LAUNCH, 1000)
    await store.consents.add_launch(replace(LAUNCH, hash="other", patient=None), 1000)
    assert [await store.consents.launch("hash") for _ in range(2)] == [LAUNCH, LAUNCH]
    taken = await asyncio.gather(*(store.consents.take_launch("hash") for _ in range(16)))
    assert [launch for launch in taken if launch is not None] == [LAUNCH]
    assert await store.consents.launch("hash") is None
    assert await store.consents.take_launch("other") == replace(LAUNCH, hash="other", patient=None)
    assert await store.consents.take_launch("none") is None


async def test_a_removed_user_leaves_neither_consents_nor_launches(store: Store) -> None:
    await store.accounts.add_application(Application("app", "app", "s", "org", "t", 1000))
    user = await store.accounts.add_user(NewUser("hex", "app", "a", True, 1000))
    other = user.id + 1
    for owner in (user.id, other):
        await store.consents.allow(replace(FIRST, user=owner))
        await store.consents.add_launch(replace(LAUNCH, hash=f"{owner}", user=owner), 1000)
    assert await store.accounts.remove_user(user, 2000)
    assert (await store.consents.consents(user.id), await store.consents.launch(f"{user.id}")) == ([], None)
    assert len(await store.consents.consents(other)) == 1
    assert await store.consents.launch(f"{other}") is not None


async def test_of_a_key_that_many_make_at_once_all_get_the_same(store: Store) -> None:
    assert await store.keys.key("signing") is None
    kept = await asyncio.gather(*(store.keys.keep("signing", bytes([number])) for number in range(16)))
    assert len(set(kept)) == 1
    assert await store.keys.key("signing") == kept[0]
    assert await store.keys.keep("other", b"x") == b"x"
