"""The token endpoint, at every address that clients of 1upHealth use: RFC 6749 §3.2."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from fhirstore.api.dependencies import AccountsOf, ClockOf
from fhirstore.api.parameters import Given
from fhirstore.auth.applications import authenticate
from fhirstore.auth.grants import grant
from fhirstore.errors import OAuthFailure, Unauthorized

router = APIRouter(tags=["OAuth2"])

_UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@router.post("/oauth2/token", summary="Exchange a code or a refresh token for tokens")
@router.post("/fhir/oauth2/token", include_in_schema=False)
async def token(parameters: Given, accounts: AccountsOf, clock: ClockOf) -> JSONResponse:
    try:
        application = await authenticate(accounts, parameters.get("client_id"), parameters.get("client_secret"))
    except Unauthorized as error:
        raise OAuthFailure(error.reason, error="invalid_client") from error
    issued = await grant(accounts, application, parameters, clock())
    answer = {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
    }
    return JSONResponse(answer, headers=_UNCACHED)
