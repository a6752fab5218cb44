"""User provisioning as the clients of Validic's API v1 know it; the users are the same as on 1upHealth's face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from fastapi import APIRouter, Request

from fhirstore.api.dependencies import AccountsOf, BaseOf, BearersOf, ClockOf, StoreOf, TrailOf
from fhirstore.api.description import ORGANIZATION, takes
from fhirstore.api.parameters import Members
from fhirstore.api.profile_validic import read_profile, shown_profile
from fhirstore.api.validic import (
    OrganizationOf,
    ValidicRoute,
    object_member,
    page_of,
    summary,
    text_member,
)
from fhirstore.auth.identifying import what_identifies
from fhirstore.auth.tokens import Bearers, issue_lasting_token
from fhirstore.auth.users import LENGTH_LIMIT, create_user, erase_user, find_user, update_user
from fhirstore.clock import Clock
from fhirstore.errors import Unprocessable
from fhirstore.store.accounts import User, UserQuery, UserStatus
from fhirstore.store.contract import Store
from fhirstore.store.trail_buffer import TrailBuffer

router = APIRouter(prefix="/v1", tags=["Validic"], route_class=ValidicRoute)

RECENT_SPAN = 90 * 24 * 3600 * 1000
"""Users whose token was used within this time are active, in milliseconds."""

_USER = {
    "user[uid]": "Your own id for the user, which must not tell who it is.",
    "user[profile]": "An object of gender (M or F), location, birth_year, country, height (cm) and weight (kg).",
}

_SWITCH = {"1": True, "true": True, "0": False, "false": False}


@router.post(
    "/organizations/{org}/users", status_code=201, summary="Provision a user", openapi_extra=takes(ORGANIZATION, _USER)
)
async def provision(
    members: Members, application: OrganizationOf, accounts: AccountsOf, clock: ClockOf
) -> dict[str, Any]:
    given = object_member(members, "user")
    uid = _uid(text_member(given, "uid"))
    user = await create_user(accounts, application, uid, clock(), profile=read_profile(given, None))
    token = await issue_lasting_token(accounts, user, clock())
    shown = {"_id": user.hex_id, "uid": user.app_user_id, "access_token": token, "profile": shown_profile(user.profile)}
    return {"code": 201, "message": "Ok", "user": shown}


@router.post(
    "/organizations/{org}/authorization/new_user",
    status_code=201,
    summary="Provision a user by PIN",
    openapi_extra=takes(ORGANIZATION, _USER, pin="Any: it proves nothing here."),
)
async def provision_by_pin(
    members: Members, application: OrganizationOf, accounts: AccountsOf, clock: ClockOf
) -> dict[str, Any]:
    """The PIN must be there and proves nothing: the organization's token, which comes with it, proves enough."""
    if text_member(members, "pin") is None:
        raise Unprocessable("Pin can't be blank")
    return await provision(members, application, accounts, clock)


@router.get(
    "/organizations/{org}/users",
    summary="List the organization's users",
    openapi_extra=takes(
        ORGANIZATION,
        status="all, active, inactive, provisioned or suspended.",
        uid="One user.",
        limit="How many: 100, at most 1,000.",
        page="Which page, or",
        offset="how many to pass over.",
    ),
)
async def list_users(
    request: Request,
    members: Members,
    application: OrganizationOf,
    accounts: AccountsOf,
    base: BaseOf,
    clock: ClockOf,
) -> dict[str, Any]:
    offset, limit = page_of(members)
    status = text_member(members, "status") or "all"
    if status not in get_args(UserStatus):
        raise Unprocessable("Status is invalid")
    page = await accounts.users(
        UserQuery(
            application.client_id,
            text_member(members, "uid"),
            status=cast("UserStatus", status),
            recent=clock() - RECENT_SPAN,
            skip=offset,
            count=limit,
        )
    )
    users = [{"_id": user.hex_id, "uid": user.app_user_id} for user in page.users]
    return {"summary": summary(request, base, page.total, offset, limit), "users": users}


@router.get("/organizations/{org}/users/{id}", summary="One user", openapi_extra=takes(ORGANIZATION))
async def get_user(id: str, application: OrganizationOf, accounts: AccountsOf) -> dict[str, Any]:
    user = await find_user(accounts, application, hex_id=id)
    return {"user": {"_id": user.hex_id, "uid": user.app_user_id, "profile": shown_profile(user.profile)}}


@router.put(
    "/organizations/{org}/users/{id}",
    summary="Change a user, suspend one, or take that back",
    openapi_extra=takes(ORGANIZATION, _USER, suspend="1 or 0."),
)
async def change_user(
    id: str, members: Members, application: OrganizationOf, accounts: AccountsOf, bearers: BearersOf, clock: ClockOf
) -> dict[str, Any]:
    user = await find_user(accounts, application, hex_id=id)
    given, suspend = object_member(members, "user"), _switch(members, "suspend")
    if not given and suspend is None:
        raise Unprocessable("User can't be blank")
    uid = text_member(given, "uid")
    changed = await update_user(
        accounts,
        user,
        clock(),
        app_user_id=_uid(uid) if uid and uid != user.app_user_id else None,
        active=None if suspend is None else not suspend,
        profile=read_profile(given, user.profile),
    )
    bearers.forget(user.id)
    if not given:
        done = "suspended" if suspend else "unsuspended"
        return {"code": 200, "message": f"The user has been {done} successfully"}
    shown = {"_id": user.hex_id, "uid": changed.app_user_id, "profile": shown_profile(changed.profile)}
    return {"code": 200, "message": "The user has been successfully updated", "user": shown}


@router.delete("/organizations/{org}/users/{id}", summary="Delete a user", openapi_extra=takes(ORGANIZATION))
async def delete_by_id(
    id: str, application: OrganizationOf, store: StoreOf, bearers: BearersOf, trail: TrailOf, clock: ClockOf
) -> dict[str, Any]:
    return await _delete(await find_user(store.accounts, application, hex_id=id), store, bearers, trail, clock)


@router.delete(
    "/organizations/{org}/users",
    summary="Delete the user with a uid",
    openapi_extra=takes(ORGANIZATION, uid="Which user."),
)
async def delete_by_uid(
    members: Members, application: OrganizationOf, store: StoreOf, bearers: BearersOf, trail: TrailOf, clock: ClockOf
) -> dict[str, Any]:
    uid = text_member(members, "uid") or text_member(object_member(members, "user"), "uid")
    if uid is None:
        raise Unprocessable("Uid can't be blank")
    return await _delete(await find_user(store.accounts, application, app_user_id=uid), store, bearers, trail, clock)


@router.get(
    "/organizations/{org}/users/{id}/refresh_token", summary="Replace a user's token", openapi_extra=takes(ORGANIZATION)
)
async def refresh_token(
    id: str, application: OrganizationOf, accounts: AccountsOf, bearers: BearersOf, clock: ClockOf
) -> dict[str, Any]:
    user = await find_user(accounts, application, hex_id=id)
    token = await issue_lasting_token(accounts, user, clock())
    bearers.forget(user.id)
    shown = {"_id": user.hex_id, "uid": user.app_user_id, "authentication_token": token}
    return {"code": 200, "message": "Ok", "user": shown}


@router.get(
    "/organizations/{org}/apps",
    summary="Sources to connect: there are none to offer",
    openapi_extra=takes(ORGANIZATION),
)
async def list_apps(request: Request, application: OrganizationOf, base: BaseOf) -> dict[str, Any]:
    return {"summary": summary(request, base, 0), "apps": []}


@router.get("/organizations/{org}", summary="The organization, counted", openapi_extra=takes(ORGANIZATION))
async def organization(
    request: Request, application: OrganizationOf, accounts: AccountsOf, base: BaseOf
) -> dict[str, Any]:
    everybody = await accounts.users(UserQuery(application.client_id, count=1))
    provisioned = await accounts.users(UserQuery(application.client_id, status="provisioned", count=1))
    shown = {
        "_id": application.organization_id,
        "name": application.name,
        "users": everybody.total,
        "users_provisioned": provisioned.total,
        "activities": 0,
        "connections": 0,
        "organizations": [],
    }
    return {"summary": summary(request, base, 1), "organization": shown}


async def _delete(user: User, store: Store, bearers: Bearers, trail: TrailBuffer, clock: Clock) -> dict[str, Any]:
    await erase_user(store, bearers, trail, user, clock())
    return {"code": 200, "message": "Ok"}


def _uid(uid: str | None) -> str:
    """Raises Unprocessable for what is no id, and for what would tell who the user is."""
    if uid is None:
        raise Unprocessable("Uid can't be blank")
    if len(uid) > LENGTH_LIMIT or not uid.isprintable():
        raise Unprocessable(f"Uid must be at most {LENGTH_LIMIT} printable characters")
    if look := what_identifies(uid):
        raise Unprocessable(f"Uid must not identify the person: it looks like {look}")
    return uid


def _switch(members: Mapping[str, Any], name: str) -> bool | None:
    """On or off, as text, number or boolean: each is what some client sends."""
    value = members.get(name)
    if value is None:
        return None
    switched = _SWITCH.get(str(value).lower())
    if switched is None:
        raise Unprocessable(f"{name.capitalize()} must be 1 or 0")
    return switched
