"""Requests at the authorization endpoint: whom they may be answered to, and what they must bring."""

from __future__ import annotations

import pytest

from fhirstore.auth.applications import create_application
from fhirstore.auth.authorization import RefusedAuthorization, understand
from fhirstore.auth.tokens import Asked
from fhirstore.errors import BadRequest
from fhirstore.store.accounts import Accounts
from fhirstore.store.contract import Store

ONE, TWO = "https://app.example/back", "com.example.app:/back"
CHALLENGE = {"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"}


async def made(accounts: Accounts, *uris: str, public: bool = True) -> dict[str, str]:
    """The smallest request that an application with these redirect URIs may make."""
    new = await create_application(accounts, "app", 1000, redirect_uris=uris, public=public)
    return {"client_id": new.client_id, "response_type": "code", **CHALLENGE}


async def test_what_an_application_asks_for_is_kept_with_the_code(store: Store) -> None:
    given = await made(store.accounts, ONE, TWO)
    request = await understand(store.accounts, {**given, "redirect_uri": TWO, "state": "s", "scope": "user/*.read"})
    expected = Asked(given["client_id"], TWO, CHALLENGE["code_challenge"], "user/*.read")
    assert (request.asked, request.destination, request.state) == (expected, TWO, "s")


async def test_the_only_redirect_uri_need_not_be_given_and_is_then_not_asked_for_again(store: Store) -> None:
    request = await understand(store.accounts, await made(store.accounts, ONE))
    assert (request.destination, request.asked.redirect_uri, request.asked.scope) == (ONE, None, "user/*.*")
    with pytest.raises(BadRequest):
        await understand(store.accounts, await made(store.accounts, ONE, TWO))
    with pytest.raises(BadRequest):
        await understand(store.accounts, await made(store.accounts))


@pytest.mark.parametrize(
    "uri", [ONE + "/", ONE + "?a", ONE + "#a", ONE.upper(), "https://app.example", "http://app.example/back", f" {ONE}"]
)
async def test_a_redirect_uri_that_is_not_registered_to_the_letter_is_told_to_nobody_but_the_user(
    store: Store, uri: str
) -> None:
    given = await made(store.accounts, ONE)
    with pytest.raises(BadRequest) as refused:
        await understand(store.accounts, {**given, "redirect_uri": uri, "response_type": "token"})
    assert not isinstance(refused.value, RefusedAuthorization)


async def test_another_applications_redirect_uri_is_not_registered(store: Store) -> None:
    await made(store.accounts, TWO)
    given = await made(store.accounts, ONE)
    for wrong in ({"redirect_uri": TWO}, {"client_id": "none", "redirect_uri": ONE}):
        with pytest.raises(BadRequest):
            await understand(store.accounts, {**given, **wrong})


FAULTS = [
    ({"response_type": "token"}, "unsupported_response_type"),
    ({"response_type": ""}, "unsupported_response_type"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"code_challenge": "short"}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": ""}, "invalid_request"),
]


@pytest.mark.parametrize(("wrong", "error"), FAULTS)
async def test_every_other_fault_is_told_to_the_application(store: Store, wrong: dict[str, str], error: str) -> None:
    given = await made(store.accounts, ONE)
    with pytest.raises(RefusedAuthorization) as refused:
        await understand(store.accounts, {**given, "state": "s", **wrong})
    assert (refused.value.error, refused.value.destination, refused.value.state) == (error, ONE, "s")


async def test_an_application_that_keeps_a_secret_may_do_without_a_challenge_but_not_with_half_of_one(
    store: Store,
) -> None:
    given = await made(store.accounts, ONE, public=False)
    bare = {name: value for name, value in given.items() if name not in CHALLENGE}
    assert (await understand(store.accounts, bare)).asked.challenge is None
    assert (await understand(store.accounts, given)).asked.challenge == CHALLENGE["code_challenge"]
    with pytest.raises(RefusedAuthorization):
        await understand(store.accounts, {**given, "code_challenge_method": "plain"})
