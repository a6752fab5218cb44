"""Applications: made once with their secrets, known afterwards by them."""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass

from fhirstore.auth.secrets import digest, matches, mint
from fhirstore.dstu2.levels import Level
from fhirstore.errors import NotFound, Unauthorized
from fhirstore.store.accounts import Accounts, Application

_NOBODY = digest(mint())


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application with its secrets in clear: the only time they are seen."""

    client_id: str
    client_secret: str
    organization_id: str
    organization_token: str


async def create_application(accounts: Accounts, name: str, now: int, level: Level | None = None) -> NewApplication:
    new = NewApplication(random.token_hex(16), mint(), random.token_hex(12), mint())
    await accounts.add_application(
        Application(
            new.client_id,
            name,
            digest(new.client_secret),
            new.organization_id,
            digest(new.organization_token),
            now,
            level,
        )
    )
    return new


async def rotate_secret(accounts: Accounts, client_id: str) -> str:
    """Replace an application's secret and answer the new one. Raises NotFound."""
    secret = mint()
    if not await accounts.replace_secret(client_id, digest(secret)):
        raise NotFound("There is no application with this client_id.")
    return secret


async def authenticate(accounts: Accounts, client_id: str | None, client_secret: str | None) -> Application:
    """The application whose id and secret these are. Raises Unauthorized, without saying which of them is wrong."""
    application = await accounts.application(client_id) if client_id else None
    # Compare in any case, so that the time of the answer does not tell whether the id exists.
    right = matches(client_secret or "", application.secret_hash if application else _NOBODY)
    if application is None or not right:
        raise Unauthorized("The client_id or client_secret is wrong.")
    return application
