"""A link that lets a user in at this server's pages: users have no password, their application vouches for them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from fhirstore.api.dependencies import BaseOf, ClockOf, StoreOf
from fhirstore.api.description import APPLICATION, USER, takes
from fhirstore.api.parameters import Given
from fhirstore.api.users_oneup import Authenticated, active_user
from fhirstore.auth.sign_in import LINK_SECONDS, user_link

router = APIRouter(prefix="/user-management/v1", tags=["User management"])

HEALTH_HISTORY = "/health-history"


@router.post(
    "/user/sign-in-link",
    summary="A link that signs a user in, once, within five minutes",
    openapi_extra=takes(APPLICATION, USER, next="The page that the user sees first: a path of this server."),
)
async def sign_in_link(
    parameters: Given, application: Authenticated, store: StoreOf, clock: ClockOf, base: BaseOf
) -> dict[str, Any]:
    """`next` is the page that the user sees first: a path of this server."""
    user = await active_user(store.accounts, application, parameters)
    secret = await user_link(store.sessions, user, parameters.get("next") or HEALTH_HISTORY, clock())
    return {"success": True, "url": f"{base}/sign-in/{secret}", "expires_in": LINK_SECONDS}
