"""An application's users: created, found, switched off and on, deleted."""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass, replace

from fhirstore.auth.calls import about_user
from fhirstore.auth.secrets import digest
from fhirstore.auth.tokens import Bearers
from fhirstore.store.accounts import (
    Accounts,
    Application,
    AppUserIdTakenError,
    NewUser,
    User,
    UserChange,
    UserPage,
    UserProfile,
    UserQuery,
)
from fhirstore.store.contract import Store
from fhirstore.store.trail import USER_TYPE, Event, event_id
from fhirstore.store.trail_buffer import TrailBuffer

LENGTH_LIMIT = 256
HELD_SPAN = 5 * 60 * 1000
"""How long the name of a deleted user is given to nobody else, in milliseconds."""


@dataclass(eq=False)
class UserFailure(Exception):  # noqa: N818 - the faces word it for their clients
    """Why a user could not be made, found or changed."""

    reason: str

    def __post_init__(self) -> None:
        super().__init__(self.reason)


class UserExists(UserFailure): ...


class UserHeld(UserExists):
    """The name was another user's until a moment ago."""


class UserUnknown(UserFailure): ...


class UserInactive(UserFailure): ...


class UserInvalid(UserFailure): ...


async def create_user(
    accounts: Accounts,
    application: Application,
    app_user_id: str,
    now: int,
    *,
    active: bool = True,
    profile: UserProfile | None = None,
) -> User:
    """Raises UserExists, UserInvalid."""
    _check(app_user_id)
    if await accounts.window(_held(application.client_id, app_user_id), now) is not None:
        raise UserHeld("this user already exists")
    new = NewUser(random.token_hex(12), application.client_id, app_user_id, active, now, profile)
    try:
        made = await accounts.add_user(new)
    except AppUserIdTakenError as error:
        raise UserExists("this user already exists") from error
    about_user(made.id)
    return made


async def list_users(
    accounts: Accounts,
    application: Application,
    *,
    app_user_id: str | None = None,
    id: int | None = None,
    hex_id: str | None = None,
    skip: int = 0,
    count: int = 1000,
) -> UserPage:
    return await accounts.users(UserQuery(application.client_id, app_user_id, id, hex_id, skip=skip, count=count))


async def find_user(
    accounts: Accounts,
    application: Application,
    *,
    app_user_id: str | None = None,
    id: int | None = None,
    hex_id: str | None = None,
) -> User:
    """The one user that fits all that is given. Raises UserUnknown, UserInvalid."""
    if app_user_id is None and id is None and hex_id is None:
        raise UserInvalid("app_user_id or oneup_user_id is required")
    page = await list_users(accounts, application, app_user_id=app_user_id, id=id, hex_id=hex_id, count=1)
    if not page.users:
        raise UserUnknown("this user does not exist")
    about_user(page.users[0].id)
    return page.users[0]


async def update_user(
    accounts: Accounts,
    user: User,
    now: int,
    *,
    app_user_id: str | None = None,
    active: bool | None = None,
    profile: UserProfile | None = None,
) -> User:
    """Raises UserExists, UserInvalid, UserUnknown."""
    if app_user_id is not None and app_user_id != user.app_user_id:
        _check(app_user_id)
        if await accounts.window(_held(user.client_id, app_user_id), now) is not None:
            raise UserHeld("this user already exists")
    change = UserChange(app_user_id, active, profile)
    try:
        found = await accounts.change_user(user, change)
    except AppUserIdTakenError as error:
        raise UserExists("this user already exists") from error
    if not found:
        raise UserUnknown("this user does not exist")
    given = {name: getattr(change, name) for name in UserChange.__slots__}
    return replace(user, **{name: value for name, value in given.items() if value is not None})


async def delete_user(accounts: Accounts, user: User, now: int) -> None:
    """Make a user and its tokens unknown at once, and hold its name for five minutes. Raises UserUnknown.

    The user's row and record rest, marked and out of everybody's reach, until they are erased.
    """
    # First the name is held: in between, it would be free for whoever asks at that moment.
    await accounts.count(_held(user.client_id, user.app_user_id), now, HELD_SPAN)
    if not await accounts.remove_user(user, now):
        raise UserUnknown("this user does not exist")


async def erase_user(store: Store, bearers: Bearers, trail: TrailBuffer, user: User, now: int) -> None:
    """Delete a user, and erase its whole record before this returns. Raises UserUnknown.

    The trail is told first, for good, that it was done. What a request that had begun before may write meanwhile is
    erased once more, later, with the user's row: by whichever process keeps house then.
    """
    await delete_user(store.accounts, user, now)
    bearers.forget(user.id)
    trail.note(Event(event_id(now), "erase", 200, None, user.client_id, None, USER_TYPE, str(user.id)))
    await trail.flush()
    await store.erase(user.id)


def _held(client_id: str, app_user_id: str) -> str:
    return f"held/{client_id}/{digest(app_user_id)}"


def _check(app_user_id: str) -> None:
    if not app_user_id.strip():
        raise UserInvalid("app_user_id is required")
    if len(app_user_id) > LENGTH_LIMIT or not app_user_id.isprintable():
        raise UserInvalid(f"app_user_id must be at most {LENGTH_LIMIT} printable characters")
