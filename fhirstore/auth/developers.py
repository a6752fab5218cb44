"""Developers: their e-mail addresses, folded; their passwords, kept as Argon2id (RFC 9106)."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from fhirstore.auth.secrets import digest, mint
from fhirstore.auth.sign_in import open_link, spend_link
from fhirstore.auth.throttle import Throttle
from fhirstore.clock import Clock
from fhirstore.errors import BadRequest, Conflict, NotFound, Unauthorized
from fhirstore.store.contract import Store
from fhirstore.store.sessions import Developer, EmailTakenError, Sessions

PASSWORD_LEAST, PASSWORD_MOST = 12, 1000
EMAIL_MOST = 254

_TAKEN = "There is an account with this e-mail address already."

_AT_ONCE = 4
"""Each check takes 64 MiB while it lasts."""


async def create_developer(sessions: Sessions, email: str, password: str, now: int) -> Developer:
    """Raises BadRequest for what is no e-mail address or no good password, Conflict where the address is taken."""
    folded = fold_email(email)
    return await _add(sessions, Developer(folded, await hash_password(password, folded), now))


async def find_developer(sessions: Sessions, email: str) -> Developer:
    """Raises BadRequest, NotFound."""
    found = await sessions.developer(fold_email(email))
    if found is None:
        raise NotFound("There is no developer with this e-mail address.")
    return found


async def accept_link(store: Store, secret: str, email: str, password: str, clock: Clock) -> str:
    """Choose the password that a link is for, or make the account that it is for; answers the e-mail address.

    Only what succeeds spends the link: a password that is too short is no reason to ask for another one. Raises Gone,
    BadRequest, Conflict.
    """
    link = await open_link(store, secret, "developer", clock)
    folded = link.developer or fold_email(email)
    hashed = await hash_password(password, folded)
    if link.developer is None and await store.sessions.developer(folded) is not None:
        raise Conflict(_TAKEN)
    await spend_link(store, secret, "developer", clock)
    if link.developer is None:
        await _add(store.sessions, Developer(folded, hashed, clock()))
    else:
        await store.sessions.set_password(folded, hashed)
    return folded


async def change_password(sessions: Sessions, email: str, password: str) -> None:
    """Ends all of the developer's sessions. Raises BadRequest, NotFound."""
    if not await sessions.set_password(email, await hash_password(password, email)):
        raise NotFound("There is no developer with this e-mail address.")


class Passwords:
    """Knows developers by their passwords. Failed tries are counted for each address, whatever account they are at,
    so that trying one password at many accounts is no way around."""

    def __init__(self, store: Store, throttle: Throttle) -> None:
        self._store = store
        self._throttle = throttle

    async def developer(self, email: str, password: str, address: str) -> Developer:
        """Raises Unauthorized, without saying which of the two is wrong, and TooManyRequests."""
        key = f"sign-in/{address}"
        await self._throttle.admit(key)
        try:
            developer = await self._store.sessions.developer(fold_email(email))
        except BadRequest:
            developer = None
        right = await _matches(developer.password_hash if developer else None, password)
        if developer is None or not right:
            raise await self._throttle.failure(key, Unauthorized("The e-mail address or the password is wrong."))
        return developer


def fold_email(email: str) -> str:
    """The one form of an e-mail address, so that capitals make no second account. Raises BadRequest."""
    folded = unicodedata.normalize("NFKC", email).strip().casefold()
    local, at, domain = folded.rpartition("@")
    plain = folded.isprintable() and not any(character.isspace() for character in folded)
    if not (local and at and domain and "@" not in local and plain and len(folded) <= EMAIL_MOST):
        raise BadRequest("This is not an e-mail address.")
    return folded


async def hash_password(password: str, email: str) -> str:
    """Raises BadRequest for a password that is too short, too long, or the e-mail address itself."""
    normal = _normal(password)
    if not PASSWORD_LEAST <= len(normal) <= PASSWORD_MOST:
        raise BadRequest(f"A password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters.")
    if normal.casefold() == email:
        raise BadRequest("The password must not be the e-mail address.")
    return await asyncio.get_running_loop().run_in_executor(_pool(), _hasher().hash, normal)


async def _add(sessions: Sessions, developer: Developer) -> Developer:
    try:
        await sessions.add_developer(developer)
    except EmailTakenError as error:
        raise Conflict(_TAKEN) from error
    return developer


async def _matches(stored: str | None, password: str) -> bool:
    if len(password) > PASSWORD_MOST:
        return False

    def verify() -> bool:
        try:
            return _hasher().verify(stored or _nobody(), _normal(password))
        except (VerifyMismatchError, InvalidHashError):
            return False

    return await asyncio.get_running_loop().run_in_executor(_pool(), verify)


def _normal(password: str) -> str:
    """What is typed on one machine as one character and on another as two is the same password (RFC 8265)."""
    return unicodedata.normalize("NFC", password)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    """A hash to compare with where there is no account, so that the time of the answer does not tell."""
    return _hasher().hash(digest(mint()))


@cache
def _pool() -> ThreadPoolExecutor:
    """Threads of their own: whoever tries many passwords at once waits here, and nobody else does."""
    return ThreadPoolExecutor(_AT_ONCE, "passwords")
