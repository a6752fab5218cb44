"""Developers, browser sessions and one-time sign-in links, as both stores keep them. Cookies and links are here only
as hashes, passwords as Argon2id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Who = Literal["developer", "user"]
"""Who can be behind a browser: a developer at the console, or a user, whose record the server keeps."""


@dataclass(frozen=True, slots=True)
class Developer:
    """Somebody with a password who looks after applications; `email` is folded, so that it is there once."""

    email: str
    password_hash: str
    created: int


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that a developer or a user signed in with: one of the two is None.

    `secret` is what the tokens in its forms are made of; `seen` is when it was last used, to the minute; it is over
    at `expires` at the latest. Times are milliseconds.
    """

    hash: str
    developer: str | None
    user: int | None
    secret: str
    created: int
    seen: int
    expires: int

    @property
    def who(self) -> Who:
        return "developer" if self.user is None else "user"


@dataclass(frozen=True, slots=True)
class SignInLink:
    """An address that works once: it lets a user in, or a developer choose a password.

    A developer's link without an e-mail address is for an account that is yet to be made. `next` is the local path
    that it leads to.
    """

    hash: str
    who: Who
    developer: str | None
    user: int | None
    next: str
    expires: int


class EmailTakenError(Exception):
    """Another developer already has this e-mail address."""


class Sessions(Protocol):
    async def add_developer(self, developer: Developer) -> None:
        """Raises EmailTakenError."""
        ...

    async def developer(self, email: str) -> Developer | None: ...

    async def developers(self) -> Sequence[Developer]:
        """All of them, oldest first."""
        ...

    async def set_password(self, email: str, password_hash: str) -> bool:
        """Also ends all sessions of the developer; False where there is none."""
        ...

    async def add_session(self, session: Session) -> None: ...

    async def session(self, hash: str) -> Session | None: ...

    async def see_session(self, hash: str, now: int) -> None: ...

    async def end_session(self, hash: str) -> None: ...

    async def end_sessions(self, *, developer: str | None = None, user: int | None = None) -> None:
        """End every session of a developer or of a user, and take back the links that are under way."""
        ...

    async def add_link(self, link: SignInLink) -> None: ...

    async def link(self, hash: str, now: int) -> SignInLink | None:
        """A link that still works, without spending it."""
        ...

    async def spend_link(self, hash: str, now: int) -> SignInLink | None:
        """Of any number of concurrent calls exactly one is given the link."""
        ...
