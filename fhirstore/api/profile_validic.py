"""A user's profile, as the organization and the user's own token see it on Validic's face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from fastapi import APIRouter

from fhirstore.api.dependencies import AccountsOf, ClockOf
from fhirstore.api.description import HOLDER, takes
from fhirstore.api.parameters import Members
from fhirstore.api.validic import CallerOf, ValidicRoute, object_member, text_member
from fhirstore.auth.users import LENGTH_LIMIT, update_user
from fhirstore.caller import Caller
from fhirstore.errors import Forbidden, Unauthorized, Unprocessable
from fhirstore.store.accounts import Accounts, User, UserProfile

router = APIRouter(prefix="/v1", tags=["Validic"], route_class=ValidicRoute)

_TEXTS = ("location", "country")
_NUMBERS = {"height": 300, "weight": 1000}
"""The most that is believed, in centimetres and kilograms."""
_CHOICES = {"gender": ("M", "F"), "birth_year": tuple(map(str, range(1850, 2200)))}


@router.get("/me", summary="Whose token it is", openapi_extra=takes(HOLDER))
async def me(caller: CallerOf, accounts: AccountsOf) -> dict[str, Any]:
    user = await _user(accounts, caller)
    return {"me": {"_id": user.hex_id}}


@router.get("/profile", summary="The user's profile", openapi_extra=takes(HOLDER))
async def profile(caller: CallerOf, accounts: AccountsOf) -> dict[str, Any]:
    caller.require("read", "Patient")
    return {"profile": _whole_profile(await _user(accounts, caller))}


@router.post(
    "/profile",
    status_code=201,
    summary="Change the user's profile",
    openapi_extra=takes(HOLDER, profile="An object, as when a user is provisioned."),
)
async def change_profile(members: Members, caller: CallerOf, accounts: AccountsOf, clock: ClockOf) -> dict[str, Any]:
    caller.require("write", "Patient")
    user = await _user(accounts, caller)
    if not object_member(members, "profile"):
        raise Unprocessable("Profile can't be blank")
    changed = await update_user(accounts, user, clock(), profile=read_profile(members, user.profile))
    return {"code": 201, "message": "Ok", "profile": _whole_profile(changed)}


async def _user(accounts: Accounts, caller: Caller) -> User:
    user = await accounts.user(caller.user)
    if user is None:
        raise Unauthorized("The user is gone.")
    if user.client_id != caller.client_id:
        # Others were let into the record; what the user's own application keeps of the user is not in it.
        raise Forbidden("This is between a user and the user's own application.")
    return user


def read_profile(holder: Mapping[str, Any], before: UserProfile | None) -> UserProfile | None:
    """The profile with what is given of it; None where nothing is. Null is not given, a blank text clears."""
    given = {name: value for name, value in object_member(holder, "profile").items() if value is not None}
    changes: dict[str, Any] = {name: _text(given, name) for name in _TEXTS if name in given}
    changes |= {name: _number(given, name, most) for name, most in _NUMBERS.items() if name in given}
    changes |= {name: _choice(given, name, allowed) for name, allowed in _CHOICES.items() if name in given}
    return replace(before or UserProfile(), **changes) if changes else None


def _text(given: Mapping[str, Any], name: str) -> str | None:
    text = text_member(given, name)
    if text is not None and (len(text) > LENGTH_LIMIT or not text.isprintable()):
        raise Unprocessable(f"{name.capitalize()} is invalid")
    return text


def _choice(given: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    text = text_member(given, name)
    if text is not None and text not in allowed:
        raise Unprocessable(f"{name.capitalize().replace('_', ' ')} is invalid")
    return text


def _number(given: Mapping[str, Any], name: str, most: int) -> int | float | None:
    text = text_member(given, name)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 < number <= most:
        raise Unprocessable(f"{name.capitalize()} is not a number up to {most}")
    return int(number) if number.is_integer() else number


def shown_profile(profile: UserProfile | None) -> dict[str, Any] | None:
    return asdict(profile) if profile else None


def _whole_profile(user: User) -> dict[str, Any]:
    shown = asdict(user.profile or UserProfile())
    return {"uid": user.app_user_id, "_id": user.hex_id, **shown, "devices": [], "applications": []}
