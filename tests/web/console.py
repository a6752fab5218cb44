"""A developer at the console."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from uuid import uuid4

from argon2 import PasswordHasher

from fhirstore.auth.sign_in import begin_session
from fhirstore.clock import now
from fhirstore.store.sessions import Developer
from tests.clients import ApplicationClient
from tests.server import AppServer
from tests.web.browser import Visitor

PASSWORD = "correct horse battery staple"

NewVisitor = Callable[[], Awaitable[Visitor]]


@dataclass(frozen=True)
class AtConsole:
    """Somebody signed in, with an application."""

    visitor: Visitor
    email: str
    application: ApplicationClient

    @property
    def own(self) -> str:
        return f"/console/applications/{self.application.client_id}"


def made_developer(server: AppServer) -> str:
    """A developer with the password above, hashed so lightly that tests need not wait for it."""
    email = f"{uuid4().hex}@example.org"
    server.call(server.store.sessions.add_developer(Developer(email, _light_hash(), now())))
    return email


@cache
def _light_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)


async def sign_in_to_console(visitor: Visitor, server: AppServer, email: str) -> None:
    """Without the form, which has a test of its own."""
    cookie = server.call(begin_session(server.store.sessions, now(), developer=email))
    await visitor.page.context.add_cookies([{"name": "fhirstore-developer", "value": cookie, "url": visitor.address}])
