"""OAuth2 tokens after they were given: revoked, expired, asked about, and the metadata that leads to all of it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fhirstore.clock import now
from tests.api.test_oauth import Browser, bearer, browser
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer, TurnedClock, running

__all__ = ["browser"]


def test_a_revoked_access_token_is_dead_at_once_and_the_rest_of_its_grant_lives(
    application: ApplicationClient, user: UserClient, stranger: UserClient
) -> None:
    assert user.get("Patient/a").status_code == 404
    answer = application.post("revoke", token=user.access_token, token_type_hint="access_token")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert user.get("Patient/a").status_code == 401
    assert application.token(grant_type="refresh_token", refresh_token=user.refresh_token).status_code == 200
    assert stranger.get("Patient/a").status_code == 404


def test_a_revoked_refresh_token_takes_its_grant_with_it_and_no_other(
    application: ApplicationClient, user: UserClient
) -> None:
    other = application.token(grant_type="authorization_code", code=application.code(oneup_user_id=user.id)).json()
    first = application.token(grant_type="refresh_token", refresh_token=user.refresh_token).json()
    for token in (user.access_token, first["access_token"], other["access_token"]):
        assert bearer(user, token) == 404
    assert application.post("revoke", token=first["refresh_token"]).status_code == 200
    assert [bearer(user, token) for token in (user.access_token, first["access_token"])] == [401, 401]
    for refresh in (user.refresh_token, first["refresh_token"]):
        assert application.token(grant_type="refresh_token", refresh_token=refresh).status_code == 400
    assert bearer(user, other["access_token"]) == 404


def test_a_browser_revokes_its_own_token_without_a_secret(browser: Browser, user: UserClient) -> None:
    issued = browser.exchange(browser.code(user)).json()
    form = {"client_id": browser.application.client_id, "token": issued["refresh_token"]}
    assert http.post(f"{browser.server.address}/oauth2/revoke", data=form).status_code == 200
    assert bearer(user, issued["access_token"]) == 401
    assert browser.refresh(issued["refresh_token"]).status_code == 400


def test_revoking_what_is_unknown_or_another_applications_is_200_and_does_nothing(
    application: ApplicationClient, user: UserClient, server: AppServer
) -> None:
    thief = new_application(server)
    for token in (user.access_token, user.refresh_token, "unknown"):
        assert thief.post("revoke", token=token).status_code == 200
    assert user.get("Patient/a").status_code == 404
    assert application.token(grant_type="refresh_token", refresh_token=user.refresh_token).status_code == 200
    for path in ("revoke", "introspect"):
        missing = application.post(path)
        assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")
        wrong = replace(application, client_secret="wrong").post(path, token=user.access_token)
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    assert user.get("Patient/a").status_code == 404


def test_an_application_learns_what_its_own_tokens_are_good_for(
    application: ApplicationClient, user: UserClient
) -> None:
    known = {"active": True, "scope": "user/*.*", "client_id": application.client_id, "sub": f"{user.id}"}
    access = application.post("introspect", token=user.access_token)
    assert access.headers["cache-control"] == "no-store"
    body = access.json()
    expires = body.pop("exp")
    assert body == {**known, "username": user.app_user_id, "token_type": "bearer"}
    assert 7100 < expires - now() // 1000 <= 7200
    refresh = application.post("introspect", token=user.refresh_token).json()
    assert refresh == {**known, "username": user.app_user_id, "exp": refresh["exp"]}
    own = application.token(grant_type="client_credentials").json()["access_token"]
    told = application.post("introspect", token=own).json()
    expected = {"active": True, "scope": "application", "client_id": application.client_id, "token_type": "bearer"}
    assert told == {**expected, "exp": told["exp"]}


def test_of_everything_else_an_application_learns_nothing(
    application: ApplicationClient, user: UserClient, server: AppServer
) -> None:
    spent = user.refresh_token
    application.token(grant_type="refresh_token", refresh_token=spent)
    code = application.code(oneup_user_id=user.id)
    for token in ("unknown", spent, code, application.client_secret):
        assert application.post("introspect", token=token).json() == {"active": False}
    thief = new_application(server)
    assert thief.post("introspect", token=user.access_token).json() == {"active": False}
    application.manage("PUT", "user", oneup_user_id=user.id, active="false")
    assert application.post("introspect", token=user.access_token).json() == {"active": False}
    application.manage("PUT", "user", oneup_user_id=user.id, active="true")
    application.post("revoke", token=user.access_token)
    assert application.post("introspect", token=user.access_token).json() == {"active": False}


def test_a_token_that_has_expired_is_inactive_and_refused(turned: AppServer, clock: TurnedClock) -> None:
    application = new_application(turned)
    user = application.user()
    assert user.get("Patient/a").status_code == 404
    clock.ahead = 7200
    assert user.get("Patient/a").status_code == 401
    assert application.post("introspect", token=user.access_token).json() == {"active": False}
    assert application.token(grant_type="refresh_token", refresh_token=user.refresh_token).status_code == 200


def test_http_basic_is_taken_by_every_endpoint(application: ApplicationClient, user: UserClient) -> None:
    pair = b64encode(f"{application.client_id}:{application.client_secret}".encode()).decode()
    for path, form in (
        ("introspect", {"token": user.access_token}),
        ("token", {"grant_type": "client_credentials"}),
        ("token", {"grant_type": "refresh_token", "refresh_token": user.refresh_token}),
        ("revoke", {"token": user.access_token}),
    ):
        address = f"{application.address}/oauth2/{path}"
        answer = http.post(address, data=form, headers={"Authorization": f"Basic {pair}"})
        assert answer.status_code == 200, answer.text
        for wrong in ("Basic !", "Basic " + b64encode(b"nobody").decode(), "Basic"):
            assert http.post(address, data=form, headers={"Authorization": wrong}).status_code == 401


def test_the_metadata_names_endpoints_that_are_there(server: AppServer, application: ApplicationClient) -> None:
    known = http.get(f"{server.address}/.well-known/oauth-authorization-server").json()
    assert known["issuer"] == server.address
    assert known["code_challenge_methods_supported"] == ["S256"]
    assert set(known["grant_types_supported"]) == {"authorization_code", "refresh_token", "client_credentials"}
    for name in ("token_endpoint", "revocation_endpoint", "introspection_endpoint"):
        answer = http.post(known[name], data={**application.credentials, "token": "x", "grant_type": "refresh_token"})
        assert answer.status_code in {200, 400}, name
    for prefix in ("", "/dstu2", "/fhir/dstu2"):
        smart = http.get(f"{server.address}{prefix}/.well-known/smart-configuration")
        assert (smart.status_code, smart.headers["content-type"]) == (200, "application/json")
        assert smart.json()["token_endpoint"] == known["token_endpoint"]
        assert "client-public" in smart.json()["capabilities"]


@pytest.fixture
def pair(database: str, clock: TurnedClock) -> Iterator[tuple[AppServer, AppServer]]:
    """Two servers on one database that share nothing else but the clock."""
    with running(database, clock) as one, running(database, clock) as two:
        yield one, two


def test_a_token_revoked_at_one_server_is_refused_there_at_once_and_at_the_other_within_five_seconds(
    pair: tuple[AppServer, AppServer], clock: TurnedClock
) -> None:
    application = new_application(pair[0])
    here, stranger = application.user(), application.user()
    there = replace(here, address=pair[1].address)
    assert (here.get("Patient/a").status_code, there.get("Patient/a").status_code) == (404, 404)
    assert application.post("revoke", token=here.refresh_token).status_code == 200
    assert here.get("Patient/a").status_code == 401
    clock.ahead = 5
    assert there.get("Patient/a").status_code == 401
    assert replace(stranger, address=pair[1].address).get("Patient/a").status_code == 404


def test_a_lasting_token_replaced_at_one_server_is_refused_at_the_other_within_five_seconds(
    pair: tuple[AppServer, AppServer], clock: TurnedClock
) -> None:
    application = new_application(pair[0])
    users = f"/v1/organizations/{application.organization_id}/users"
    token = {"access_token": application.organization_token}
    made = http.post(pair[0].address + users, json={"user": {"uid": "a"}, **token}).json()["user"]
    me = [f"{server.address}/v1/me.json?authentication_token={made['access_token']}" for server in pair]
    assert [http.get(address).status_code for address in me] == [200, 200]
    http.get(f"{pair[0].address}{users}/{made['_id']}/refresh_token.json", params=token)
    assert http.get(me[0]).status_code == 401
    clock.ahead = 5
    assert http.get(me[1]).status_code == 401
