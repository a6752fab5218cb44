"""A server, a browser, and people in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from playwright.async_api import Browser

from tests.clients import ApplicationClient, new_application
from tests.server import AppServer, running
from tests.web.browser import Visitor, launched, visit
from tests.web.console import AtConsole, made_developer, sign_in_to_console
from tests.web.plain import PlainBrowser


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The server of all tests of pages, on the embedded store: what is shown does not depend on the store."""
    with running(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'store.db'}") as started:
        yield started


@pytest.fixture
def application(pages: AppServer) -> ApplicationClient:
    return new_application(pages)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as started:
        yield started


@pytest.fixture
async def new_visitor(browser: Browser, pages: AppServer) -> AsyncIterator[Callable[[], Awaitable[Visitor]]]:
    """Windows with cookies of their own; none may have run a script, or asked another server for anything."""
    opened = []

    async def make() -> Visitor:
        opened.append(await visit(browser, pages.address))
        return opened[-1][1]

    yield make
    for context, visitor in opened:
        await context.close()
        assert not visitor.ran
        assert not visitor.asked


@pytest.fixture
async def visitor(new_visitor: Callable[[], Awaitable[Visitor]]) -> Visitor:
    return await new_visitor()


@pytest.fixture
async def developer(visitor: Visitor, pages: AppServer) -> AtConsole:
    email = made_developer(pages)
    await sign_in_to_console(visitor, pages, email)
    return AtConsole(visitor, email, new_application(pages, "Ada's application", developer=email))


@pytest.fixture
def email(pages: AppServer) -> str:
    return made_developer(pages)


@pytest.fixture
def anonymous(pages: AppServer) -> Iterator[PlainBrowser]:
    with PlainBrowser(pages) as client:
        yield client


@pytest.fixture
def signed_in(pages: AppServer, email: str) -> Iterator[PlainBrowser]:
    with PlainBrowser(pages) as client:
        client.sign_in(developer=email)
        yield client
