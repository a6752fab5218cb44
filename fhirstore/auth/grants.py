"""OAuth2 grants as data: a table of grant type → function (RFC 6749 §4.1.3, §6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fhirstore.auth.secrets import digest
from fhirstore.auth.tokens import Issued, exchange
from fhirstore.errors import OAuthFailure
from fhirstore.store.accounts import Accounts, Application, Token, TokenKind

GRACE_SECONDS = 60
"""How long a refresh token that was just exchanged still works: a client whose answer was lost may ask again."""

Parameters = Mapping[str, str]
Grant = Callable[[Accounts, Application, Parameters, int], Awaitable[Issued]]


async def grant(accounts: Accounts, application: Application, parameters: Parameters, now: int) -> Issued:
    """Answer a token request of an authenticated application. Raises OAuthFailure."""
    grant_type = parameters.get("grant_type")
    if not grant_type:
        raise OAuthFailure("grant_type is required", error="invalid_request")
    if grant_type not in GRANTS:
        raise OAuthFailure("This grant_type is not supported", error="unsupported_grant_type")
    return await GRANTS[grant_type](accounts, application, parameters, now)


async def _authorization_code(accounts: Accounts, application: Application, parameters: Parameters, now: int) -> Issued:
    code = await _presented(accounts, application, "code", parameters.get("code"), now)
    issued = await exchange(accounts, code, now) if code else None
    if issued is None:
        # The very words that clients of 1upHealth compare.
        raise OAuthFailure("Invalid code", error="invalid_grant")
    return issued


async def _refresh_token(accounts: Accounts, application: Application, parameters: Parameters, now: int) -> Issued:
    refresh = await _presented(accounts, application, "refresh", parameters.get("refresh_token"), now)
    issued = await exchange(accounts, refresh, now, GRACE_SECONDS) if refresh else None
    if issued is None:
        raise OAuthFailure("Invalid refresh token", error="invalid_grant")
    return issued


async def _presented(
    accounts: Accounts, application: Application, kind: TokenKind, secret: str | None, now: int
) -> Token | None:
    """The code or refresh token, where it is of this application, in time, and of an active user."""
    token = await accounts.token(digest(secret)) if secret else None
    if token is None or token.kind != kind or token.client_id != application.client_id or token.expires <= now:
        return None
    user = await accounts.user(token.user)
    return token if user is not None and user.active else None


GRANTS: Mapping[str, Grant] = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
}
