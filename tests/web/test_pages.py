"""What holds for every page: who is refused, what a form must prove, which headers go along."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from fhirstore.auth.sign_in import IDLE_SECONDS, LONGEST_SECONDS, begin_session, caller_of, find_session
from fhirstore.clock import now
from fhirstore.store.sessions import Who
from tests.clients import ApplicationClient, UserClient, new_application
from tests.server import AppServer, running
from tests.web.console import PASSWORD, made_developer

PAGES = ("", "/users", "/users/{user}", "/usage", "/audit", "/try")
FORMS = ("/settings", "/rotate", "/revoke-previous", "/users/{user}/active", "/users/{user}/sign-in-link", "/try")


class Browser(httpx.Client):
    """Cookies and addresses of one server, without a window."""

    def __init__(self, server: AppServer) -> None:
        super().__init__(base_url=server.address, verify=False, trust_env=False)
        self.server = server

    def sign_in(self, *, developer: str | None = None, user: int | None = None) -> str:
        """Begin a session without its forms; answers the cookie's value."""
        sessions = self.server.store.sessions
        cookie = self.server.call(begin_session(sessions, now(), developer=developer, user=user))
        self.cookies.set("fhirstore-developer" if developer else "fhirstore-user", cookie)
        return cookie

    def token(self, path: str) -> str:
        """A form's token from a page."""
        found = re.search(r'name="form_token" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def submit(self, path: str, token: str = "", /, **fields: str) -> httpx.Response:
        return self.post(path, data={"form_token": token, **fields})


@pytest.fixture
def email(pages: AppServer) -> str:
    return made_developer(pages)


@pytest.fixture
def anonymous(pages: AppServer) -> Iterator[Browser]:
    with Browser(pages) as client:
        yield client


@pytest.fixture
def signed_in(pages: AppServer, email: str) -> Iterator[Browser]:
    with Browser(pages) as client:
        client.sign_in(developer=email)
        yield client


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
    with Browser(server) as browser:
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


def test_a_stranger_is_led_to_the_sign_in_page_and_back(anonymous: Browser, own: ApplicationClient) -> None:
    for path in [*places(own, own.user(), PAGES), "/console", "/console/account", "/console/nothing?a=b"]:
        answer = anonymous.get(path)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/console/sign-in?next={quote(path, safe='')}",
        )


def test_a_strangers_form_is_refused(anonymous: Browser, own: ApplicationClient) -> None:
    token = anonymous.token("/console/sign-in")
    for path in [*places(own, own.user(), FORMS), "/console/applications", "/console/sign-out"]:
        assert anonymous.submit(path, token, active="false", what="secret").status_code == 401


def test_another_developers_application_is_not_there(
    anonymous: Browser, signed_in: Browser, own: ApplicationClient, pages: AppServer
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
    signed_in: Browser, own: ApplicationClient, application: ApplicationClient
) -> None:
    path = f"/console/applications/{own.client_id}/users/{application.user().id}"
    assert signed_in.get(path).status_code == 404
    token = signed_in.token("/console")
    assert signed_in.submit(f"{path}/active", token, active="false").status_code == 404
    assert signed_in.submit(f"{path}/sign-in-link", token).status_code == 404


def test_a_users_session_opens_no_page_of_the_console(anonymous: Browser, user: UserClient) -> None:
    cookie = anonymous.sign_in(user=user.id)
    anonymous.cookies.set("fhirstore-developer", cookie)
    assert anonymous.get("/console").status_code == 303


def test_a_developers_session_is_no_users(anonymous: Browser, email: str) -> None:
    cookie = anonymous.sign_in(developer=email)
    anonymous.cookies.set("fhirstore-user", cookie)
    assert anonymous.get("/health-history").status_code == 401


def test_an_application_that_belongs_to_nobody_is_nobodys(signed_in: Browser, application: ApplicationClient) -> None:
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
def test_a_form_comes_from_our_own_pages(signed_in: Browser, headers: dict[str, str], status: int) -> None:
    body = {"form_token": signed_in.token("/console"), "name": "made"}
    assert signed_in.post("/console/applications", data=body, headers=headers).status_code == status


def test_a_form_without_the_sessions_token_changes_nothing(
    signed_in: Browser, anonymous: Browser, own: ApplicationClient
) -> None:
    others = anonymous.token("/console/sign-in")
    nonce, _, proof = signed_in.token("/console").partition(".")
    path = f"/console/applications/{own.client_id}/settings"
    for token in ("", ".", others, f"{nonce}.", f"{'0' * 32}.{proof}", f"{nonce}.{proof[:-1]}", "é.é", "\ud7ff"):
        assert signed_in.submit(path, token, name="changed").status_code == 403
    assert "changed" not in signed_in.get("/console").text
    assert signed_in.submit(path, signed_in.token("/console"), name="changed").status_code == 303


def test_tokens_of_two_pages_differ_and_both_work(signed_in: Browser) -> None:
    first, second = (signed_in.token("/console") for _ in range(2))
    assert first != second
    for token in (first, second):
        assert signed_in.submit("/console/applications", token, name="made").status_code == 200


def test_a_form_that_is_too_large_is_refused(signed_in: Browser) -> None:
    answer = signed_in.submit("/console/applications", signed_in.token("/console"), name="a" * 200_000)
    assert answer.status_code == 413


def test_every_page_carries_the_strict_headers(signed_in: Browser, own: ApplicationClient) -> None:
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


def test_only_our_own_files_are_static(anonymous: Browser) -> None:
    assert anonymous.get("/static/style.css").headers["content-type"].startswith("text/css")
    for name in ("../pages.py", "..%2fpages.py", "nothing.css", ""):
        assert anonymous.get(f"/static/{name}").status_code == 404


def test_signing_in_renews_the_session(anonymous: Browser, pages: AppServer, email: str) -> None:
    planted = anonymous.sign_in(developer=made_developer(pages))
    fields = {"email": email.upper(), "password": PASSWORD, "next": "/console/account"}
    answer = anonymous.submit("/console/sign-in", anonymous.token("/console/sign-in"), **fields)
    assert answer.headers["location"] == "/console/account"
    cookie = answer.headers["set-cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=lax", "Path=/"))
    assert planted not in cookie
    with Browser(pages) as other:
        other.cookies.set("fhirstore-developer", planted)
        assert other.get("/console").status_code == 303, "the session before it is over"


@pytest.mark.parametrize("next", ["https://evil.example", "//evil.example", "/\\evil.example", "console"])
def test_signing_in_leads_to_this_server_alone(anonymous: Browser, email: str, next: str) -> None:
    assert anonymous.get("/console/sign-in", params={"next": next}).status_code == 400
    fields = {"email": email, "password": PASSWORD, "next": next}
    assert anonymous.submit("/console/sign-in", anonymous.token("/console/sign-in"), **fields).status_code == 400


def test_signing_out_everywhere_ends_the_other_browsers_too(signed_in: Browser, anonymous: Browser, email: str) -> None:
    anonymous.sign_in(developer=email)
    assert anonymous.get("/console").status_code == 200
    signed_in.submit("/console/sign-out", signed_in.token("/console/account"), everywhere="1")
    assert anonymous.get("/console").status_code == 303
    assert signed_in.get("/console").status_code == 303


def test_a_user_signs_out_here_or_everywhere(
    anonymous: Browser, pages: AppServer, user: UserClient, stranger: UserClient
) -> None:
    with Browser(pages) as phone, Browser(pages) as others:
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
    signed_in: Browser, anonymous: Browser, email: str
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


def test_plain_http_is_for_this_machine_alone(anonymous: Browser) -> None:
    answer = anonymous.get("/console/sign-in", headers={"host": "records.example.org"})
    assert answer.status_code == 403
    assert "https" in answer.text
    assert "set-cookie" not in answer.headers


def test_on_https_cookies_are_secure_and_of_this_host_alone(anonymous: Browser, email: str) -> None:
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


def test_accounts_are_made_by_everybody_only_where_the_server_says_so(anonymous: Browser, tmp_path: object) -> None:
    assert anonymous.get("/console/sign-up").status_code == 404
    token = anonymous.token("/console/sign-in")
    made = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
    assert anonymous.submit("/console/sign-up", token, **made).status_code == 404
    with running(f"sqlite:///{tmp_path}/open.db", sign_up="open") as server, Browser(server) as browser:
        assert browser.submit("/console/sign-up", browser.token("/console/sign-up"), **made).status_code == 303
        assert made["email"] in browser.get("/console/account").text
        again = browser.submit("/console/sign-up", browser.token("/console/sign-up"), **made)
        assert again.status_code == 409
        short = made | {"email": "other@example.org", "password": "short"}
        assert browser.submit("/console/sign-up", browser.token("/console/sign-up"), **short).status_code == 400


def test_failed_tries_are_throttled_over_all_accounts(tmp_path: object) -> None:
    with running(f"sqlite:///{tmp_path}/few.db", credential_failures=1) as server, Browser(server) as browser:
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
