"""What codes and refresh tokens are worth when they are used twice, late, or by many at once."""

from __future__ import annotations

import asyncio

import httpx

from fhirstore.auth.secrets import digest
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


def test_a_code_that_was_spent_is_refused(application: ApplicationClient, user: UserClient) -> None:
    code = application.code(oneup_user_id=user.id)
    answers = [application.token(grant_type="authorization_code", code=code) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]


def test_a_refresh_token_is_replaced_and_the_old_one_works_a_minute_longer(
    turned: AppServer, clock: TurnedClock
) -> None:
    """A client whose answer was lost asks again with the token it still has."""
    application = new_application(turned)
    old = application.user()
    first = application.token(grant_type="refresh_token", refresh_token=old.refresh_token)
    clock.ahead = 60 - 15
    again = application.token(grant_type="refresh_token", refresh_token=old.refresh_token)
    clock.ahead = 60
    late = application.token(grant_type="refresh_token", refresh_token=old.refresh_token)
    assert [answer.status_code for answer in (first, again, late)] == [200, 200, 400]
    for issued in (first.json(), again.json()):
        assert old.get("Patient/a", authorization=f"Bearer {issued['access_token']}").status_code == 404
        following = application.token(grant_type="refresh_token", refresh_token=issued["refresh_token"])
        assert following.status_code == 200


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
