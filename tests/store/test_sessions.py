"""What both stores promise of developers, browser sessions and sign-in links (`store/sessions.py`)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fhirstore.store.accounts import Application, NewUser, User, UserChange
from fhirstore.store.contract import Store
from fhirstore.store.sessions import Developer, EmailTakenError, Session, SignInLink

ADA = Developer("ada@example.org", "hash", 1000)
SESSION = Session("s", "ada@example.org", None, "secret", 1000, 1000, 9000)
USERS_SESSION = Session("u", None, 1, "secret", 1000, 1000, 9000)
LINK = SignInLink("l", "user", None, 1, "/health-history", 5000)


async def test_a_developer_is_there_once_and_read_back_as_written(store: Store) -> None:
    later = Developer("grace@example.org", "hash", 2000)
    for developer in (later, ADA):
        await store.sessions.add_developer(developer)
    assert await store.sessions.developer("ada@example.org") == ADA
    assert await store.sessions.developer("nobody@example.org") is None
    assert await store.sessions.developers() == [ADA, later]
    with pytest.raises(EmailTakenError):
        await store.sessions.add_developer(replace(ADA, password_hash="other"))
    assert await store.sessions.developer("ada@example.org") == ADA


async def test_a_session_is_read_back_seen_and_ended(store: Store) -> None:
    for session in (SESSION, USERS_SESSION):
        await store.sessions.add_session(session)
        assert await store.sessions.session(session.hash) == session
    await store.sessions.see_session("s", 3000)
    assert await store.sessions.session("s") == replace(SESSION, seen=3000)
    await store.sessions.end_session("s")
    assert await store.sessions.session("s") is None
    assert await store.sessions.session("u") == USERS_SESSION


async def test_signing_out_everywhere_ends_ones_own_sessions_and_links_and_nobody_elses(store: Store) -> None:
    others = (replace(SESSION, hash="o", developer="grace@example.org"), replace(USERS_SESSION, hash="p", user=2))
    for session in (SESSION, replace(SESSION, hash="t"), USERS_SESSION, *others):
        await store.sessions.add_session(session)
    for link in (LINK, replace(LINK, hash="m", user=2), replace(LINK, hash="n", user=None, developer=ADA.email)):
        await store.sessions.add_link(link)
    await store.sessions.end_sessions(developer="ada@example.org")
    assert [hash for hash in "stuop" if await store.sessions.session(hash)] == ["u", "o", "p"]
    assert [hash for hash in "lmn" if await store.sessions.link(hash, 0)] == ["l", "m"]
    await store.sessions.end_sessions(user=1)
    assert [hash for hash in "stuop" if await store.sessions.session(hash)] == ["o", "p"]
    assert [hash for hash in "lmn" if await store.sessions.link(hash, 0)] == ["m"]


async def test_a_new_password_ends_all_sessions_of_its_developer(store: Store) -> None:
    await store.sessions.add_developer(ADA)
    await store.sessions.add_session(SESSION)
    await store.sessions.add_session(USERS_SESSION)
    assert await store.sessions.set_password(ADA.email, "new")
    assert await store.sessions.developer(ADA.email) == replace(ADA, password_hash="new")
    assert await store.sessions.session("s") is None
    assert await store.sessions.session("u") is not None
    assert not await store.sessions.set_password("nobody@example.org", "new")


async def test_of_many_who_spend_a_link_one_is_given_it(store: Store) -> None:
    await store.sessions.add_link(LINK)
    assert await store.sessions.link("l", 4999) == LINK, "looking does not spend it"
    spent = await asyncio.gather(*(store.sessions.spend_link("l", 4999) for _ in range(8)))
    assert [link for link in spent if link is not None] == [LINK]
    assert await store.sessions.link("l", 4999) is None


async def test_a_link_ends_at_its_time(store: Store) -> None:
    await store.sessions.add_link(LINK)
    assert await store.sessions.link("l", 5000) is None
    assert await store.sessions.spend_link("l", 5000) is None


@pytest.fixture
async def patient(store: Store) -> User:
    await store.accounts.add_application(Application("app", "first", "s1", "org", "t1", 1000))
    return await store.accounts.add_user(NewUser("hex", "app", "me", True, 1000))


async def test_a_user_who_is_switched_off_or_deleted_is_signed_out(store: Store, patient: User) -> None:
    async def signed_in() -> list[bool]:
        return [await store.sessions.session("u") is not None, await store.sessions.link("l", 0) is not None]

    for _ in range(2):
        await store.sessions.add_session(replace(USERS_SESSION, user=patient.id))
        await store.sessions.add_link(replace(LINK, user=patient.id))
        await store.accounts.change_user(patient, UserChange(app_user_id="renamed"))
        assert await signed_in() == [True, True]
        await store.accounts.change_user(patient, UserChange(active=False))
        assert await signed_in() == [False, False]
        await store.accounts.change_user(patient, UserChange(active=True))
        assert await signed_in() == [False, False]
    await store.sessions.add_session(replace(USERS_SESSION, user=patient.id))
    await store.sessions.add_link(replace(LINK, user=patient.id))
    await store.accounts.remove_user(patient, 2000)
    assert await signed_in() == [False, False]


async def test_applications_of_a_developer_are_told_oldest_first(store: Store) -> None:
    made = [
        Application(f"app{number}", "name", "s", f"org{number}", f"t{number}", 1000 - number, developer=developer)
        for number, developer in enumerate(["ada@example.org", None, "ada@example.org", "grace@example.org"])
    ]
    for application in made:
        await store.accounts.add_application(application)
    assert await store.accounts.applications_of("ada@example.org") == [made[2], made[0]]
    assert await store.accounts.applications_of("nobody@example.org") == []
