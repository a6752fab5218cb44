"""Signing in and out: what begins a session, what ends it, and where its cookie goes."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from fhirstore.auth.sign_in import IDLE_SECONDS, LONGEST_SECONDS, begin_session, caller_of, find_session
from fhirstore.clock import now
from fhirstore.store.sessions import Who
from tests.clients import ApplicationClient, UserClient
from tests.server import AppServer, running
from tests.web.console import PASSWORD, made_developer
from tests.web.plain import PlainBrowser


def test_signing_in_renews_the_session(anonymous: PlainBrowser, pages: AppServer, email: str) -> None:
    planted = anonymous.sign_in(developer=made_developer(pages))
    fields = {"email": email.upper(), "password": PASSWORD, "next": "/console/account"}
    answer = anonymous.submit("/console/sign-in", anonymous.token("/console/sign-in"), **fields)
    assert answer.headers["location"] == "/console/account"
    cookie = answer.headers["set-cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert planted not in cookie
    with PlainBrowser(pages) as other:
        other.cookies.set("fhirstore-developer", planted)
        assert other.get("/console").status_code == 303, "the session before it is over"


@pytest.mark.parametrize("next", ["https://evil.example", "//evil.example", "/\\evil.example", "console"])
def test_signing_in_leads_to_this_server_alone(anonymous: PlainBrowser, email: str, next: str) -> None:
    assert anonymous.get("/console/sign-in", params={"next": next}).status_code == 400
    fields = {"email": email, "password": PASSWORD, "next": next}
    assert anonymous.submit("/console/sign-in", anonymous.token("/console/sign-in"), **fields).status_code == 400


def test_signing_out_everywhere_ends_the_other_browsers_too(
    signed_in: PlainBrowser, anonymous: PlainBrowser, email: str
) -> None:
    anonymous.sign_in(developer=email)
    assert anonymous.get("/console").status_code == 200
    signed_in.submit("/console/sign-out", signed_in.token("/console/account"), everywhere="1")
    assert anonymous.get("/console").status_code == 303
    assert signed_in.get("/console").status_code == 303


def test_a_user_signs_out_here_or_everywhere(
    anonymous: PlainBrowser, pages: AppServer, user: UserClient, stranger: UserClient
) -> None:
    with PlainBrowser(pages) as phone, PlainBrowser(pages) as others:
        others.sign_in(user=stranger.id)

        def open_pages() -> list[int]:
            return [browser.get("/health-history").status_code for browser in (anonymous, phone, others)]

        for everywhere, left in (("", 200), ("1", 401)):
            for browser in (anonymous, phone):
                browser.sign_in(user=user.id)
            assert anonymous.submit("/sign-out", "", everywhere=everywhere).status_code == 403
            assert open_pages() == [200, 200, 200]
            token = anonymous.token("/health-history")
            assert "signed out" in anonymous.submit("/sign-out", token, everywhere=everywhere).text
            assert open_pages() == [401, left, 200]


def test_a_new_password_needs_the_old_one_and_ends_the_other_browsers(
    signed_in: PlainBrowser, anonymous: PlainBrowser, email: str
) -> None:
    anonymous.sign_in(developer=email)
    new = "another long password"

    def change(current: str, password: str) -> int:
        token = signed_in.token("/console/account")
        return signed_in.submit("/console/account/password", token, current=current, password=password).status_code

    assert change("wrong", new) == 401
    assert change(PASSWORD, "short") == 400
    assert change(PASSWORD, email) == 400
    assert anonymous.get("/console").status_code == 200
    assert change(PASSWORD, new) == 303
    assert anonymous.get("/console").status_code == 303
    assert signed_in.get("/console").status_code == 200
    for password, status in ((PASSWORD, 401), (new, 303)):
        fields = {"email": email, "password": password}
        token = anonymous.token("/console/sign-in")
        assert anonymous.submit("/console/sign-in", token, **fields).status_code == status


def test_plain_http_is_for_this_machine_alone(anonymous: PlainBrowser) -> None:
    answer = anonymous.get("/console/sign-in", headers={"host": "records.example.org"})
    assert answer.status_code == 403
    assert "https" in answer.text
    assert "set-cookie" not in answer.headers


def test_on_https_cookies_are_secure_and_of_this_host_alone(anonymous: PlainBrowser, email: str) -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "records.example.org"}
    shown = anonymous.get("/console/sign-in", headers=headers)
    name, value = shown.headers["set-cookie"].partition(";")[0].split("=", 1)
    assert name == "__Host-fhirstore-form"
    token = re.search(r'name="form_token" value="([^"]+)"', shown.text)
    assert token is not None
    body = {"form_token": token[1], "email": email, "password": PASSWORD}
    origin = {"origin": "https://records.example.org", "cookie": f"{name}={value}"}
    answer = anonymous.post("/console/sign-in", data=body, headers=headers | origin)
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith("__Host-fhirstore-developer=")
    assert "Secure" in answer.headers["set-cookie"]


def test_accounts_are_made_by_everybody_only_where_the_server_says_so(
    anonymous: PlainBrowser, tmp_path: object
) -> None:
    assert anonymous.get("/console/sign-up").status_code == 404
    token = anonymous.token("/console/sign-in")
    made = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    assert anonymous.submit("/console/sign-up", token, **made).status_code == 404
    with running(f"sqlite:///{tmp_path}/open.db", sign_up="open") as server, PlainBrowser(server) as browser:
        assert browser.submit("/console/sign-up", browser.token("/console/sign-up"), **made).status_code == 303
        assert made["email"] in browser.get("/console/account").text
        again = browser.submit("/console/sign-up", browser.token("/console/sign-up"), **made)
        assert again.status_code == 409
        short = made | {"email": "other@example.org", "password": "short"}
        assert browser.submit("/console/sign-up", browser.token("/console/sign-up"), **short).status_code == 400


def test_failed_tries_are_throttled_over_all_accounts(tmp_path: object) -> None:
    with running(f"sqlite:///{tmp_path}/few.db", credential_failures=1) as server, PlainBrowser(server) as browser:
        email = made_developer(server)
        token = browser.token("/console/sign-in")

        def attempt(email: str, password: str) -> int:
            return browser.submit("/console/sign-in", token, email=email, password=password).status_code

        assert attempt("nobody@example.org", PASSWORD) == 401
        assert attempt(email, PASSWORD) == 429, "the right password too"


@pytest.mark.parametrize("who", ["developer", "user"])
def test_a_session_ends_when_it_idles_and_at_its_longest(pages: AppServer, who: Who) -> None:
    sessions, begun = pages.store.sessions, now()
    clock = begun

    def begin() -> str:
        if who == "developer":
            return pages.call(begin_session(sessions, clock, developer="ada@example.org"))
        return pages.call(begin_session(sessions, clock, user=1))

    def lives() -> bool:
        return pages.call(find_session(sessions, cookie, clock)) is not None

    cookie, idle = begin(), IDLE_SECONDS[who] * 1000
    clock += idle - 1
    assert lives()
    clock += idle - 1
    assert lives(), "what is used does not idle"
    clock += idle
    assert not lives()
    cookie, begun = begin(), clock
    while clock < begun + LONGEST_SECONDS[who] * 1000 - idle:
        clock += idle - 1
        assert lives()
    clock = begun + LONGEST_SECONDS[who] * 1000
    assert not lives()


async def test_a_users_session_is_a_caller_of_the_users_own_application(
    pages: AppServer, application: ApplicationClient, user: UserClient
) -> None:
    cookie = pages.call(begin_session(pages.store.sessions, now(), user=user.id))
    session = pages.call(find_session(pages.store.sessions, cookie, now()))
    assert session is not None
    caller = pages.call(caller_of(pages.store.accounts, session))
    assert caller is not None
    assert (caller.client_id, caller.user, caller.scope) == (application.client_id, user.id, "user/*.*")
    application.manage("PUT", "user", oneup_user_id=user.id, active="false")
    assert pages.call(caller_of(pages.store.accounts, session)) is None
