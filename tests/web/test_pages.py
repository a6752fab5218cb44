"""What holds for every page: who is refused, what a form must prove, which headers go along."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from tests.clients import ApplicationClient, UserClient, new_application
from tests.server import AppServer
from tests.web.console import made_developer
from tests.web.plain import PlainBrowser

PAGES = ("", "/users", "/users/{user}", "/usage", "/audit", "/try")
FORMS = ("/settings", "/rotate", "/revoke-previous", "/users/{user}/active", "/users/{user}/sign-in-link", "/try")


@pytest.fixture
def own(pages: AppServer, email: str) -> ApplicationClient:
    return new_application(pages, "own", developer=email)


def places(application: ApplicationClient, user: UserClient, paths: tuple[str, ...]) -> list[str]:
    return [f"/console/applications/{application.client_id}{path.format(user=user.id)}" for path in paths]


def test_every_page_opens_on_both_stores(server: AppServer) -> None:
    email = made_developer(server)
    application = new_application(server, developer=email)
    user = application.user("somebody")
    user.create({"resourceType": "Patient"})
    with PlainBrowser(server) as browser:
        browser.sign_in(developer=email)
        for path in [*places(application, user, PAGES), "/console", "/console/account"]:
            assert browser.get(path).status_code == 200, path
        assert "Patient" in browser.get(places(application, user, PAGES)[2]).text
        assert "user-create" in browser.get(places(application, user, PAGES)[4]).text
        link = application.manage("POST", "user/sign-in-link", app_user_id="somebody").json()["url"]
        path = link.removeprefix(server.address)
        token = browser.token(path)
        assert browser.submit(path, token).headers["location"] == "/health-history"
        assert browser.submit(path, token).status_code == 410
        assert browser.get("/health-history").status_code == 200
        token = browser.token("/console")
        own = places(application, user, ("/users/{user}/active",))[0]
        assert browser.submit(own, token, active="false").status_code == 303
        assert browser.get("/health-history").status_code == 401


def test_a_stranger_is_led_to_the_sign_in_page_and_back(anonymous: PlainBrowser, own: ApplicationClient) -> None:
    for path in [*places(own, own.user(), PAGES), "/console", "/console/account", "/console/nothing?a=b"]:
        answer = anonymous.get(path)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/console/sign-in?next={quote(path, safe='')}",
        )


def test_a_strangers_form_is_refused(anonymous: PlainBrowser, own: ApplicationClient) -> None:
    token = anonymous.token("/console/sign-in")
    for path in [*places(own, own.user(), FORMS), "/console/applications", "/console/sign-out"]:
        assert anonymous.submit(path, token, active="false", what="secret").status_code == 401


def test_another_developers_application_is_not_there(
    anonymous: PlainBrowser, signed_in: PlainBrowser, own: ApplicationClient, pages: AppServer
) -> None:
    anonymous.sign_in(developer=made_developer(pages))
    user = own.user()
    token = anonymous.token("/console")
    for path in places(own, user, PAGES):
        assert signed_in.get(path).status_code == 200
        assert anonymous.get(path).status_code == 404
    for path in places(own, user, FORMS):
        assert anonymous.submit(path, token, active="false", what="secret", step="user").status_code == 404
    assert user.get("Patient").status_code == 200
    assert own.manage("GET", "user").status_code == 200, "nothing was rotated away"


def test_a_user_of_another_application_is_not_there(
    signed_in: PlainBrowser, own: ApplicationClient, application: ApplicationClient
) -> None:
    path = f"/console/applications/{own.client_id}/users/{application.user().id}"
    assert signed_in.get(path).status_code == 404
    token = signed_in.token("/console")
    assert signed_in.submit(f"{path}/active", token, active="false").status_code == 404
    assert signed_in.submit(f"{path}/sign-in-link", token).status_code == 404


def test_a_users_session_opens_no_page_of_the_console(anonymous: PlainBrowser, user: UserClient) -> None:
    cookie = anonymous.sign_in(user=user.id)
    anonymous.cookies.set("fhirstore-developer", cookie)
    assert anonymous.get("/console").status_code == 303


def test_a_developers_session_is_no_users(anonymous: PlainBrowser, email: str) -> None:
    cookie = anonymous.sign_in(developer=email)
    anonymous.cookies.set("fhirstore-user", cookie)
    assert anonymous.get("/health-history").status_code == 401


def test_an_application_that_belongs_to_nobody_is_nobodys(
    signed_in: PlainBrowser, application: ApplicationClient
) -> None:
    assert signed_in.get(f"/console/applications/{application.client_id}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "null"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 200),
        ({"content-type": "application/json"}, 415),
        ({"content-type": "multipart/form-data; boundary=x"}, 415),
    ],
)
def test_a_form_comes_from_our_own_pages(signed_in: PlainBrowser, headers: dict[str, str], status: int) -> None:
    body = {"form_token": signed_in.token("/console"), "name": "made"}
    assert signed_in.post("/console/applications", data=body, headers=headers).status_code == status


def test_a_form_without_the_sessions_token_changes_nothing(
    signed_in: PlainBrowser, anonymous: PlainBrowser, own: ApplicationClient
) -> None:
    others = anonymous.token("/console/sign-in")
    nonce, _, proof = signed_in.token("/console").partition(".")
    path = f"/console/applications/{own.client_id}/settings"
    for token in ("", ".", others, f"{nonce}.", f"{'0' * 32}.{proof}", f"{nonce}.{proof[:-1]}", "é.é", "\ud7ff"):
        assert signed_in.submit(path, token, name="changed").status_code == 403
    assert "changed" not in signed_in.get("/console").text
    assert signed_in.submit(path, signed_in.token("/console"), name="changed").status_code == 303


def test_tokens_of_two_pages_differ_and_both_work(signed_in: PlainBrowser) -> None:
    first, second = (signed_in.token("/console") for _ in range(2))
    assert first != second
    for token in (first, second):
        assert signed_in.submit("/console/applications", token, name="made").status_code == 200


def test_a_form_that_is_too_large_is_refused(signed_in: PlainBrowser) -> None:
    answer = signed_in.submit("/console/applications", signed_in.token("/console"), name="a" * 200_000)
    assert answer.status_code == 413


def test_every_page_carries_the_strict_headers(signed_in: PlainBrowser, own: ApplicationClient) -> None:
    paths = [*places(own, own.user(), PAGES), "/console/sign-in", "/console/nothing", "/sign-in/x", "/console/sign-up"]
    for path in paths:
        answer = signed_in.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script(?! src=\"/static/)|\son\w+=|\sstyle=|javascript:", answer.text)


def test_only_our_own_files_are_static(anonymous: PlainBrowser) -> None:
    assert anonymous.get("/static/style.css").headers["content-type"].startswith("text/css")
    for name in ("../pages.py", "..%2fpages.py", "nothing.css", ""):
        assert anonymous.get(f"/static/{name}").status_code == 404
