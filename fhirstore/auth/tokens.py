"""Codes, access tokens and refresh tokens: minted, spent, and turned into callers."""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass, replace

from fhirstore.auth.secrets import digest, mint
from fhirstore.caller import Caller
from fhirstore.clock import Clock
from fhirstore.errors import Unauthorized
from fhirstore.store.accounts import Accounts, Token, TokenKind, User
from fhirstore.store.contract import Store

SECOND = 1000
CODE_SECONDS = 300
ACCESS_SECONDS = 7200
REFRESH_SECONDS = 90 * 24 * 3600

USER_SCOPE = "user/*.*"
"""What a user's own application may do with the user's record: all of it."""

_CACHE_SECONDS = 5
_CACHE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token and its refresh token, in clear: the only time they are seen."""

    access_token: str
    refresh_token: str
    expires_in: int
    scope: str


async def issue_code(accounts: Accounts, user: User, now: int) -> str:
    """A single-use code that the application exchanges for the user's tokens."""
    code = mint()
    blank = Token(digest(code), "code", user.id, user.client_id, USER_SCOPE, random.token_hex(16), 0)
    await accounts.add_tokens([_lasting(blank, CODE_SECONDS, now)])
    return code


async def exchange(accounts: Accounts, grant: Token, now: int, grace_seconds: int = 0) -> Issued | None:
    """Spend a code or refresh token on an access and a refresh token of its family; None where it is spent."""
    access, refresh = mint(), mint()
    given = [
        _lasting(_descendant(grant, access, "access"), ACCESS_SECONDS, now),
        _lasting(_descendant(grant, refresh, "refresh"), REFRESH_SECONDS, now),
    ]
    if not await accounts.exchange_token(grant.hash, now, given, grace_seconds * SECOND):
        return None
    return Issued(access, refresh, ACCESS_SECONDS, grant.scope)


class Bearers:
    """Who is behind a bearer token; each answer is trusted for at most five seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[Caller, int]] = {}

    async def caller(self, token: str) -> Caller:
        """Raises Unauthorized for a token that is unknown or expired, or whose user is switched off."""
        hash = digest(token)
        known = self._known.get(hash)
        if known is not None and self._clock() < known[1]:
            return known[0]
        return await self._look_up(hash)

    def forget(self, user: int) -> None:
        """Have the next request of this user's tokens look anew, in this process."""
        self._known = {hash: known for hash, known in self._known.items() if known[0].user != user}

    async def _look_up(self, hash: str) -> Caller:
        self._known.pop(hash, None)
        now = self._clock()
        accounts = self._store.accounts
        token = await accounts.token(hash)
        user = await accounts.user(token.user) if token else None
        if token is None or token.kind != "access" or token.expires <= now or user is None or not user.active:
            raise Unauthorized("The access token is unknown, expired or revoked.")
        application = await accounts.application(token.client_id)
        caller = Caller(token.client_id, token.user, token.scope, application.level if application else None)
        if len(self._known) >= _CACHE_LIMIT:
            self._known.clear()
        self._known[hash] = (caller, min(token.expires, now + _CACHE_SECONDS * SECOND))
        return caller


def _descendant(grant: Token, secret: str, kind: TokenKind) -> Token:
    return replace(grant, hash=digest(secret), kind=kind, spent=None)


def _lasting(token: Token, seconds: int, now: int) -> Token:
    return replace(token, expires=now + seconds * SECOND)
