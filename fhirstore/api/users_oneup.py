"""User management as 1upHealth's clients know it: shapes, words and statuses are part of the contract."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from fhirstore.api.dependencies import AccountsOf, AddressOf, BearersOf, ClockOf, CredentialsOf, count_call
from fhirstore.api.description import APPLICATION, USER, takes
from fhirstore.api.parameters import Given, Parameters
from fhirstore.auth.tokens import issue_code
from fhirstore.auth.users import UserInactive, UserInvalid, create_user, find_user, list_users, update_user
from fhirstore.store.accounts import Accounts, Application, User

router = APIRouter(prefix="/user-management/v1", tags=["User management"])

PAGE_LIMIT = 1000


async def _application(
    request: Request, response: Response, parameters: Given, credentials: CredentialsOf, address: AddressOf
) -> Application:
    client_id, client_secret = parameters.get("client_id"), parameters.get("client_secret")
    application = await credentials.application(client_id, client_secret, address)
    request.state.profile = application.profile
    await count_call(request, response, application)
    return application


Authenticated = Annotated[Application, Depends(_application)]


@router.post(
    "/user",
    summary="Create a user and a first code",
    openapi_extra=takes(
        APPLICATION, app_user_id="Your own name for the user.", active="false makes the user switched off."
    ),
)
async def create(parameters: Given, application: Authenticated, accounts: AccountsOf, clock: ClockOf) -> dict[str, Any]:
    active = boolean(parameters, "active")
    user = await create_user(
        accounts, application, parameters.get("app_user_id", ""), clock(), active=active is not False
    )
    return {"success": True, "code": await issue_code(accounts, user, clock()), **shown(user)}


@router.get(
    "/user",
    summary="List the application's users, or look one up",
    openapi_extra=takes(APPLICATION, USER, _count="How many at most: 1,000.", _skip="How many to pass over."),
)
async def find(parameters: Given, application: Authenticated, accounts: AccountsOf) -> dict[str, Any]:
    page = await list_users(
        accounts,
        application,
        app_user_id=parameters.get("app_user_id"),
        id=number(parameters, "oneup_user_id"),
        skip=number(parameters, "_skip", "offset") or 0,
        count=min(number(parameters, "_count", "limit") or PAGE_LIMIT, PAGE_LIMIT),
    )
    return {"success": True, "entry": [shown(user) for user in page.users], "total": page.total}


@router.put(
    "/user",
    summary="Rename a user, or switch one off or on",
    openapi_extra=takes(
        APPLICATION,
        oneup_user_id="The user's number.",
        app_user_id="The new name; without a number, which user.",
        active="true or false.",
    ),
)
async def update(
    parameters: Given, application: Authenticated, accounts: AccountsOf, bearers: BearersOf, clock: ClockOf
) -> dict[str, Any]:
    id, active = number(parameters, "oneup_user_id"), boolean(parameters, "active")
    # The documentation of 1upHealth has the second spelling.
    new_name = parameters.get("app_user_id") or parameters.get("app_id_user")
    if id is None:
        user = await find_user(accounts, application, app_user_id=new_name)
        new_name = None
    else:
        user = await find_user(accounts, application, id=id)
    changed = await update_user(accounts, user, clock(), app_user_id=new_name, active=active)
    bearers.forget(user.id)
    return {"success": True, **shown(changed)}


@router.post("/user/auth-code", summary="A new code for an existing user", openapi_extra=takes(APPLICATION, USER))
async def auth_code(
    parameters: Given, application: Authenticated, accounts: AccountsOf, clock: ClockOf
) -> dict[str, Any]:
    user = await active_user(accounts, application, parameters)
    return {"success": True, "code": await issue_code(accounts, user, clock()), **shown(user)}


async def active_user(accounts: Accounts, application: Application, parameters: Parameters) -> User:
    """The user that a call is about. Raises UserUnknown, UserInactive, UserInvalid."""
    user = await named_user(accounts, application, parameters)
    if not user.active:
        raise UserInactive("this user is not active")
    return user


async def named_user(accounts: Accounts, application: Application, parameters: Parameters) -> User:
    """The same, switched off or not. Raises UserUnknown, UserInvalid."""
    return await find_user(
        accounts, application, app_user_id=parameters.get("app_user_id"), id=number(parameters, "oneup_user_id")
    )


def shown(user: User) -> dict[str, Any]:
    return {"oneup_user_id": user.id, "app_user_id": user.app_user_id, "active": user.active}


def number(parameters: Parameters, *names: str) -> int | None:
    for name in names:
        text = parameters.get(name)
        if text:
            if not (text.isascii() and text.isdigit() and len(text) < 16):
                raise UserInvalid(f"{name} must be a whole number")
            return int(text)
    return None


def boolean(parameters: Parameters, name: str) -> bool | None:
    text = parameters.get(name)
    if not text:
        return None
    if text.lower() not in {"true", "false", "1", "0"}:
        raise UserInvalid(f"{name} must be true or false")
    return text.lower() in {"true", "1"}
