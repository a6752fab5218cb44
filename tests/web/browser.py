"""A browser as people have it: headless Chromium, which notices every script that a page made it run."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request, async_playwright

from tests.clients import ApplicationClient, UserClient, http

SCREENSHOTS = Path(__file__).parent / "screenshots"
PHONE, DESKTOP = (390, 844), (1280, 900)

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SWITCHES = ("--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run")
# What axe cannot know: pages here are whole documents, and its advice below "serious" is taste.
_GRAVE = {"serious", "critical"}


class Visitor:
    """One person's browser window, with cookies of its own, at one server."""

    def __init__(self, address: str, page: Page) -> None:
        self.address = address
        self.page = page
        self.ran: list[str] = []
        """What only a script of somebody else's could have caused: dialogs, and errors in the console."""
        self.asked: list[str] = []
        """Addresses outside of the server that a page made the browser ask for."""
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.ran.append(f"error: {error}"))
        page.on("request", self._request)

    async def open(self, path: str) -> int:
        """Answers the status of the page that is shown in the end."""
        answer = await self.page.goto(path if "://" in path else self.address + path)
        assert answer is not None
        return answer.status

    @property
    def path(self) -> str:
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    async def text(self) -> str:
        """What the page's own part says."""
        return await self.page.inner_text("main")

    async def press(self, name: str) -> None:
        """Press the button, or follow the link, of this name."""
        button = self.page.get_by_role("button", name=name, exact=True)
        link = self.page.get_by_role("link", name=name, exact=True)
        await button.or_(link).first.click()

    async def fill(self, label: str, value: str) -> None:
        await self.page.get_by_label(label, exact=True).fill(value)

    async def shoot(self, name: str) -> None:
        """Write screenshots in light and dark, on a phone and a desk; the phone's page must not be wider than it."""
        SCREENSHOTS.mkdir(exist_ok=True)
        page = self.page
        for size, label in ((DESKTOP, "desktop"), (PHONE, "phone")):
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            await page.screenshot(path=SCREENSHOTS / f"{name}-{label}.png", full_page=True)
        width = await page.evaluate("document.documentElement.scrollWidth")
        await page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
        assert width <= PHONE[0], f"{name} is {width} wide on a phone"

    async def shoot_dark(self, name: str) -> None:
        await self.page.emulate_media(color_scheme="dark")
        await self.page.screenshot(path=SCREENSHOTS / f"{name}-dark.png", full_page=True)

    async def check_accessibility(self, scheme: Literal["light", "dark"] = "light") -> None:
        """No serious violation by axe-core, whose colours are those of the scheme."""
        await self.page.emulate_media(color_scheme=scheme)
        found: list[dict[str, Any]] = (await Axe().run(self.page)).response["violations"]
        grave = [
            f"{each['id']}: {node['html']} {node['failureSummary']}"
            for each in found
            if each["impact"] in _GRAVE
            for node in each["nodes"]
        ]
        assert not grave, "\n".join([self.path, *grave])

    async def _dialog(self, dialog: Dialog) -> None:
        self.ran.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        # The browser itself reports statuses such as 404, which tests ask for.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.ran.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.asked.append(request.url)


def find_browser() -> str:
    """The browser of this machine; skips the test where there is none, but in CI fails it."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("CI must have a Chromium: .ci/run installs it")
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    return found


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    path = find_browser()
    async with async_playwright() as playwright:
        # Without its sandbox, which containers often forbid: it meets nothing here but our own pages.
        browser = await playwright.chromium.launch(executable_path=path, args=_SWITCHES, chromium_sandbox=False)
        try:
            yield browser
        finally:
            await browser.close()


async def visit(browser: Browser, address: str, **options: Any) -> tuple[BrowserContext, Visitor]:
    """A new window without cookies."""
    context = await browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, **options)
    context.set_default_timeout(30_000)
    return context, Visitor(address, await context.new_page())


def sign_in_link(application: ApplicationClient, user: UserClient, next: str = "/health-history") -> str:
    """The path of a link that signs the user in and leads to `next`."""
    answer = application.manage("POST", "user/sign-in-link", oneup_user_id=user.id, next=next)
    assert answer.status_code == 200, answer.text
    url: str = answer.json()["url"]
    return url.removeprefix(application.address)


async def fetch(visitor: Visitor, path: str) -> httpx.Response:
    """What the server answers to the visitor's own cookies, where a browser would save it to a file."""
    held = "; ".join(f"{each['name']}={each['value']}" for each in await visitor.page.context.cookies())
    return http.get(visitor.address + path, headers={"cookie": held})


async def sign_in(
    visitor: Visitor, application: ApplicationClient, user: UserClient, next: str = "/health-history"
) -> None:
    """Have a user open a sign-in link in the browser and press its button."""
    await visitor.open(sign_in_link(application, user, next))
    await visitor.press("Continue")
