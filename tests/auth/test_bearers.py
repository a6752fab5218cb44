"""Who is behind a token is asked of the store once for all who come at the same time, and anew after a revocation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from fhirstore.auth.tokens import Bearers
from fhirstore.caller import Caller
from fhirstore.clock import now
from fhirstore.errors import Unauthorized
from fhirstore.store.accounts import Accounts, Token
from tests.clients import UserClient
from tests.server import AppServer

Outcomes = Sequence[Caller | BaseException]


@pytest.fixture
def looks(server: AppServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens that the store is asked for; each answer takes its time."""
    asked: list[str] = []
    look = type(server.store.accounts).token

    async def counted(self: Accounts, hash: str) -> Token | None:
        asked.append(hash)
        await asyncio.sleep(0)
        return await look(self, hash)

    monkeypatch.setattr(type(server.store.accounts), "token", counted)
    return asked


def ask_at_once(server: AppServer, token: str, meanwhile: Callable[[Bearers], object]) -> Outcomes:
    """Ask 20 times; the first goes away; a last one asks after what happened meanwhile."""

    async def ask() -> Outcomes:
        bearers = Bearers(server.store, now)
        callers = [asyncio.ensure_future(bearers.caller(token)) for _ in range(20)]
        await asyncio.sleep(0)
        callers[0].cancel()
        meanwhile(bearers)
        return await asyncio.gather(*callers[1:], bearers.caller(token), return_exceptions=True)

    return server.call(ask())


def test_a_token_is_looked_up_once_for_all_who_come_at_the_same_time(
    server: AppServer, user: UserClient, looks: list[str]
) -> None:
    found = ask_at_once(server, user.access_token, lambda bearers: None)
    assert [isinstance(each, Caller) and each.user for each in found] == [user.id] * 20
    assert len(looks) == 1, "who went away took nothing from the others"


def test_so_is_one_that_nobody_has(server: AppServer, looks: list[str]) -> None:
    found = ask_at_once(server, "unknown", lambda bearers: None)
    assert [type(each) for each in found] == [Unauthorized] * 20
    assert len(looks) == 1


def test_who_comes_after_a_revocation_does_not_wait_for_what_was_looked_up_before_it(
    server: AppServer, user: UserClient, looks: list[str]
) -> None:
    found = ask_at_once(server, user.access_token, lambda bearers: bearers.forget(user.id))
    assert len(found) == 20
    assert len(looks) == 2
