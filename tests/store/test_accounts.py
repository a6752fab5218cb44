"""What both stores promise of applications, users, tokens and counts (`store/accounts.py`)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fhirstore.store.accounts import (
    Accounts,
    Application,
    AppUserIdTakenError,
    NewUser,
    Token,
    User,
    UserChange,
    UserProfile,
    UserQuery,
    UserStatus,
)
from fhirstore.store.contract import Store

FIRST = Application("app", "first", "s1", "org", "t1", 1000)
FULL = Application(
    *("full", "second", "s2", "org2", "t2", 2000, "strict", "oneup", 5),
    ("https://a.example/1", "app.example:/2"),
    public=True,
    previous_secret_hash="s0",
    previous_organization_token_hash="t0",
)
PROFILE = UserProfile("F", "Boston", "1985", None, 170, 60.5)


@pytest.fixture
async def accounts(store: Store) -> Accounts:
    for application in (FIRST, FULL):
        await store.accounts.add_application(application)
    return store.accounts


async def added(accounts: Accounts, name: str, client_id: str = "app", profile: UserProfile | None = None) -> User:
    return await accounts.add_user(NewUser(f"{client_id}-{name}", client_id, name, True, 1000, profile))


def token(hash: str, user: int | None = 1, family: str = "f", **members: object) -> Token:
    blank = Token(hash, "access", user, "app", "user/*.*", family, 4_000_000_000_000)
    return replace(blank, **members)  # type: ignore[arg-type]


async def test_an_application_is_read_back_as_it_was_written_by_each_of_its_names(accounts: Accounts) -> None:
    for application in (FIRST, FULL):
        assert await accounts.application(application.client_id) == application
        assert await accounts.application_of_organization(application.organization_id) == application
        assert await accounts.application_of_organization_token(application.organization_token_hash) == application
    assert await accounts.application_of_organization_token("t0") == FULL, "the token before the current one"
    assert await accounts.applications() == [FIRST, FULL]
    for nothing in (accounts.application, accounts.application_of_organization):
        assert await nothing("none") is None


async def test_an_application_is_replaced_alone_and_only_where_it_is_there(accounts: Accounts) -> None:
    changed = replace(FULL, client_id="app", organization_id="org3", organization_token_hash="t3")
    assert await accounts.replace_application(changed)
    assert await accounts.applications() == [changed, FULL] or await accounts.applications() == [FULL, changed]
    assert not await accounts.replace_application(replace(FIRST, client_id="none", organization_id="org4"))


async def test_a_change_of_a_user_changes_what_it_names_and_nothing_else(accounts: Accounts) -> None:
    user, other = await added(accounts, "a", profile=PROFILE), await added(accounts, "b")
    await accounts.see_user(user.id, 5000)
    for change, following in (
        (UserChange(active=False), replace(user, active=False)),
        (UserChange(app_user_id="c"), replace(user, active=False, app_user_id="c")),
        (UserChange(), replace(user, active=False, app_user_id="c")),
        (UserChange(profile=UserProfile("M")), replace(user, active=False, app_user_id="c", profile=UserProfile("M"))),
    ):
        assert await accounts.change_user(user, change)
        assert await accounts.user(user.id) == replace(following, seen=5000)
    assert await accounts.user(other.id) == other
    with pytest.raises(AppUserIdTakenError):
        await accounts.change_user(user, UserChange(app_user_id="b"))
    assert not await accounts.change_user(replace(user, client_id="full"), UserChange(active=True))
    assert (await accounts.user(user.id) or user).active is False, "another application has no say"


async def test_users_are_found_by_what_is_known_of_them_within_their_application(accounts: Accounts) -> None:
    users = {name: await added(accounts, name) for name in ("new", "recent", "late", "off")}
    await added(accounts, "new", "full")
    await accounts.see_user(users["recent"].id, 5000)
    await accounts.see_user(users["late"].id, 4999)
    await accounts.change_user(users["off"], UserChange(active=False))
    statuses: dict[UserStatus, list[str]] = {
        "all": ["new", "recent", "late", "off"],
        "active": ["recent"],
        "inactive": ["late"],
        "provisioned": ["new"],
        "suspended": ["off"],
    }
    for status, names in statuses.items():
        page = await accounts.users(UserQuery("app", status=status, recent=5000))
        assert ([user.app_user_id for user in page.users], page.total) == (names, len(names))
    page = await accounts.users(UserQuery("app", skip=1, count=2))
    assert ([user.app_user_id for user in page.users], page.total) == (["recent", "late"], 4)
    assert (await accounts.users(UserQuery("app", hex_id="app-new"))).users == [users["new"]]
    assert (await accounts.users(UserQuery("full", hex_id="app-new"))).users == []


async def test_a_removed_user_is_nowhere_its_tokens_are_gone_and_its_name_is_free(accounts: Accounts) -> None:
    user, other = await added(accounts, "a", profile=PROFILE), await added(accounts, "b")
    await accounts.add_tokens([token("1", user.id), token("2", user.id, "g"), token("3", other.id)])
    assert not await accounts.remove_user(replace(user, client_id="full"), 3000)
    assert await accounts.remove_user(user, 3000)
    assert not await accounts.remove_user(user, 3001)
    assert await accounts.user(user.id) is None
    assert (await accounts.users(UserQuery("app"))).users == [other]
    assert not await accounts.change_user(user, UserChange(active=True))
    assert [await accounts.token(hash) is not None for hash in "123"] == [False, False, True]
    assert (await added(accounts, "a2")).id > other.id
    again = await accounts.add_user(NewUser("again", "app", "a", True, 4000))
    assert again.id != user.id


async def test_a_token_is_read_back_as_it_was_written_and_revoked_alone_or_with_its_family(accounts: Accounts) -> None:
    whole = token("1", kind="code", spent=5, redirect_uri="https://a.example/", challenge="c")
    tokens = [whole, token("2"), token("3", family="g"), token("4", user=None, family="g")]
    await accounts.add_tokens(tokens)
    assert [await accounts.token(each.hash) for each in tokens] == tokens
    await accounts.revoke_token("3")
    assert [await accounts.token(each.hash) is None for each in tokens] == [False, False, True, False]
    await accounts.revoke_family("f")
    assert [await accounts.token(each.hash) is None for each in tokens] == [True, True, True, False]


async def test_an_exchange_that_meets_a_revocation_leaves_nothing(accounts: Accounts) -> None:
    for round in range(8):
        family = f"family{round}"
        await accounts.add_tokens([token(f"code{round}", family=family, kind="code")])
        given = [token(f"given{round}.{number}", family=family) for number in range(4)]
        await asyncio.gather(accounts.exchange_token(f"code{round}", 1000, given), accounts.revoke_family(family))
        # What the exchange added after the revocation came too late for it, and would be good.
        assert {await accounts.token(each.hash) for each in given} == {None}


async def test_of_lasting_tokens_only_the_newest_of_each_user_is_left(accounts: Accounts) -> None:
    user, other = await added(accounts, "a"), await added(accounts, "b")
    await accounts.add_tokens([token("access", user.id)])
    for hash, owner in (("1", user.id), ("other", other.id), ("2", user.id)):
        await accounts.replace_lasting_token(token(hash, owner, kind="lasting"))
    found = {hash: await accounts.token(hash) is not None for hash in ("access", "1", "2", "other")}
    assert found == {"access": True, "1": False, "2": True, "other": True}


async def test_no_two_calls_are_told_the_same_count(accounts: Accounts) -> None:
    windows = await asyncio.gather(*(accounts.count("a", 1000, 500) for _ in range(64)))
    assert sorted(window.count for window in windows) == list(range(1, 65))
    assert {window.ends for window in windows} == {1500}


async def test_a_window_is_opened_by_the_first_count_and_begins_anew_when_it_has_ended(accounts: Accounts) -> None:
    assert await accounts.window("a", 1000) is None
    for now, count, ends in ((1000, 1, 1500), (1400, 2, 1500), (1499, 3, 1500), (1500, 1, 2000), (1501, 2, 2000)):
        window = await accounts.count("a", now, 500)
        assert (window.count, window.ends) == (count, ends)
        assert await accounts.window("a", now) == window
    assert (await accounts.count("b", 1600, 10)).count == 1
    assert await accounts.window("a", 2000) is None
