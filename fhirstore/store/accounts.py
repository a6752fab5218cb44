"""Applications, their users and their tokens, as both stores keep them. Secrets and tokens are here only as hashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from fhirstore.dstu2.levels import Level

TokenKind = Literal["code", "access", "refresh"]


@dataclass(frozen=True, slots=True)
class Application:
    """A client of the management and token endpoints; the same row is an organization to Validic's clients.

    `level` is how strictly its writes are judged, None for what the server is set to.
    """

    client_id: str
    name: str
    secret_hash: str
    organization_id: str
    organization_token_hash: str
    created: int
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class User:
    """One person to one application, known there as `app_user_id`.

    `id` counts up over all applications (1upHealth's `oneup_user_id`); `hex_id` is the same user's 24 hexadecimal
    digits (Validic's `_id`).
    """

    id: int
    hex_id: str
    client_id: str
    app_user_id: str
    active: bool
    created: int


@dataclass(frozen=True, slots=True)
class NewUser:
    hex_id: str
    client_id: str
    app_user_id: str
    active: bool
    created: int


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Users of one application, by id, in pages."""

    client_id: str
    app_user_id: str | None = None
    id: int | None = None
    skip: int = 0
    count: int = 1000


@dataclass(frozen=True, slots=True)
class UserPage:
    users: Sequence[User]
    total: int


@dataclass(frozen=True, slots=True)
class Token:
    """A code, access token or refresh token. Times are milliseconds; `spent` is when a code or refresh token was
    first used; `family` names the grant that it descends from."""

    hash: str
    kind: TokenKind
    user: int
    client_id: str
    scope: str
    family: str
    expires: int
    spent: int | None = None


class AppUserIdTakenError(Exception):
    """Another user of the application already has this `app_user_id`."""


class Accounts(Protocol):
    async def add_application(self, application: Application) -> None: ...

    async def application(self, client_id: str) -> Application | None: ...

    async def applications(self) -> Sequence[Application]:
        """All of them, oldest first."""
        ...

    async def replace_secret(self, client_id: str, secret_hash: str) -> bool:
        """Answers False where there is no such application."""
        ...

    async def add_user(self, new: NewUser) -> User:
        """Gives the user the next id. Raises AppUserIdTakenError."""
        ...

    async def user(self, id: int) -> User | None: ...

    async def users(self, query: UserQuery) -> UserPage: ...

    async def replace_user(self, user: User) -> bool:
        """Set `app_user_id` and `active` of the application's user with that id; False where there is none.

        Raises AppUserIdTakenError.
        """
        ...

    async def add_tokens(self, tokens: Sequence[Token]) -> None: ...

    async def token(self, hash: str) -> Token | None: ...

    async def exchange_token(self, hash: str, now: int, tokens: Sequence[Token], grace: int = 0) -> bool:
        """Mark a code or refresh token as used and add the tokens that are given for it.

        Of any number of concurrent calls exactly one answers True, and with it those that come within `grace`
        milliseconds of the first. The others add nothing.
        """
        ...

    async def forget_expired_tokens(self, now: int) -> None: ...
