"""Calls of user management, the token endpoint and the pages are noted: by which application, about which user."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from fhirstore.api import (
    erasure,
    granted,
    oauth,
    profile_validic,
    sign_in_links,
    user_sources,
    users_oneup,
    users_validic,
)
from fhirstore.api.management_trail import ACTIONS
from fhirstore.store.trail import Event, TrailQuery
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer, running


def noted(server: AppServer, application: ApplicationClient) -> list[Event]:
    server.call(server.trail.flush())
    found = server.call(server.store.trail.events(TrailQuery(client_id=application.client_id, count=1000)))
    return [each for each in found if each.owner is None][::-1]


def told(events: list[Event]) -> list[tuple[str, str, int]]:
    return [(each.action, each.target, each.status) for each in events]


def test_the_life_of_a_user_on_1uphealths_face_is_told_call_by_call(
    server: AppServer, application: ApplicationClient
) -> None:
    user = application.register("tell-me")
    number = str(user.id)
    application.manage("GET", "user")
    application.manage("PUT", "user", oneup_user_id=user.id, active="false")
    application.manage("POST", "user/auth-code", app_user_id="tell-me")
    application.manage("PUT", "user", oneup_user_id=user.id, active="true")
    application.token(grant_type="refresh_token", refresh_token=user.refresh_token)
    application.post("revoke", token=user.access_token)
    application.post("introspect", token=user.refresh_token)
    application.manage("POST", "user", app_user_id="tell-me")
    application.manage("DELETE", "user", oneup_user_id=user.id)
    application.manage("DELETE", "user", oneup_user_id=user.id)
    events = noted(server, application)
    assert sorted(told(events)) == sorted(
        [
            ("user-create", number, 200),
            ("token", number, 200),
            ("user-list", "", 200),
            ("user-update", number, 200),
            ("auth-code", number, 400),
            ("user-update", number, 200),
            ("token", number, 200),
            ("token-revoke", number, 200),
            ("token-introspect", number, 200),
            ("user-create", "", 400),
            ("erase", number, 200),
            ("user-delete", number, 200),
            ("user-delete", "", 400),
        ]
    )
    assert {each.type for each in events} == {"User", ""}
    assert {each.address for each in events if each.action != "erase"} == {"127.0.0.1"}
    assert "tell-me" not in repr(events), "names may tell who somebody is"


def test_validics_face_is_told_in_the_same_words(server: AppServer, application: ApplicationClient) -> None:
    base = f"{application.address}/v1/organizations/{application.organization_id}"
    token = {"access_token": application.organization_token}
    made = http.post(f"{base}/users.json", params=token, json={"user": {"uid": "tell-me"}}).json()["user"]
    user = application.manage("GET", "user", app_user_id="tell-me").json()["entry"][0]["oneup_user_id"]
    http.get(f"{base}/users/{made['_id']}", params=token)
    http.put(f"{base}/users/{made['_id']}.json", params=token, json={"suspend": 1})
    http.put(f"{base}/users/{made['_id']}.json", params=token, json={"suspend": 0})
    http.get(f"{application.address}/v1/me.json", params={"authentication_token": made["access_token"]})
    http.get(f"{base}/users/{made['_id']}/refresh_token.json", params=token)
    http.delete(f"{base}/users/{made['_id']}.json", params=token)
    events = [each for each in told(noted(server, application)) if each[0] not in {"user-list", "erase"}]
    assert sorted(events) == sorted(
        [
            ("user-create", str(user), 201),
            ("user-read", str(user), 200),
            ("user-update", str(user), 200),
            ("user-update", str(user), 200),
            ("me-read", str(user), 200),
            ("token-replace", str(user), 200),
            ("user-delete", str(user), 200),
        ]
    )


def test_a_wrong_secret_is_told_to_the_application_whose_it_is_not(
    server: AppServer, application: ApplicationClient
) -> None:
    wrong = {"client_id": application.client_id, "client_secret": "wrong"}
    http.post(f"{application.address}/user-management/v1/user", data={**wrong, "app_user_id": "x"})
    http.post(f"{application.address}/oauth2/token", data={**wrong, "grant_type": "client_credentials"})
    assert told(noted(server, application)) == [("user-create", "", 401), ("token", "", 401)]


def test_calls_of_nobody_that_is_known_are_not_noted(server: AppServer, application: ApplicationClient) -> None:
    server.call(server.trail.flush())
    before = len(server.call(server.store.trail.events(TrailQuery(count=100_000))))
    http.post(f"{application.address}/oauth2/token", data={"client_id": "unknown", "client_secret": "x"})
    http.get(f"{application.address}/health")
    http.get(f"{application.address}/user-management/v1/user")
    server.call(server.trail.flush())
    assert len(server.call(server.store.trail.events(TrailQuery(count=100_000)))) == before


def test_one_applications_calls_are_not_anothers(server: AppServer, application: ApplicationClient) -> None:
    user = application.register("a")
    other = new_application(server)
    other.manage("PUT", "user", oneup_user_id=user.id, active="false")
    assert told(noted(server, other)) == [("user-update", "", 400)]
    assert [action for action, _, _ in told(noted(server, application))] == ["user-create", "token"]


@pytest.mark.parametrize(("audit", "actions"), [("writes", ["user-create", "token"]), ("off", [])])
def test_the_setting_says_how_much_is_noted(database: str, audit: str, actions: list[str]) -> None:
    with running(database, audit=audit) as server:
        application = new_application(server)
        application.register("a")
        application.manage("GET", "user")
        assert [action for action, _, _ in told(noted(server, application))] == actions


def test_signing_in_by_a_link_is_told(server: AppServer, application: ApplicationClient, user: UserClient) -> None:
    link = application.manage("POST", "user/sign-in-link", oneup_user_id=user.id).json()
    address = next(value for value in link.values() if isinstance(value, str) and "/sign-in/" in value)
    with httpx.Client(verify=False, trust_env=False) as browser:
        page = browser.get(address)
        field = page.text.partition('name="form"')[2] or page.text
        token = field.partition('value="')[2].partition('"')[0]
        form: dict[str, Any] = {"form_token": token, "form": token}
        browser.post(address, data=form, headers={"origin": application.address})
    events = told(noted(server, application))
    assert [each[:2] for each in events] == [("sign-in-link", str(user.id)), ("sign-in", str(user.id))]


def test_every_call_of_the_faces_has_a_name() -> None:
    faces = (users_oneup, erasure, user_sources, sign_in_links, granted, oauth, users_validic, profile_validic)
    routes = [route for face in faces for route in face.router.routes if isinstance(route, APIRoute)]
    assert len(routes) > 20
    for route in routes:
        for method in (route.methods or set()) - {"HEAD"}:
            assert (method, route.path) in ACTIONS, f"{method} {route.path} is not noted"
