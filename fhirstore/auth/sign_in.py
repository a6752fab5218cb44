"""Browsers signed in: sessions that begin, go on and end, and the links that begin them.

A user has no password: the application asks for a link that works once and passes it on.
"""

from __future__ import annotations

from fhirstore.auth.secrets import digest, mint
from fhirstore.auth.tokens import SECOND, USER_SCOPE
from fhirstore.caller import Caller
from fhirstore.clock import Clock
from fhirstore.errors import BadRequest, Gone
from fhirstore.store.accounts import Accounts, User
from fhirstore.store.contract import Store
from fhirstore.store.sessions import Developer, Session, Sessions, SignInLink, Who

LINK_SECONDS = 300
FIRST_LINK_SECONDS = 3600
"""A link that is read from a terminal, not sent: for a developer's password, for the demonstration."""

IDLE_SECONDS: dict[Who, int] = {"developer": 12 * 3600, "user": 1800}
"""How long a session waits for the next page."""
LONGEST_SECONDS: dict[Who, int] = {"developer": 7 * 24 * 3600, "user": 12 * 3600}

_SEEN_SPAN = 60 * SECOND
_NEXT_MOST = 4000


async def begin_session(sessions: Sessions, now: int, *, developer: str | None = None, user: int | None = None) -> str:
    """Answers the cookie's value, in clear: the only time it is seen."""
    secret, who = mint(), _who(user)
    await sessions.add_session(
        Session(digest(secret), developer, user, mint(), now, now, now + LONGEST_SECONDS[who] * SECOND)
    )
    return secret


async def find_session(sessions: Sessions, cookie: str, now: int) -> Session | None:
    """The session that a cookie's value opens, if it is not over."""
    found = await sessions.session(digest(cookie))
    if found is None or found.expires <= now or found.seen + IDLE_SECONDS[found.who] * SECOND <= now:
        return None
    if now - found.seen >= _SEEN_SPAN:
        await sessions.see_session(found.hash, now)
    return found


async def end_session(sessions: Sessions, cookie: str) -> None:
    await sessions.end_session(digest(cookie))


async def developer_of(sessions: Sessions, session: Session) -> Developer | None:
    return await sessions.developer(session.developer) if session.developer is not None else None


async def caller_of(accounts: Accounts, session: Session) -> Caller | None:
    """A user's session as a caller of the user's own application; None where the user is switched off or gone."""
    user = await accounts.user(session.user) if session.user is not None else None
    application = await accounts.application(user.client_id) if user is not None and user.active else None
    if user is None or application is None:
        return None
    return Caller(application.client_id, user.id, USER_SCOPE, application.level, application.profile)


async def user_link(sessions: Sessions, user: User, next: str, now: int, seconds: int = LINK_SECONDS) -> str:
    """The secret of a link that lets a user in, once, within so many seconds. Raises BadRequest for a foreign next."""
    return await _link(sessions, "user", None, user.id, local_path(next), now + seconds * SECOND)


async def developer_link(sessions: Sessions, email: str | None, now: int) -> str:
    """The secret of a link by which a developer chooses a password; without an address, one who makes an account."""
    return await _link(sessions, "developer", email, None, "/console", now + FIRST_LINK_SECONDS * SECOND)


async def open_link(store: Store, secret: str, who: Who, clock: Clock) -> SignInLink:
    """A link that still works, not spent yet: mail scanners open links too. Raises Gone."""
    return _still_good(await store.sessions.link(digest(secret), clock()), who)


async def spend_link(store: Store, secret: str, who: Who, clock: Clock) -> SignInLink:
    """Raises Gone, for the second who tries too."""
    await open_link(store, secret, who, clock)
    return _still_good(await store.sessions.spend_link(digest(secret), clock()), who)


def local_path(text: str) -> str:
    """An address within this server, to lead a browser to. Raises BadRequest for one that a browser could take for
    another server's."""
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    if not (plain and text.startswith("/") and not text.startswith("//") and len(text) <= _NEXT_MOST):
        raise BadRequest("The next page must be a path of this server, such as /health-history.")
    return text


async def _link(sessions: Sessions, who: Who, developer: str | None, user: int | None, next: str, until: int) -> str:
    secret = mint()
    await sessions.add_link(SignInLink(digest(secret), who, developer, user, next, until))
    return secret


def _still_good(link: SignInLink | None, who: Who) -> SignInLink:
    if link is None or link.who != who:
        raise Gone("This link was used before, or is too old.")
    return link


def _who(user: int | None) -> Who:
    return "developer" if user is None else "user"
