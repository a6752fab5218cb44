"""Applications, their users and their tokens, as both stores keep them. Secrets and tokens are here only as hashes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from fhirstore.caller import Profile
from fhirstore.dstu2.levels import Level

TokenKind = Literal["code", "access", "refresh", "lasting"]
UserStatus = Literal["all", "active", "inactive", "provisioned", "suspended"]


@dataclass(frozen=True, slots=True)
class Application:
    """A client of the management and token endpoints; the same row is an organization to Validic's clients.

    `level` is how strictly its writes are judged and `calls_per_hour` how many management calls it may make, None for
    what the server is set to. Of the secret and of the organization's token the one before the current one is still
    good where it is kept. A `public` application also runs where no secret can be kept, in a browser or on a phone.
    `launch_uri` is where it is opened from within another one (SMART's EHR launch).
    `developer` is the e-mail address of who looks after it at the console, None where it belongs to nobody.
    """

    client_id: str
    name: str
    secret_hash: str
    organization_id: str
    organization_token_hash: str
    created: int
    level: Level | None = None
    profile: Profile = "standard"
    calls_per_hour: int | None = None
    redirect_uris: tuple[str, ...] = ()
    public: bool = False
    previous_secret_hash: str | None = None
    previous_organization_token_hash: str | None = None
    launch_uri: str | None = None
    developer: str | None = None


@dataclass(frozen=True, slots=True)
class UserProfile:
    """What Validic's clients tell of a user: height in centimetres, weight in kilograms."""

    gender: str | None = None
    location: str | None = None
    birth_year: str | None = None
    country: str | None = None
    height: int | float | None = None
    weight: int | float | None = None


@dataclass(frozen=True, slots=True)
class User:
    """One person to one application, known there as `app_user_id`.

    `id` counts up over all applications (1upHealth's `oneup_user_id`); `hex_id` is the same user's 24 hexadecimal
    digits (Validic's `_id`). `seen` is when the user's tokens were last used, to the day.
    """

    id: int
    hex_id: str
    client_id: str
    app_user_id: str
    active: bool
    created: int
    profile: UserProfile | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class NewUser:
    hex_id: str
    client_id: str
    app_user_id: str
    active: bool
    created: int
    profile: UserProfile | None = None


@dataclass(frozen=True, slots=True)
class UserChange:
    """What is to be changed of a user; None stays as it is."""

    app_user_id: str | None = None
    active: bool | None = None
    profile: UserProfile | None = None


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Users of one application, by id, in pages; `beginning` is what their app_user_id begins with.

    Of those who are not suspended, `provisioned` were never seen, `active` were seen at the moment `recent` or later,
    `inactive` before.
    """

    client_id: str
    app_user_id: str | None = None
    id: int | None = None
    hex_id: str | None = None
    beginning: str | None = None
    status: UserStatus = "all"
    recent: int = 0
    skip: int = 0
    count: int = 1000


LAST_CHARACTER = chr(0x10FFFF)
"""Whatever begins with a text is below that text and this."""


@dataclass(frozen=True, slots=True)
class UserPage:
    users: Sequence[User]
    total: int


@dataclass(frozen=True, slots=True)
class Token:
    """A code, an access token, a refresh token, or the lasting token of one of Validic's users.

    Times are milliseconds; `spent` is when a code or refresh token was first used; `family` names the grant that it
    descends from. `user` is None where the token is the application's own. `redirect_uri` and `challenge` (RFC 7636)
    are what a code was asked for with, and what descends from it keeps. `patient` is the id of the Patient that the
    grant is about, `nonce` what the id token of a code's exchange repeats. `consented` says that the user was asked
    (`store/consents.py`); what an application gets for its own users by user management is not.
    """

    hash: str
    kind: TokenKind
    user: int | None
    client_id: str
    scope: str
    family: str
    expires: int
    spent: int | None = None
    redirect_uri: str | None = None
    challenge: str | None = None
    patient: str | None = None
    nonce: str | None = None
    consented: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """How often something happened since it first did, and when the count begins anew (milliseconds)."""

    count: int
    ends: int


class AppUserIdTakenError(Exception):
    """Another user of the application already has this `app_user_id`."""


class Accounts(Protocol):
    async def add_application(self, application: Application) -> None: ...

    async def application(self, client_id: str) -> Application | None: ...

    async def application_of_organization(self, organization_id: str) -> Application | None: ...

    async def application_of_organization_token(self, token_hash: str) -> Application | None:
        """By the organization's token or the one before it."""
        ...

    async def applications(self) -> Sequence[Application]:
        """All of them, oldest first."""
        ...

    async def applications_of(self, developer: str) -> Sequence[Application]:
        """Those that a developer looks after, oldest first."""
        ...

    async def replace_application(self, application: Application) -> bool:
        """Set all that can change of the application with this client_id; False where there is none."""
        ...

    async def add_user(self, new: NewUser) -> User:
        """Gives the user the next id. Raises AppUserIdTakenError."""
        ...

    async def user(self, id: int) -> User | None: ...

    async def users(self, query: UserQuery) -> UserPage: ...

    async def change_user(self, user: User, change: UserChange) -> bool:
        """Change what is to be changed and nothing else; False where the user is gone. Raises AppUserIdTakenError.

        A user who is switched off is signed out everywhere.
        """
        ...

    async def see_user(self, id: int, now: int) -> None:
        """Note that one of the user's tokens was used."""
        ...

    async def remove_user(self, user: User, now: int) -> bool:
        """Mark the user as deleted, so that none of these calls finds it again; forget its name, tokens and sessions.

        Answers False where there is no such user. The row stays, marked, until the record is erased.
        """
        ...

    async def removed_users(self, before: int) -> Sequence[int]:
        """The ids of those who were marked as deleted before a moment, and whose rows are still there."""
        ...

    async def forget_removed_user(self, id: int) -> None:
        """Take away the row of a user who was marked: nothing of the record is left."""
        ...

    async def add_tokens(self, tokens: Sequence[Token]) -> None: ...

    async def token(self, hash: str) -> Token | None: ...

    async def exchange_token(self, hash: str, now: int, tokens: Sequence[Token], grace: int = 0) -> bool:
        """Mark a code or refresh token as used and add the tokens that are given for it.

        Of any number of concurrent calls exactly one answers True, and with it those that come within `grace`
        milliseconds of the first. The others add nothing. Where the family is revoked meanwhile, nothing stays of
        what was added.
        """
        ...

    async def replace_lasting_token(self, token: Token) -> None:
        """Add a user's lasting token; the ones before it are gone."""
        ...

    async def revoke_token(self, hash: str) -> None: ...

    async def revoke_family(self, family: str) -> None:
        """Forget every token of a grant, those too that another process is adding at this moment."""
        ...

    async def count(self, key: str, now: int, span: int) -> Window:
        """Count one more event under a key, in a window of `span` milliseconds that the first one opens.

        Atomic over all processes: no two calls are told the same count.
        """
        ...

    async def window(self, key: str, now: int) -> Window | None:
        """The window that is open under a key, without counting."""
        ...
