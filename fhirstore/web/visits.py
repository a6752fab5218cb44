"""A request of a browser, understood: who is behind it, and what the tokens in its forms are made of.

Cookies are `HttpOnly; SameSite=Lax`, and on https `Secure` under names that start with `__Host-`, which no other host
can set. A developer and a user have a cookie each: who tries a sign-in link is not signed out of the console.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from fastapi import Request, Response

from fhirstore.auth.secrets import mint
from fhirstore.auth.sign_in import caller_of, developer_of, end_session, find_session
from fhirstore.caller import Caller
from fhirstore.errors import Forbidden
from fhirstore.store.contract import Store
from fhirstore.store.sessions import Developer, Session, Who

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_COOKIES: Mapping[Who | None, str] = {
    "developer": "fhirstore-developer",
    "user": "fhirstore-user",
    None: "fhirstore-form",
}
_SAID = "fhirstore-said"
_SAID_MOST = 300
_SECRET_LENGTH = 43


@dataclass(slots=True)
class Visit:
    """Who opens a page. `secret` is what its forms' tokens are made of: the session's own, or of a stranger, a
    cookie's. `base` is the server's address, without a slash at its end; `said` what the page before had to say.

    `cookies` are to be set with the answer, by name; an empty value takes one away.
    """

    base: str
    secret: str
    session: Session | None = None
    developer: Developer | None = None
    caller: Caller | None = None
    said: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def secure(self) -> bool:
        return self.base.startswith("https:")

    @property
    def origin(self) -> str:
        """What browsers call this server (RFC 6454): its address may go on with a path."""
        return "/".join(self.base.split("/", 3)[:3]).lower()

    def name(self, plain: str) -> str:
        return f"__Host-{plain}" if self.secure else plain

    def sign_in(self, who: Who, cookie: str) -> None:
        """Have the browser keep a session that has begun."""
        self.cookies[self.name(_COOKIES[who])] = cookie

    def sign_out(self, who: Who) -> None:
        self.cookies[self.name(_COOKIES[who])] = ""

    def say(self, text: str) -> None:
        """Have the next page tell something, once."""
        self.cookies[self.name(_SAID)] = quote(text[:_SAID_MOST])

    def hear(self) -> str:
        """What the page before had to say: once it is shown it is forgotten."""
        if self.said:
            self.cookies.setdefault(self.name(_SAID), "")
        return self.said

    def set_cookies(self, response: Response) -> None:
        for name, value in self.cookies.items():
            if value:
                response.set_cookie(name, value, path="/", secure=self.secure, httponly=True, samesite="lax")
            else:
                response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


async def begin_visit(request: Request, who: Who | None) -> Visit:
    """Whoever is signed in as a developer or as a user, as the page asks; `who` is None where it asks for neither.

    Raises Forbidden on plain http from another machine, where cookies and passwords would be open to all between.
    """
    base = base_of(request)
    _require_privacy(request, base)
    visit = Visit(base, "")
    visit.said = unquote(request.cookies.get(visit.name(_SAID), ""))[:_SAID_MOST]
    cookie = request.cookies.get(visit.name(_COOKIES[who]), "")
    if who is not None and cookie:
        await _recognize(request.app.state.store, visit, who, cookie, request.app.state.clock())
    visit.secret = visit.session.secret if visit.session is not None else _strangers_secret(request, visit)
    return visit


async def forget_session(request: Request, who: Who) -> None:
    """End the session that the browser comes with, if it has one: at signing in and at signing out."""
    visit = visit_of(request)
    cookie = request.cookies.get(visit.name(_COOKIES[who]))
    if cookie:
        await end_session(request.app.state.store.sessions, cookie)
    visit.sign_out(who)


def visit_of(request: Request) -> Visit:
    visit: Visit = request.state.visit
    return visit


def base_of(request: Request) -> str:
    """The server's address as its clients know it, without a slash at the end."""
    return request.app.state.base_url or f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"


def address_of(request: Request) -> str:
    """Where a request comes from, as far as it is known."""
    return request.client.host if request.client else ""


def store_of(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def _recognize(store: Store, visit: Visit, who: Who, cookie: str, now: int) -> None:
    session = await find_session(store.sessions, cookie, now)
    if session is None or session.who != who:
        return
    visit.developer = await developer_of(store.sessions, session)
    visit.caller = await caller_of(store.accounts, session)
    if visit.developer or visit.caller:
        visit.session = session
    else:
        await store.sessions.end_session(session.hash)


def _strangers_secret(request: Request, visit: Visit) -> str:
    name = visit.name(_COOKIES[None])
    secret = request.cookies.get(name, "")
    if len(secret) != _SECRET_LENGTH:
        secret = visit.cookies[name] = mint()
    return secret


def _require_privacy(request: Request, base: str) -> None:
    """An operator who says that the address is plain http has decided so."""
    parts = urlsplit(base)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK and not request.app.state.base_url:
        raise Forbidden("These pages need https. Plain http works on the server's own machine alone.")
