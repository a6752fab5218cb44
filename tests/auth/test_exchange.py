"""What codes and refresh tokens are worth when they are used twice, late, or by many at once."""

from __future__ import annotations

import asyncio

import httpx

from fhirstore.auth.secrets import digest
from fhirstore.auth.spending import Spending
from tests.clients import ApplicationClient, UserClient, new_application
from tests.server import AppServer, TurnedClock


async def exchange_many(application: ApplicationClient, times: int, **parameters: str) -> list[httpx.Response]:
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        data = {**application.credentials, **parameters}
        address = f"{application.address}/oauth2/token"
        return await asyncio.gather(*(client.post(address, data=data) for _ in range(times)))


async def test_a_code_spent_by_32_at_once_yields_exactly_one_token(
    application: ApplicationClient, user: UserClient
) -> None:
    code = application.code(oneup_user_id=user.id)
    answers = await exchange_many(application, 32, grant_type="authorization_code", code=code)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 31
    refused = [answer.json() for answer in answers if answer.status_code == 400]
    assert {answer["error_description"] for answer in refused} == {"Invalid code"}


def test_a_code_that_is_used_again_is_refused_and_takes_back_all_that_came_of_it_and_nothing_else(
    application: ApplicationClient, user: UserClient, stranger: UserClient
) -> None:
    code = application.code(oneup_user_id=user.id)
    issued = application.token(grant_type="authorization_code", code=code).json()
    refreshed = application.token(grant_type="refresh_token", refresh_token=issued["refresh_token"]).json()
    for tokens in (issued, refreshed):
        assert user.get("Patient/a", authorization=f"Bearer {tokens['access_token']}").status_code == 404

    again = application.token(grant_type="authorization_code", code=code)
    assert (again.status_code, again.json()["error_description"]) == (400, "Invalid code")
    for tokens in (issued, refreshed):
        assert user.get("Patient/a", authorization=f"Bearer {tokens['access_token']}").status_code == 401
        refused = application.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert refused.json()["error"] == "invalid_grant"
    assert user.get("Patient/a").status_code == 404, "another grant of the same user"
    assert stranger.get("Patient/a").status_code == 404


def test_a_code_is_good_for_five_minutes(turned: AppServer, clock: TurnedClock) -> None:
    application = new_application(turned)
    codes = [application.code(oneup_user_id=application.user().id) for _ in range(2)]
    clock.ahead = 300 - 30
    assert application.token(grant_type="authorization_code", code=codes[0]).status_code == 200
    clock.ahead = 300
    assert application.token(grant_type="authorization_code", code=codes[1]).status_code == 400


def test_a_code_that_is_used_again_takes_everything_back_though_nothing_was_used(
    application: ApplicationClient, user: UserClient
) -> None:
    code = application.code(oneup_user_id=user.id)
    issued = application.token(grant_type="authorization_code", code=code).json()
    assert application.token(grant_type="authorization_code", code=code).status_code == 400
    assert user.get("Patient/a", authorization=f"Bearer {issued['access_token']}").status_code == 401
    assert application.token(grant_type="refresh_token", refresh_token=issued["refresh_token"]).status_code == 400


def test_who_loses_a_race_is_told_from_who_comes_later() -> None:
    spending = Spending()
    with spending.race("code") as winner:
        winner.won = True
        with spending.race("code") as loser, spending.race("another") as other:
            assert loser.won
            assert not other.won
    with spending.race("code") as later:
        assert not later.won


async def test_of_a_refresh_token_used_by_16_at_once_every_answer_works(
    application: ApplicationClient, user: UserClient
) -> None:
    """Tabs of one browser do this; they are within the grace."""
    answers = await exchange_many(application, 16, grant_type="refresh_token", refresh_token=user.refresh_token)
    assert {answer.status_code for answer in answers} == {200}
    for answer in answers:
        assert user.get("Patient/a", authorization=f"Bearer {answer.json()['access_token']}").status_code == 404


async def test_a_grant_revoked_while_its_tokens_are_exchanged_leaves_no_token_that_works(
    application: ApplicationClient, user: UserClient
) -> None:
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        refresh = {**application.credentials, "grant_type": "refresh_token", "refresh_token": user.refresh_token}
        revoke = {**application.credentials, "token": user.refresh_token}
        calls = [client.post(f"{application.address}/oauth2/token", data=refresh) for _ in range(15)]
        calls.insert(7, client.post(f"{application.address}/oauth2/revoke", data=revoke))
        answers = await asyncio.gather(*calls)
    issued = [answer.json() for answer in answers if "access_token" in answer.text]
    for tokens in [*issued, {"access_token": user.access_token, "refresh_token": user.refresh_token}]:
        assert user.get("Patient/a", authorization=f"Bearer {tokens['access_token']}").status_code == 401
        refused = application.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
        assert refused.status_code == 400


def test_a_refresh_token_is_replaced_and_the_old_one_works_a_minute_longer(
    turned: AppServer, clock: TurnedClock
) -> None:
    """A client whose answer was lost asks again with the token it still has."""
    application = new_application(turned)
    old = application.user()
    first = application.token(grant_type="refresh_token", refresh_token=old.refresh_token)
    clock.ahead = 60 - 15
    again = application.token(grant_type="refresh_token", refresh_token=old.refresh_token)
    assert [answer.status_code for answer in (first, again)] == [200, 200]
    for issued in (first.json(), again.json()):
        assert old.get("Patient/a", authorization=f"Bearer {issued['access_token']}").status_code == 404
        following = application.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
        assert following.status_code == 200


def test_a_refresh_token_used_again_after_that_minute_takes_the_whole_grant_back(
    turned: AppServer, clock: TurnedClock
) -> None:
    """It was stolen, or its successor was: nobody can tell by whom."""
    application = new_application(turned)
    old, other = application.user(), application.user()
    issued = application.token(grant_type="refresh_token", refresh_token=old.refresh_token).json()
    clock.ahead = 60
    stolen = {"grant_type": "refresh_token", "refresh_token": old.refresh_token}
    assert new_application(turned).token(**stolen).status_code == 400, "in other hands it does nothing at all"
    assert old.get("Patient/a", authorization=f"Bearer {issued['access_token']}").status_code == 404
    assert application.token(**stolen).json()["error"] == "invalid_grant"
    assert old.get("Patient/a", authorization=f"Bearer {issued['access_token']}").status_code == 401
    assert old.get("Patient/a").status_code == 401
    following = application.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
    assert following.json()["error"] == "invalid_grant"
    assert other.get("Patient/a").status_code == 404


async def test_nothing_of_a_code_or_token_is_kept_but_its_hash(
    application: ApplicationClient, user: UserClient, server: AppServer
) -> None:
    code = application.code(oneup_user_id=user.id)
    accounts = server.store.accounts
    for secret, kind in ((code, "code"), (user.access_token, "access"), (user.refresh_token, "refresh")):
        kept = server.call(accounts.token(digest(secret)))
        assert kept is not None
        assert (kept.kind, kept.user, kept.client_id) == (kind, user.id, application.client_id)
        assert secret not in repr(kept)
        assert server.call(accounts.token(secret)) is None
    stored = server.call(accounts.application(application.client_id))
    assert stored is not None
    assert application.client_secret not in repr(stored)
