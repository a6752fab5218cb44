"""An app is let in and shown out again by somebody at a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Route

from tests.builders import patient, smallest
from tests.clients import ApplicationClient
from tests.server import AppServer
from tests.smart import REDIRECT, SmartApp, launch_parameters, new_app
from tests.web.browser import Visitor, sign_in, sign_in_link

ANN = smallest("Patient", name=[{"given": ["Ann"], "family": ["Smith"]}], birthDate="1980-02-29")


@pytest.fixture
def app(pages: AppServer) -> SmartApp:
    return new_app(pages)


@pytest.fixture
async def away(visitor: Visitor) -> AsyncIterator[Visitor]:
    """The visitor, whose browser finds the app's own page where the answer leads; nothing else leaves this machine."""

    async def arrive(route: Route) -> None:
        await route.fulfill(body="<!doctype html><title>The app</title><main>back</main>", content_type="text/html")

    await visitor.page.route(f"{REDIRECT}?*", arrive)
    yield visitor
    assert all(url.startswith(f"{REDIRECT}?") for url in visitor.asked)
    visitor.asked.clear()


async def test_from_a_sign_in_link_to_an_app_that_reads_and_is_shown_out(
    away: Visitor, app: SmartApp, application: ApplicationClient
) -> None:
    user = application.user()
    ann = user.create(ANN)["id"]
    assert await away.open(app.asks("openid patient/*.read patient/Observation.write offline_access")) == 401
    assert "Sign in first" in await away.text()
    await away.check_accessibility()

    await away.open(sign_in_link(application, user))
    await away.press("Continue")
    await away.page.wait_for_url("**/oauth2/authorize?*")  # a page that leads on by itself stands in between
    text = await away.text()
    assert "Growth Chart asks for access to your record" in text
    for sentence in ("Read everything in the record of Ann Smith", "born 29 February 1980", "90 days", "app.example"):
        assert sentence in text
    await away.check_accessibility()
    await away.check_accessibility("dark")
    await away.shoot("consent")

    await away.page.get_by_label("Add, change and delete").uncheck()
    await away.press("Allow")
    await away.page.wait_for_url(f"{REDIRECT}?*")
    assert await away.text() == "back"
    told = launch_parameters(away.page.url)
    assert told["state"] == "a state & more"

    issued = app.exchange(told["code"]).json()
    assert issued["scope"] == "openid patient/*.read offline_access"
    assert app.get(issued["access_token"], f"Patient/{ann}").json()["name"][0]["given"] == ["Ann"]
    again = app.refresh(issued["refresh_token"]).json()
    assert app.get(again["access_token"], f"Patient/{ann}").status_code == 200

    await away.open("/granted-apps")
    assert "Read everything in the record of Ann Smith" in await away.text()
    await away.check_accessibility()
    await away.shoot("granted-apps")
    await away.press("Take it back")
    assert "You have let no other application in" in await away.text()
    assert app.get(again["access_token"], f"Patient/{ann}").status_code == 401
    assert app.refresh(again["refresh_token"]).json()["error"] == "invalid_grant"


async def test_whoever_denies_comes_back_to_an_app_that_has_nothing(
    away: Visitor, app: SmartApp, application: ApplicationClient
) -> None:
    user = application.user()
    for family in ("Smith", "Jones"):
        user.create(patient(family))
    await sign_in(away, application, user)
    await away.open(app.asks())
    await away.press("Deny")
    await away.page.wait_for_url(f"{REDIRECT}?*")
    assert launch_parameters(away.page.url)["error"] == "access_denied"


async def test_of_several_people_one_must_be_chosen(
    away: Visitor, app: SmartApp, application: ApplicationClient
) -> None:
    user = application.user()
    ids = {family: user.create(patient(family))["id"] for family in ("Smith", "<img src=x onerror=alert(1)>")}
    await sign_in(away, application, user)
    await away.open(app.asks())
    await away.press("Allow")
    assert urlsplit(away.page.url).path == "/oauth2/authorize", "the browser waits for the choice"
    await away.page.get_by_label("<img").check()
    await away.press("Allow")
    await away.page.wait_for_url(f"{REDIRECT}?*")
    issued = app.exchange(launch_parameters(away.page.url)["code"]).json()
    assert issued["patient"] == ids["<img src=x onerror=alert(1)>"]


async def test_an_app_that_opened_the_question_in_a_window_is_still_known_to_it(
    new_visitor: Callable[[], Awaitable[Visitor]], app: SmartApp, application: ApplicationClient
) -> None:
    """The app waits in the window that opened this one, and hears of the answer through it."""
    visitor = await new_visitor()
    user = application.user()
    user.create(patient())
    await sign_in(visitor, application, user)
    await visitor.open("/health")
    async with visitor.page.expect_popup() as opened:
        await visitor.page.evaluate("url => { window.open(url) }", app.asks())
    popup = await opened.value
    await popup.wait_for_load_state()
    assert "Growth Chart" in await popup.inner_text("main")
    assert await popup.evaluate("window.opener !== null")


async def test_what_stands_is_answered_right_after_the_sign_in(
    away: Visitor, app: SmartApp, application: ApplicationClient
) -> None:
    """Browsers count what follows a form as part of it, and this one may lead nowhere but here."""
    user = application.user()
    user.create(patient())
    await sign_in(away, application, user)
    await away.open(app.asks())
    await away.press("Allow")
    await away.page.wait_for_url(f"{REDIRECT}?*")
    await away.page.context.clear_cookies()
    assert await away.open(app.asks(state="again")) == 401
    await away.open(sign_in_link(application, user))
    async with away.page.expect_request(lambda request: request.url.startswith(REDIRECT)) as sent:
        await away.press("Continue")
    told = launch_parameters((await sent.value).url)
    assert told["state"] == "again"
    assert app.exchange(told["code"]).status_code == 200
