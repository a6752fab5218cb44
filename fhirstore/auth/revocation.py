"""An application's tokens, asked about and taken back: RFC 7009 and RFC 7662."""

from __future__ import annotations

from typing import Any

from fhirstore.auth.calls import about_user
from fhirstore.auth.credentials import Client
from fhirstore.auth.secrets import digest
from fhirstore.auth.tokens import BEARER_KINDS, SECOND, Bearers
from fhirstore.store.accounts import Accounts, Application, Token


async def revoke(accounts: Accounts, bearers: Bearers, client: Client, secret: str) -> None:
    """Take a token back: an access token alone, a refresh token with all of its grant (RFC 7009 §2.1).

    What is unknown, or another application's, is passed over without a word: there is nothing to learn here.
    """
    token = await _own(accounts, client.application, secret)
    if token is None:
        return
    if token.kind in BEARER_KINDS:
        await accounts.revoke_token(token.hash)
    else:
        await accounts.revoke_family(token.family)
    bearers.forget(token.user)


async def introspect(accounts: Accounts, application: Application, secret: str, now: int) -> dict[str, Any]:
    """What a token of this application is good for; `{"active": False}` for any other (RFC 7662 §2.2)."""
    token = await _own(accounts, application, secret)
    inactive = {"active": False}
    if token is None or token.kind == "code" or token.spent is not None or token.expires <= now:
        return inactive
    answer = {
        "active": True,
        "scope": token.scope,
        "client_id": token.client_id,
        "exp": token.expires // SECOND,
    }
    if token.patient is not None:
        answer["patient"] = token.patient
    if token.kind in BEARER_KINDS:
        answer["token_type"] = "bearer"
    if token.user is None:
        return answer
    user = await accounts.user(token.user)
    if user is None or not user.active:
        return inactive
    return {**answer, "sub": str(user.id), "username": user.app_user_id}


async def _own(accounts: Accounts, application: Application, secret: str) -> Token | None:
    token = await accounts.token(digest(secret))
    if token is None or token.client_id != application.client_id:
        return None
    about_user(token.user)
    return token
