"""OAuth2: the token endpoint at every address that clients of 1upHealth use, revocation, introspection.

RFC 6749 §3.2, RFC 7009, RFC 7662. Calls here are not counted against the management allowance: 1upHealth's limit is
on user management alone, and a user who cannot refresh is locked out by what others did. Failed credentials are
throttled here as everywhere.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from fhirstore.api.dependencies import (
    AccountsOf,
    AddressOf,
    BaseOf,
    BearersOf,
    ClockOf,
    CredentialsOf,
    SignerOf,
)
from fhirstore.api.description import APPLICATION, takes
from fhirstore.api.fhir import PREFIXES
from fhirstore.api.parameters import Given, Parameters
from fhirstore.auth.credentials import Client
from fhirstore.auth.grants import TokenRequest, grant, holder
from fhirstore.auth.revocation import introspect as introspect_token
from fhirstore.auth.revocation import revoke as revoke_token
from fhirstore.auth.scopes import OPENID
from fhirstore.errors import OAuthFailure, TooManyRequests, Unauthorized
from fhirstore.store.accounts import Application

Known = TypeVar("Known")
router = APIRouter(tags=["OAuth2"])

_UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def _client(parameters: Given, credentials: CredentialsOf, accounts: AccountsOf, address: AddressOf) -> Client:
    client_id, client_secret = parameters.get("client_id"), parameters.get("client_secret")
    if not client_id and (refresh_token := parameters.get("refresh_token")):
        # SMART's own client for browsers names itself by nothing else; RFC 6749 §6 asks public ones for no more.
        client_id = await holder(accounts, refresh_token)
    return await _known(credentials.client(client_id, client_secret, address))


async def _application(parameters: Given, credentials: CredentialsOf, address: AddressOf) -> Application:
    client_id, client_secret = parameters.get("client_id"), parameters.get("client_secret")
    return await _known(credentials.application(client_id, client_secret, address))


async def _known(asked: Awaitable[Known]) -> Known:
    try:
        return await asked
    except Unauthorized as error:
        raise OAuthFailure(error.reason, error="invalid_client") from error
    except TooManyRequests as error:
        raise OAuthFailure(error.reason, error="temporarily_unavailable", headers=error.headers) from error


ClientOf = Annotated[Client, Depends(_client)]
ApplicationOf = Annotated[Application, Depends(_application)]


@router.post(
    "/oauth2/token",
    summary="Exchange a code, a refresh token or a secret for tokens",
    openapi_extra=takes(
        APPLICATION,
        grant_type="authorization_code, refresh_token or client_credentials.",
        code="With authorization_code.",
        redirect_uri="Where the code was sent, if it was.",
        code_verifier="PKCE's, where its challenge was given.",
        refresh_token="With refresh_token.",
        scope="What is wanted of what was granted.",
    ),
)
@router.post("/fhir/oauth2/token", include_in_schema=False)
async def token(
    parameters: Given,
    client: ClientOf,
    accounts: AccountsOf,
    bearers: BearersOf,
    clock: ClockOf,
    signer: SignerOf,
    base: BaseOf,
) -> JSONResponse:
    now = clock()
    issued = await grant(TokenRequest(accounts, bearers, client, parameters, now))
    answer = {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "token_type": "bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scope,
        "patient": issued.patient,
        # SMART on FHIR: nothing around the app tells its user whose record it shows.
        "need_patient_banner": True if issued.patient is not None else None,
    }
    if OPENID in issued.scope.split():
        client_id, endpoint = client.application.client_id, base + PREFIXES[0]
        answer["id_token"] = await signer.id_token(issued, client_id, base, endpoint, now)
    return JSONResponse({name: value for name, value in answer.items() if value is not None}, headers=_UNCACHED)


@router.post(
    "/oauth2/revoke",
    summary="Take a token back",
    openapi_extra=takes(APPLICATION, token="An access token or a refresh token."),
)
async def revoke(parameters: Given, client: ClientOf, accounts: AccountsOf, bearers: BearersOf) -> JSONResponse:
    await revoke_token(accounts, bearers, client, _token(parameters))
    return JSONResponse({}, headers=_UNCACHED)


@router.post(
    "/oauth2/introspect",
    summary="What a token of the application is good for",
    openapi_extra=takes(APPLICATION, token="An access token or a refresh token."),
)
async def introspect(
    parameters: Given, application: ApplicationOf, accounts: AccountsOf, clock: ClockOf
) -> JSONResponse:
    known = await introspect_token(accounts, application, _token(parameters), clock())
    return JSONResponse(known, headers=_UNCACHED)


def _token(parameters: Parameters) -> str:
    token = parameters.get("token")
    if not token:
        raise OAuthFailure("token is required", error="invalid_request")
    return token
