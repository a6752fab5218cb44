"""OAuth2 beyond 1upHealth's two grants: PKCE, and an application's own tokens."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace

import httpx
import pytest

from fhirstore.auth.tokens import Asked, issue_code
from fhirstore.clock import now
from tests.builders import observation, patient
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer

REDIRECT = "https://app.example/back"
INVALID_CODE = (400, {"error": "invalid_grant", "error_description": "Invalid code"})


@dataclass(frozen=True)
class Browser:
    """An application that runs in a browser: it has a client_id, a verifier of its own making, and no secret."""

    server: AppServer
    application: ApplicationClient
    verifier: str

    def code(self, user: UserClient, *, challenged: bool = True, scope: str = "user/*.* offline_access") -> str:
        """A code as the authorization endpoint issues it."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=") if challenged else None
        asked = Asked(self.application.client_id, REDIRECT, challenge, scope)
        accounts = self.server.store.accounts
        owner = self.server.call(accounts.user(user.id))
        assert owner is not None
        return self.server.call(issue_code(accounts, owner, now(), asked))

    def token(self, **parameters: str) -> httpx.Response:
        form = {"client_id": self.application.client_id, **parameters}
        return http.post(f"{self.server.address}/oauth2/token", data=form)

    def exchange(self, code: str, **parameters: str) -> httpx.Response:
        given = {"code": code, "redirect_uri": REDIRECT, "code_verifier": self.verifier, **parameters}
        return self.token(grant_type="authorization_code", **given)

    def refresh(self, refresh_token: str, **parameters: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token, **parameters)


def browser_of(server: AppServer) -> Browser:
    application = new_application(server, public=True, redirect_uris=[REDIRECT])
    return Browser(server, application, secrets.token_urlsafe(48))


@pytest.fixture
def browser(server: AppServer) -> Browser:
    return browser_of(server)


def bearer(user: UserClient, token: str, path: str = "Patient/a") -> int:
    return user.get(path, authorization=f"Bearer {token}").status_code


def test_a_browser_exchanges_its_code_by_its_verifier_and_refreshes_without_a_secret(
    browser: Browser, user: UserClient, stranger: UserClient
) -> None:
    place = f"Patient/{user.create(patient())['id']}"
    answer = browser.exchange(browser.code(user))
    issued = answer.json()
    assert answer.status_code == 200
    assert issued.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert bearer(user, issued["access_token"], place) == 200
    assert bearer(stranger, issued["access_token"], place) == 200, "the token says whose record it is, nothing else"
    theirs = f"Patient/{stranger.create(patient())['id']}"
    assert bearer(user, issued["access_token"], theirs) == 404
    refreshed = browser.refresh(issued["refresh_token"])
    assert bearer(user, refreshed.json()["access_token"], place) == 200
    again = browser.refresh(refreshed.json()["refresh_token"])
    assert again.status_code == 200


def test_a_code_with_a_challenge_is_worth_nothing_without_its_verifier(browser: Browser, user: UserClient) -> None:
    code = browser.code(user)
    for wrong in ({"code_verifier": secrets.token_urlsafe(48)}, {"code_verifier": ""}, {"code_verifier": "short"}):
        answer = browser.exchange(code, **wrong)
        assert (answer.status_code, answer.json()) == INVALID_CODE
    with_secret = browser.application.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT)
    assert (with_secret.status_code, with_secret.json()) == INVALID_CODE, "the secret is no substitute"
    assert browser.exchange(code).status_code == 200, "and none of them spent it"


def test_a_code_without_a_challenge_is_not_exchanged_with_a_verifier_or_without_the_secret(
    browser: Browser, user: UserClient
) -> None:
    code = browser.code(user, challenged=False)
    refused = browser.exchange(code)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    taken_away = browser.application.token(**given, code_verifier=browser.verifier)
    assert (taken_away.status_code, taken_away.json()) == INVALID_CODE
    assert browser.application.token(**given).status_code == 200


OTHER_URIS = [
    "",
    "https://app.example/back/",
    "https://app.example/back?a=b",
    "https://app.example",
    "HTTPS://app.example/back",
]


@pytest.mark.parametrize("uri", OTHER_URIS)
def test_a_code_goes_with_the_redirect_uri_that_it_was_asked_for_to_the_letter(
    browser: Browser, user: UserClient, uri: str
) -> None:
    code = browser.code(user)
    answer = browser.exchange(code, redirect_uri=uri)
    assert (answer.status_code, answer.json()) == INVALID_CODE
    assert browser.exchange(code).status_code == 200


def test_a_code_of_user_management_needs_no_redirect_uri_and_minds_none(
    application: ApplicationClient, user: UserClient
) -> None:
    code = application.code(oneup_user_id=user.id)
    answer = application.token(grant_type="authorization_code", code=code, redirect_uri="https://anywhere.example/")
    assert answer.status_code == 200


def test_an_application_that_is_not_public_always_shows_its_secret(
    application: ApplicationClient, user: UserClient
) -> None:
    code = application.code(oneup_user_id=user.id)
    bare = {"client_id": application.client_id}
    for given in (
        {"grant_type": "authorization_code", "code": code},
        {"grant_type": "refresh_token", "refresh_token": user.refresh_token},
        {"grant_type": "client_credentials"},
    ):
        answer = http.post(f"{application.address}/oauth2/token", data={**bare, **given})
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_public_application_needs_its_secret_for_all_but_what_a_verifier_proved(
    browser: Browser, server: AppServer
) -> None:
    user = browser.application.user()
    for given in (
        {"grant_type": "authorization_code", "code": browser.application.code(oneup_user_id=user.id)},
        {"grant_type": "refresh_token", "refresh_token": user.refresh_token},
        {"grant_type": "client_credentials"},
    ):
        answer = browser.token(**given)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    bare = {"client_id": browser.application.client_id}
    assert http.get(f"{server.address}/user-management/v1/user", params=bare).status_code == 401
    assert http.post(f"{server.address}/oauth2/introspect", data={**bare, "token": "x"}).status_code == 401
    wrong = http.post(f"{server.address}/oauth2/token", data={**bare, "client_secret": "x", "grant_type": "a"})
    assert wrong.status_code == 401, "a secret that is shown must be right"


def test_a_browsers_codes_and_tokens_are_of_no_use_to_another_application(
    browser: Browser, user: UserClient, server: AppServer
) -> None:
    thief = replace(browser_of(server), verifier=browser.verifier)
    code = browser.code(user)
    assert thief.exchange(code).json()["error"] == "invalid_grant"
    issued = browser.exchange(code).json()
    assert thief.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
    assert thief.exchange(code).json()["error"] == "invalid_grant", "and taking it twice takes nothing back"
    assert bearer(user, issued["access_token"]) == 404
    assert browser.refresh(issued["refresh_token"]).status_code == 200


async def test_a_browsers_code_spent_by_32_at_once_yields_exactly_one_token(browser: Browser, user: UserClient) -> None:
    form = {"client_id": browser.application.client_id, "grant_type": "authorization_code"}
    form |= {"code": browser.code(user), "redirect_uri": REDIRECT, "code_verifier": browser.verifier}
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        calls = (client.post(f"{browser.server.address}/oauth2/token", data=form) for _ in range(32))
        answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 31


def test_what_a_code_allows_its_tokens_allow_and_a_refresh_may_ask_for_less_but_not_for_more(
    browser: Browser, user: UserClient
) -> None:
    place = f"Patient/{user.create(patient())['id']}"
    both = "user/Patient.read user/Observation.read offline_access"
    issued = browser.exchange(browser.code(user, scope=both)).json()
    assert issued["scope"] == both
    narrow = browser.refresh(issued["refresh_token"], scope="user/Observation.read").json()
    assert narrow["scope"] == "user/Observation.read"
    assert bearer(user, issued["access_token"], place) == 200
    assert bearer(user, narrow["access_token"], place) == 403
    write = user.post("Observation", observation(), authorization=f"Bearer {issued['access_token']}")
    assert write.status_code == 403
    whole = browser.refresh(narrow["refresh_token"]).json()
    assert whole["scope"] == both, "the grant itself is as wide as it was"
    for wider in ("user/*.*", f"{both} user/Patient.write"):
        assert browser.refresh(whole["refresh_token"], scope=wider).json()["error"] == "invalid_scope"


def test_a_user_switched_off_gets_nothing_from_a_browsers_grant(
    browser: Browser, application: ApplicationClient, user: UserClient
) -> None:
    code, issued = browser.code(user), browser.exchange(browser.code(user)).json()
    assert bearer(user, issued["access_token"]) == 404
    application.manage("PUT", "user", oneup_user_id=user.id, active="false")
    assert browser.exchange(code).json()["error"] == "invalid_grant"
    assert browser.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
    assert bearer(user, issued["access_token"]) == 401
    application.manage("PUT", "user", oneup_user_id=user.id, active="true")
    assert browser.exchange(code).status_code == 200
    assert browser.refresh(issued["refresh_token"]).status_code == 200
    assert bearer(user, issued["access_token"]) == 404


def test_an_applications_own_token_opens_nobodys_record(application: ApplicationClient, user: UserClient) -> None:
    answer = application.token(grant_type="client_credentials")
    issued = answer.json()
    assert answer.status_code == 200
    assert issued.keys() == {"access_token", "token_type", "expires_in", "scope"}, "RFC 6749 §4.4.3: no refresh token"
    assert issued["scope"] == "application"
    place = f"Patient/{user.create(patient())['id']}"
    for method, path, body in (("GET", place, None), ("GET", "Patient", None), ("POST", "Patient", patient())):
        refused = user.request(method, path, body, authorization=f"Bearer {issued['access_token']}")
        assert (refused.status_code, refused.json()["issue"][0]["code"]) == (403, "forbidden")
    assert application.token(grant_type="client_credentials", scope="user/*.*").json()["error"] == "invalid_scope"
    assert application.token(grant_type="client_credentials", scope="application").status_code == 200
    own = http.get(f"{application.address}/v1/me.json", params={"authentication_token": issued["access_token"]})
    assert own.status_code == 403
