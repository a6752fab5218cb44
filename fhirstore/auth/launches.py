"""An application opens another one for a user, with the patient who is at hand: SMART on FHIR's EHR launch.

http://docs.smarthealthit.org/authorization: the app is called at its launch address with `iss`, the FHIR endpoint,
and `launch`, which it hands on to the authorization endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from fhirstore.auth.patients import patient_of
from fhirstore.auth.secrets import digest, mint
from fhirstore.auth.users import UserInactive, UserInvalid
from fhirstore.errors import NotFound
from fhirstore.store.accounts import User
from fhirstore.store.consents import Launch
from fhirstore.store.contract import Store

LAUNCH_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Prepared:
    """A launch in clear, the only time it is seen, and the address at which it opens the app, where that is known."""

    launch: str
    url: str | None


async def prepare_launch(
    store: Store, user: User, client_id: str, patient: str | None, now: int, endpoint: str
) -> Prepared:
    """A launch that works once, for five minutes. Raises UserInvalid, UserInactive.

    `endpoint` is the FHIR endpoint's address.
    """
    application = await store.accounts.application(client_id)
    if application is None:
        raise UserInvalid("there is no application with this app_client_id")
    if not user.active:
        raise UserInactive("this user is not active")
    if patient is not None and await patient_of(store, user.id, patient) is None:
        raise UserInvalid("this user has no such patient")
    secret = mint()
    launch = Launch(digest(secret), user.id, client_id, patient, now + LAUNCH_SECONDS * 1000)
    await store.consents.add_launch(launch, now)
    return Prepared(secret, _address(application.launch_uri, endpoint, secret))


async def launch_address(store: Store, user: int, secret: str, endpoint: str, now: int) -> str:
    """Where a user's browser is to go for a launch that was prepared. Raises NotFound."""
    launch = await store.consents.launch(digest(secret))
    application = await store.accounts.application(launch.client_id) if launch is not None else None
    address = _address(application.launch_uri if application is not None else None, endpoint, secret)
    if launch is None or launch.user != user or launch.expires <= now or address is None:
        raise NotFound("This launch is unknown or over. Go back to your application and begin again.")
    return address


def _address(launch_uri: str | None, endpoint: str, secret: str) -> str | None:
    if launch_uri is None:
        return None
    joint = "&" if urlsplit(launch_uri).query else "?"
    return f"{launch_uri}{joint}{urlencode({'iss': endpoint, 'launch': secret})}"
