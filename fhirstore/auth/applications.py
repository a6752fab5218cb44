"""Applications: made once with their secrets, changed and given new secrets afterwards."""

from __future__ import annotations

import secrets as random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from fhirstore.auth.secrets import digest, mint
from fhirstore.caller import Profile
from fhirstore.dstu2.levels import Level
from fhirstore.errors import BadRequest, NotFound
from fhirstore.store.accounts import Accounts, Application
from fhirstore.store.keys import Keys

NAME_MOST = 100

CLAIM_SPAN = 60_000
"""How long a process has for making the first application, in milliseconds."""

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application with its secrets in clear: the only time they are seen."""

    client_id: str
    client_secret: str
    organization_id: str
    organization_token: str


async def create_application(
    accounts: Accounts,
    name: str,
    now: int,
    level: Level | None = None,
    *,
    profile: Profile = "standard",
    calls_per_hour: int | None = None,
    redirect_uris: Sequence[str] = (),
    public: bool = False,
    developer: str | None = None,
    launch_uri: str | None = None,
) -> NewApplication:
    """Raises BadRequest for a redirect or launch URI that is none, and for a name that cannot be shown."""
    _check_uris("redirect", redirect_uris)
    _check_uris("launch", [launch_uri] if launch_uri else [])
    _check_name(name)
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
            profile,
            calls_per_hour,
            tuple(redirect_uris),
            public,
            developer=developer,
            launch_uri=launch_uri,
        )
    )
    return new


async def create_first_application(accounts: Accounts, keys: Keys, name: str, now: int) -> NewApplication | None:
    """Make an application, unless another process is making it: of any number at once, one does.

    What a process claimed and then did not make, because it ended, may be claimed anew a minute later.
    """
    place, claim = "first application", f"{now} {random.token_hex(8)}"
    while (kept := (await keys.keep(place, claim.encode())).decode()) != claim:
        if now - int(kept.partition(" ")[0]) < CLAIM_SPAN:
            return None
        place = f"first application after {kept}"
    return await create_application(accounts, name, now)


async def change_application(accounts: Accounts, client_id: str, **changes: Any) -> Application:
    """Set fields of an application that is there. Raises NotFound, BadRequest."""
    _check_uris("redirect", changes.get("redirect_uris", ()))
    _check_uris("launch", [changes["launch_uri"]] if changes.get("launch_uri") else [])
    _check_name(changes.get("name", "name"))
    application = await accounts.application(client_id)
    changed = application and replace(application, **changes)
    if changed is None or not await accounts.replace_application(changed):
        raise NotFound("There is no application with this client_id.")
    return changed


async def rotate_secret(accounts: Accounts, client_id: str) -> str:
    """Give an application a new secret; the one before it stays good, and no older one. Raises NotFound."""
    secret, known = mint(), await _known(accounts, client_id)
    previous = known.secret_hash
    await change_application(accounts, client_id, secret_hash=digest(secret), previous_secret_hash=previous)
    return secret


async def rotate_organization_token(accounts: Accounts, client_id: str) -> str:
    """The same for the token by which Validic's clients know the organization. Raises NotFound."""
    token, known = mint(), await _known(accounts, client_id)
    changes = {
        "organization_token_hash": digest(token),
        "previous_organization_token_hash": known.organization_token_hash,
    }
    await change_application(accounts, client_id, **changes)
    return token


async def revoke_previous_secret(accounts: Accounts, client_id: str) -> None:
    """End a rotation: only the newest secret is good. Raises NotFound."""
    await change_application(accounts, client_id, previous_secret_hash=None)


async def revoke_previous_organization_token(accounts: Accounts, client_id: str) -> None:
    await change_application(accounts, client_id, previous_organization_token_hash=None)


def _check_name(name: str) -> None:
    if not (name.strip() and name.isprintable() and len(name) <= NAME_MOST):
        raise BadRequest(f"An application's name has 1 to {NAME_MOST} printable characters.")


async def _known(accounts: Accounts, client_id: str) -> Application:
    application = await accounts.application(client_id)
    if application is None:
        raise NotFound("There is no application with this client_id.")
    return application


def _check_uris(kind: str, uris: Sequence[str]) -> None:
    """Absolute, without a fragment, and where it is HTTP, encrypted or this machine: RFC 6749 §3.1.2, RFC 8252 §7."""
    for uri in uris:
        try:
            parts = urlsplit(uri)
            host = parts.hostname
        except ValueError:
            raise BadRequest(f"A {kind} URI is not a URI.") from None
        private = "." in parts.scheme  # a phone app's own scheme is a domain name backwards
        safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
        if not uri.isascii() or any(c.isspace() for c in uri) or "#" in uri or not (private or (safe and host)):
            raise BadRequest(f"A {kind} URI must be absolute, without a fragment, and https unless it is localhost.")
