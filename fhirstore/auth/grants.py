"""OAuth2 grants as data: a table of grant type → function (RFC 6749 §4.1.3, §4.4, §6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fhirstore.auth import pkce
from fhirstore.auth.calls import about_user
from fhirstore.auth.credentials import Client
from fhirstore.auth.scopes import covers, known
from fhirstore.auth.secrets import digest
from fhirstore.auth.tokens import APPLICATION_SCOPE, Bearers, Issued, exchange, issue_application_token
from fhirstore.errors import OAuthFailure
from fhirstore.store.accounts import Accounts, Token, TokenKind

GRACE_SECONDS = 60
"""How long a refresh token that was just exchanged still works: a client whose answer was lost may ask again."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request at the token endpoint, of a client that is known."""

    accounts: Accounts
    bearers: Bearers
    client: Client
    parameters: Mapping[str, str]
    now: int


Grant = Callable[[TokenRequest], Awaitable[Issued]]


async def grant(request: TokenRequest) -> Issued:
    """Raises OAuthFailure."""
    grant_type = request.parameters.get("grant_type")
    if not grant_type:
        raise OAuthFailure("grant_type is required", error="invalid_request")
    if grant_type not in GRANTS:
        raise OAuthFailure("This grant_type is not supported", error="unsupported_grant_type")
    return await GRANTS[grant_type](request)


async def holder(accounts: Accounts, refresh_token: str) -> str | None:
    """The client_id of the application that a refresh token was given to."""
    token = await accounts.token(digest(refresh_token))
    return token.client_id if token is not None and token.kind == "refresh" else None


async def _authorization_code(request: TokenRequest) -> Issued:
    parameters = request.parameters
    # The very words that clients of 1upHealth compare.
    refused = OAuthFailure("Invalid code", error="invalid_grant")
    code = await _presented(request, "code", parameters.get("code"), refused)
    if code.redirect_uri is not None and parameters.get("redirect_uri") != code.redirect_uri:
        raise refused
    if not pkce.proves(parameters.get("code_verifier"), code.challenge):
        raise refused
    return await _spend(request, code, refused)


async def _refresh_token(request: TokenRequest) -> Issued:
    refused = OAuthFailure("Invalid refresh token", error="invalid_grant")
    refresh = await _presented(request, "refresh", request.parameters.get("refresh_token"), refused)
    given = request.parameters.get("scope")
    scope = known(given) if given else None
    if scope is not None and not (scope and covers(refresh.scope, scope)):
        raise OAuthFailure("The scope is wider than what was granted", error="invalid_scope")
    return await _spend(request, refresh, refused, GRACE_SECONDS, scope)


async def _client_credentials(request: TokenRequest) -> Issued:
    if not request.client.proven:
        raise OAuthFailure("The client_secret is required", error="invalid_client")
    if (request.parameters.get("scope") or APPLICATION_SCOPE) != APPLICATION_SCOPE:
        raise OAuthFailure(f"The only scope of this grant is {APPLICATION_SCOPE}", error="invalid_scope")
    return await issue_application_token(request.accounts, request.client.application, request.now)


async def _presented(request: TokenRequest, kind: TokenKind, secret: str | None, refused: OAuthFailure) -> Token:
    """The code or refresh token, where it is of this application, in time, and of an active user."""
    token = await request.accounts.token(digest(secret)) if secret else None
    if token is None or token.kind != kind or token.client_id != request.client.application.client_id:
        raise refused
    about_user(token.user)
    # Without a secret, only what a verifier is to prove, or was proved by one.
    if not request.client.proven and token.challenge is None:
        raise OAuthFailure("The client_secret is required", error="invalid_client")
    user = await request.accounts.user(token.user) if token.user is not None else None
    if token.expires <= request.now or user is None or not user.active:
        raise refused
    return token


async def _spend(
    request: TokenRequest, token: Token, refused: OAuthFailure, grace_seconds: int = 0, scope: str | None = None
) -> Issued:
    """Exchange it; where it was spent before, somebody has it who should not: all that came of it is revoked.

    RFC 6749 §4.1.2, RFC 9700 §4.14.2. Who merely lost a race is refused too, and takes nothing from the winner.
    """
    with request.bearers.spending.race(token.hash) as race:
        issued = await exchange(request.accounts, token, request.now, grace_seconds, scope)
        if issued is not None:
            race.won = True
            return issued
        if not race.won:
            await request.accounts.revoke_family(token.family)
            request.bearers.forget(token.user)
        raise refused


GRANTS: Mapping[str, Grant] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
}
