"""What users allowed other applications, and launches of those: calls of the application that keeps the users.

Ours, in the manner of 1upHealth's user management. The other application is `app_client_id`, as `client_id` is who
calls.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request

from fhirstore.api.dependencies import AccountsOf, BaseOf, BearersOf, ClockOf, StoreOf
from fhirstore.api.description import APPLICATION, USER, takes
from fhirstore.api.fhir import PREFIXES
from fhirstore.api.parameters import Given, Parameters
from fhirstore.api.users_oneup import Authenticated, active_user, named_user
from fhirstore.auth.granted import Granted, granted_applications, show_out
from fhirstore.auth.launches import LAUNCH_SECONDS, prepare_launch
from fhirstore.auth.users import UserInvalid
from fhirstore.clock import instant
from fhirstore.interactions.consent_notes import note_consent

router = APIRouter(prefix="/user-management/v1", tags=["User management"])


@router.get("/user/grant", summary="The applications that a user has let in", openapi_extra=takes(APPLICATION, USER))
async def granted(parameters: Given, application: Authenticated, store: StoreOf) -> dict[str, Any]:
    user = await named_user(store.accounts, application, parameters)
    entries = [_shown(each) for each in await granted_applications(store, user.id)]
    return {"success": True, "entry": entries, "total": len(entries)}


@router.delete(
    "/user/grant",
    summary="Take back all that a user allowed an application",
    openapi_extra=takes(APPLICATION, USER, app_client_id="The application that is shown out."),
)
async def take_back(
    request: Request, parameters: Given, application: Authenticated, store: StoreOf, bearers: BearersOf
) -> dict[str, Any]:
    user = await named_user(store.accounts, application, parameters)
    app_client_id = _app_client_id(parameters)
    revoked = await show_out(store, bearers, user.id, app_client_id)
    if revoked:
        note_consent(request.app.state.doorway, "grant-revoke", user, app_client_id, by=application.client_id)
    return {"success": True, "revoked": revoked}


@router.post(
    "/user/launch",
    summary="Prepare the launch of an application for a user",
    openapi_extra=takes(
        APPLICATION, USER, app_client_id="The application to open.", patient="The Patient that it is about."
    ),
)
async def launch(
    parameters: Given, application: Authenticated, accounts: AccountsOf, store: StoreOf, clock: ClockOf, base: BaseOf
) -> dict[str, Any]:
    """`url` opens the application for a user who is signed in here; for one who is not, a sign-in link with `next`."""
    user = await active_user(accounts, application, parameters)
    patient = (parameters.get("patient") or "").removeprefix("Patient/") or None
    endpoint = base + PREFIXES[0]
    prepared = await prepare_launch(store, user, _app_client_id(parameters), patient, clock(), endpoint)
    told = {"success": True, "launch": prepared.launch, "iss": endpoint, "expires_in": LAUNCH_SECONDS}
    if prepared.url is None:
        return told
    return {**told, "url": prepared.url, "next": f"/oauth2/launch?{urlencode({'launch': prepared.launch})}"}


def _shown(granted: Granted) -> dict[str, Any]:
    allowed = [
        {"scope": consent.scope, "patient": consent.patient, "since": instant(consent.since)}
        for consent in granted.consents
    ]
    return {
        "app_client_id": granted.application.client_id,
        "name": granted.application.name,
        "since": instant(granted.since),
        "last_used": instant(granted.used) if granted.used is not None else None,
        "allowed": allowed,
    }


def _app_client_id(parameters: Parameters) -> str:
    client_id = parameters.get("app_client_id")
    if not client_id:
        raise UserInvalid("app_client_id is required")
    return client_id
