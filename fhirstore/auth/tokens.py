"""Codes and tokens: minted, spent, revoked, and turned into callers."""

from __future__ import annotations

import secrets as random
from asyncio import Task, get_running_loop, shield
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from fhirstore.auth.scopes import OFFLINE
from fhirstore.auth.secrets import digest, mint
from fhirstore.auth.shared import shared_with
from fhirstore.auth.spending import Spending
from fhirstore.caller import Caller
from fhirstore.clock import Clock
from fhirstore.errors import Forbidden, Unauthorized, Unavailable
from fhirstore.extents import is_about_a_patient
from fhirstore.search.plan import Plan
from fhirstore.store.accounts import Accounts, Application, Token, TokenKind, User
from fhirstore.store.contract import Page, Store
from fhirstore.store.scope import Scope

SECOND = 1000
CODE_SECONDS = 300
ACCESS_SECONDS = 7200
REFRESH_SECONDS = 90 * 24 * 3600
LASTING_SECONDS = 100 * 365 * 24 * 3600
"""Tokens of Validic's users last until they are replaced."""

USER_SCOPE = "user/*.*"
"""What a user's own application may do with the user's record: all of it."""
APPLICATION_SCOPE = "application"
"""What an application may do in its own name: no record is within it."""

BEARER_KINDS: frozenset[TokenKind] = frozenset({"access", "lasting"})
"""Tokens that open the FHIR endpoint."""

_DAY_SECONDS, _HOUR_SECONDS = 24 * 3600, 3600

_CACHE_SECONDS = 5
_CACHE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Issued:
    """An access token and, where there is one, its refresh token, in clear: the only time they are seen.

    `user` is whose record they open, None for an application's own; `patient` the id of the Patient that they are
    about; `nonce` what the code for them was asked for with.
    """

    access_token: str
    refresh_token: str | None
    expires_in: int
    scope: str
    user: int | None = None
    patient: str | None = None
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a code is asked for: by which application, with which redirect URI where it named one, the challenge that
    its exchange must meet (RFC 7636), and what it shall allow; about which Patient (its id), where about one; and the
    nonce that its id token shall repeat."""

    client_id: str
    redirect_uri: str | None = None
    challenge: str | None = None
    scope: str = USER_SCOPE
    patient: str | None = None
    nonce: str | None = None


async def issue_code(accounts: Accounts, user: User, now: int, asked: Asked | None = None) -> str:
    """A single-use code for the user's tokens: for the user's own application, or as another one asked for it."""
    code = mint()
    blank = Token(digest(code), "code", user.id, user.client_id, USER_SCOPE, random.token_hex(16), 0)
    if asked is not None:
        blank = replace(
            blank,
            client_id=asked.client_id,
            scope=asked.scope,
            redirect_uri=asked.redirect_uri,
            challenge=asked.challenge,
            patient=asked.patient,
            nonce=asked.nonce,
            consented=True,
        )
    await accounts.add_tokens([_expiring(blank, CODE_SECONDS, now)])
    return code


async def issue_lasting_token(accounts: Accounts, user: User, now: int) -> str:
    """A token that opens the user's record until the next one is issued."""
    secret = mint()
    blank = Token(digest(secret), "lasting", user.id, user.client_id, USER_SCOPE, random.token_hex(16), 0)
    await accounts.replace_lasting_token(_expiring(blank, LASTING_SECONDS, now))
    return secret


async def issue_application_token(accounts: Accounts, application: Application, now: int) -> Issued:
    """A token in the application's own name: nobody's record is open to it."""
    secret, family = mint(), random.token_hex(16)
    blank = Token(digest(secret), "access", None, application.client_id, APPLICATION_SCOPE, family, 0)
    await accounts.add_tokens([_expiring(blank, ACCESS_SECONDS, now)])
    return Issued(secret, None, ACCESS_SECONDS, APPLICATION_SCOPE)


async def exchange(
    accounts: Accounts, grant: Token, now: int, grace_seconds: int = 0, scope: str | None = None
) -> Issued | None:
    """Spend a code or refresh token on tokens of its family; None where it is spent.

    The access token may be asked for with a narrower `scope`; the refresh token keeps the whole. A grant that
    a user was asked for has a refresh token only with the scope for it.
    """
    access = mint()
    refresh = mint() if not grant.consented or OFFLINE in grant.scope.split() else None
    narrowed = replace(grant, scope=grant.scope if scope is None else scope)
    given = [_expiring(_descendant(narrowed, access, "access"), ACCESS_SECONDS, now)]
    if refresh is not None:
        given.append(_expiring(_descendant(grant, refresh, "refresh"), REFRESH_SECONDS, now))
    if not await accounts.exchange_token(grant.hash, now, given, grace_seconds * SECOND):
        return None
    return Issued(access, refresh, ACCESS_SECONDS, narrowed.scope, grant.user, grant.patient, grant.nonce)


class Bearers:
    """Who is behind a bearer token; each answer is trusted for at most five seconds."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, tuple[Caller, int]] = {}
        self._looking: dict[str, Task[Caller]] = {}
        self._forgotten = 0
        self.spending = Spending()

    async def caller(self, token: str) -> Caller:
        """Raises Unauthorized for a token that is unknown, expired or revoked, or whose user is switched off, and
        Forbidden for an application's own."""
        hash = digest(token)
        known = self._known.get(hash)
        if known is not None and self._clock() < known[1]:
            return known[0]
        # What is no longer trusted is asked for by all who are being served at that moment: one looks for them all.
        looking = self._looking.get(hash)
        if looking is None:
            looking = self._looking[hash] = get_running_loop().create_task(self._look_up(hash))
            looking.add_done_callback(partial(self._looked_up, hash))
        return await shield(looking)

    def forget(self, user: int | None) -> None:
        """Have the next request of this user's tokens look anew, in this process, and of those it shares with."""
        self._forgotten += 1
        self._looking = {}
        self._known = {
            hash: known
            for hash, known in self._known.items()
            if known[0].user != user and all(slice.owner != user for slice in known[0].shared)
        }

    async def _look_up(self, hash: str) -> Caller:
        self._known.pop(hash, None)
        now, forgotten = self._clock(), self._forgotten
        accounts = self._store.accounts
        token = await accounts.token(hash)
        if token is None or token.kind not in BEARER_KINDS or token.expires <= now:
            raise Unauthorized("The access token is unknown, expired or revoked.")
        if token.user is None:
            raise Forbidden("This is an application's token: it opens nobody's record.")
        user, application = await accounts.user(token.user), await accounts.application(token.client_id)
        if user is None or not user.active or application is None:
            raise Unauthorized("The access token is unknown, expired or revoked.")
        await self._see(user, token, now)
        patient = await self._patient(token, user)
        caller = Caller(token.client_id, user.id, token.scope, application.level, application.profile, patient)
        caller = replace(caller, shared=await shared_with(self._store, caller))
        # What was looked up while something was revoked may be what was revoked.
        if forgotten == self._forgotten:
            self._remember(hash, caller, min(token.expires, now + _CACHE_SECONDS * SECOND))
        return caller

    def _looked_up(self, hash: str, looking: Task[Caller]) -> None:
        if self._looking.get(hash) is looking:
            del self._looking[hash]
        if not looking.cancelled():
            looking.exception()  # seen, also where nobody waits any more

    async def _patient(self, token: Token, user: User) -> str | None:
        """The id of the Patient that the token's scope is about: where it names none, the only one there is."""
        if token.patient is not None or not is_about_a_patient(token.scope):
            return token.patient
        found = await self._store.within(Scope(user.id)).find(Plan(("Patient",)), Page(2, total=False))
        return found.matches[0].version.id if len(found.matches) == 1 else None

    def _remember(self, hash: str, caller: Caller, until: int) -> None:
        if len(self._known) >= _CACHE_LIMIT:
            self._known.clear()
        self._known[hash] = (caller, until)

    async def _see(self, user: User, token: Token, now: int) -> None:
        with suppress(Unavailable):  # a note for statistics is no reason to refuse a read
            if user.seen is None or now - user.seen >= _DAY_SECONDS * SECOND:
                await self._store.accounts.see_user(user.id, now)
            if token.consented:
                await self._note_use(user, token, now)

    async def _note_use(self, user: User, token: Token, now: int) -> None:
        consent = await self._store.consents.consent(user.id, token.client_id, token.patient)
        if consent is not None and (consent.used is None or now - consent.used >= _HOUR_SECONDS * SECOND):
            await self._store.consents.note_use(consent, now)


def _descendant(grant: Token, secret: str, kind: TokenKind) -> Token:
    return replace(grant, hash=digest(secret), kind=kind, spent=None, nonce=None)


def _expiring(token: Token, seconds: int, now: int) -> Token:
    return replace(token, expires=now + seconds * SECOND)
