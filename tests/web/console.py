"""A developer at the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.clients import ApplicationClient
from tests.web.browser import Visitor

PASSWORD = "correct horse battery staple"

NewVisitor = Callable[[], Awaitable[Visitor]]


@dataclass(frozen=True)
class Developer:
    """Somebody signed in, with an application."""

    visitor: Visitor
    email: str
    application: ApplicationClient

    @property
    def own(self) -> str:
        return f"/console/applications/{self.application.client_id}"


async def sign_in_to_console(visitor: Visitor, email: str) -> None:
    await visitor.open("/console/sign-in")
    await visitor.fill("E-mail address", email)
    await visitor.fill("Password", PASSWORD)
    await visitor.press("Sign in")
