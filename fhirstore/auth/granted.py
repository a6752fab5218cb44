"""The applications that a user has let in: listed, and shown out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhirstore.auth.tokens import Bearers
from fhirstore.store.accounts import Application
from fhirstore.store.consents import Consent
from fhirstore.store.contract import Store


@dataclass(frozen=True, slots=True)
class Granted:
    """An application, and all that a user allowed it: a consent for each patient that it is about."""

    application: Application
    consents: Sequence[Consent]

    @property
    def since(self) -> int:
        """When the first of them was given, in milliseconds."""
        return min(consent.since for consent in self.consents)

    @property
    def used(self) -> int | None:
        """When the application last used one of them, to the hour, in milliseconds."""
        return max((consent.used for consent in self.consents if consent.used is not None), default=None)


async def granted_applications(store: Store, user: int) -> Sequence[Granted]:
    """Those that a user (its id) let in, oldest first."""
    held: dict[str, list[Consent]] = {}
    for consent in await store.consents.consents(user):
        held.setdefault(consent.client_id, []).append(consent)
    found = [(await store.accounts.application(client_id), consents) for client_id, consents in held.items()]
    return [Granted(application, consents) for application, consents in found if application is not None]


async def show_out(store: Store, bearers: Bearers, user: int, client_id: str) -> bool:
    """Take back all that a user allowed an application: at once in this process, within five seconds in the others.

    Answers False where the user had allowed it nothing.
    """
    withdrawn = await store.consents.withdraw(user, client_id)
    bearers.forget(user)
    return withdrawn
