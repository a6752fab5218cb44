"""An application's users: created, found, switched off and on."""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass, replace

from fhirstore.store.accounts import Accounts, Application, AppUserIdTakenError, NewUser, User, UserPage, UserQuery

LENGTH_LIMIT = 256


@dataclass(eq=False)
class UserFailure(Exception):  # noqa: N818 - the faces word it for their clients
    """Why a user could not be made, found or changed."""

    reason: str

    def __post_init__(self) -> None:
        super().__init__(self.reason)


class UserExists(UserFailure): ...


class UserUnknown(UserFailure): ...


class UserInactive(UserFailure): ...


class UserInvalid(UserFailure): ...


async def create_user(
    accounts: Accounts, application: Application, app_user_id: str, now: int, *, active: bool = True
) -> User:
    """Raises UserExists, UserInvalid."""
    _check(app_user_id)
    new = NewUser(random.token_hex(12), application.client_id, app_user_id, active, now)
    try:
        return await accounts.add_user(new)
    except AppUserIdTakenError as error:
        raise UserExists("this user already exists") from error


async def list_users(
    accounts: Accounts,
    application: Application,
    *,
    app_user_id: str | None = None,
    id: int | None = None,
    skip: int = 0,
    count: int = 1000,
) -> UserPage:
    return await accounts.users(UserQuery(application.client_id, app_user_id, id, skip, count))


async def find_user(
    accounts: Accounts, application: Application, *, app_user_id: str | None = None, id: int | None = None
) -> User:
    """The one user that fits all that is given. Raises UserUnknown, UserInvalid."""
    if app_user_id is None and id is None:
        raise UserInvalid("app_user_id or oneup_user_id is required")
    page = await list_users(accounts, application, app_user_id=app_user_id, id=id, count=1)
    if not page.users:
        raise UserUnknown("this user does not exist")
    return page.users[0]


async def update_user(
    accounts: Accounts, user: User, *, app_user_id: str | None = None, active: bool | None = None
) -> User:
    """Raises UserExists, UserInvalid, UserUnknown."""
    if app_user_id is not None:
        _check(app_user_id)
    changed = replace(
        user,
        app_user_id=user.app_user_id if app_user_id is None else app_user_id,
        active=user.active if active is None else active,
    )
    try:
        found = await accounts.replace_user(changed)
    except AppUserIdTakenError as error:
        raise UserExists("this user already exists") from error
    if not found:
        raise UserUnknown("this user does not exist")
    return changed


def _check(app_user_id: str) -> None:
    if not app_user_id.strip():
        raise UserInvalid("app_user_id is required")
    if len(app_user_id) > LENGTH_LIMIT or not app_user_id.isprintable():
        raise UserInvalid(f"app_user_id must be at most {LENGTH_LIMIT} printable characters")
