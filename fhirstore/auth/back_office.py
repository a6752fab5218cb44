"""An application that reads in its users' names with its own secret: 1upHealth's `x-oneup-user-id`."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from fhirstore.auth.credentials import Credentials
from fhirstore.auth.shared import shared_with
from fhirstore.caller import Caller
from fhirstore.errors import BadRequest, Forbidden
from fhirstore.extents import Slice
from fhirstore.store.accounts import Application, UserQuery
from fhirstore.store.contract import Store

EVERYBODY = "client"
"""In the place of a user's number: all users of the application."""

USERS_LIMIT = 1000
"""Each user's record is asked by itself, so there is an end to how many can be asked at once."""

_SCOPE = "user/*.read"


class BackOffice:
    """Knows callers by an application's id and secret, and the number of one of its users."""

    def __init__(self, store: Store, credentials: Credentials) -> None:
        self._store = store
        self._credentials = credentials

    async def caller(self, client_id: str | None, client_secret: str | None, user: str, address: str) -> Caller:
        """Reads as the user does, and writes nothing.

        Raises Unauthorized and TooManyRequests as all that takes credentials; Forbidden for a number that is no
        active user's of this application; BadRequest for more users than can be asked at once.
        """
        application = await self._credentials.application(client_id, client_secret, address)
        if user == EVERYBODY:
            return await self._everybody(application)
        is_number = user.isascii() and user.isdigit() and len(user) < 16
        found = await self._store.accounts.user(int(user)) if is_number else None
        if found is None or found.client_id != application.client_id or not found.active:
            raise Forbidden("The application has no active user of this number.")
        caller = Caller(application.client_id, found.id, _SCOPE, application.level, application.profile)
        return replace(caller, shared=await shared_with(self._store, caller))

    async def _everybody(self, application: Application) -> Caller:
        page = await self._store.accounts.users(UserQuery(application.client_id, count=USERS_LIMIT))
        if page.total > USERS_LIMIT:
            raise BadRequest(f"The application has more than {USERS_LIMIT:,} users: x-oneup-user-id must name one.")
        shared = tuple(Slice(user.id) for user in page.users if user.active)
        return Caller(
            application.client_id,
            _nobody(application.client_id),
            _SCOPE,
            application.level,
            application.profile,
            shared=shared,
            everybody=True,
        )


def _nobody(client_id: str) -> int:
    """A number that is no user's, and another one for each application: page tokens are bound to it."""
    return -1 - int.from_bytes(sha256(client_id.encode()).digest()[:6])
