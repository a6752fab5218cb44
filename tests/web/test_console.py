"""The developer console, as a developer goes through it in a browser."""

from __future__ import annotations

import re
from uuid import uuid4

from playwright.async_api import Browser

from fhirstore.auth.sign_in import developer_link
from fhirstore.clock import now
from tests.server import AppServer
from tests.web.browser import Visitor, visit
from tests.web.console import PASSWORD, AtConsole, made_developer


async def test_the_first_account_is_made_by_a_link_that_works_once(visitor: Visitor, pages: AppServer) -> None:
    path = f"/console/welcome/{pages.call(developer_link(pages.store.sessions, None, now()))}"
    email = f"First-{uuid4().hex}@Example.org"
    assert await visitor.open(path) == 200
    await visitor.fill("E-mail address", email)
    await visitor.fill("Password", PASSWORD)
    await visitor.shoot("console-welcome")
    await visitor.check_accessibility()
    await visitor.press("Make the account")
    assert visitor.path == "/console"
    assert "No applications yet" in await visitor.text()
    await visitor.shoot("console-empty")
    assert await visitor.open(path) == 410
    await visitor.open("/console")
    await visitor.press("Sign out")
    assert visitor.path == "/console/sign-in"
    await visitor.fill("E-mail address", email.upper())
    await visitor.fill("Password", "wrong password, long enough")
    await visitor.press("Sign in")
    assert "is wrong" in await visitor.text()
    await visitor.shoot("console-sign-in")
    await visitor.fill("Password", PASSWORD)
    await visitor.press("Sign in")
    assert visitor.path == "/console"
    await visitor.press("Account")
    await visitor.shoot("console-account")
    await visitor.check_accessibility()
    assert await visitor.open("/console/nothing") == 404
    await visitor.shoot("console-nothing")


async def test_a_developer_makes_an_application_and_tries_every_step(developer: AtConsole) -> None:
    visitor = developer.visitor
    await visitor.open("/console")
    await visitor.fill("Name", "My first application")
    await visitor.press("Create")
    shown = await visitor.text()
    secret = re.search(r"Client secret\s+(\S{43})", shown)
    assert secret is not None
    await visitor.shoot("console-created")

    await visitor.press("Try it")
    await visitor.fill("Client secret", secret[1])
    steps = {
        "Create a user": '"success": true',
        "Exchange the code for a token": '"access_token"',
        "Post an Observation": '"versionId": "1"',
        "Search": '"total": 1',
    }
    for step, expected in steps.items():
        await visitor.press(f"Run: {step}")
        assert expected in await visitor.text(), step
    assert secret[1] not in await visitor.text(), "the commands leave the secret to the shell"
    await visitor.shoot("console-tried")
    await visitor.check_accessibility("dark")


async def test_the_sign_in_page_is_walked_through_by_keyboard_from_top_to_bottom(visitor: Visitor) -> None:
    await visitor.open("/console/sign-in")
    reached = []
    for _ in range(6):
        await visitor.page.keyboard.press("Tab")
        reached.append(
            await visitor.page.evaluate("document.activeElement.id || document.activeElement.innerText.trim()")
        )
        outline = await visitor.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"nobody sees that the focus is at {reached[-1]}"
    expected = ["Skip to the content", "fhirstore console", "email", "password", "Sign in"]
    assert reached == [*expected, "No account, or no password?"]
    await visitor.page.keyboard.press("Enter")
    assert "fhirstore developer create" in await visitor.text()


async def test_the_console_works_without_script(browser: Browser, pages: AppServer) -> None:
    context, visitor = await visit(browser, pages.address, java_script_enabled=False)
    email = made_developer(pages)
    await visitor.open("/console/sign-in?next=/console/account")
    await visitor.fill("E-mail address", email)
    await visitor.fill("Password", PASSWORD)
    await visitor.press("Sign in")
    assert visitor.path == "/console/account"
    assert email in await visitor.text()
    await visitor.press("Applications")
    await visitor.fill("Name", "Without script")
    await visitor.press("Create")
    assert "Without script is created" in await visitor.text()
    await context.close()
