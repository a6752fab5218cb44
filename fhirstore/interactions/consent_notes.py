"""That a user granted an application access, or that this was taken back, for the user's trail."""

from __future__ import annotations

from typing import Literal

from fhirstore.interactions.doorway import Doorway
from fhirstore.store.accounts import User
from fhirstore.store.trail import APPLICATION_TYPE, Event, event_id

Deed = Literal["grant", "grant-revoke"]


def note_consent(doorway: Doorway, deed: Deed, user: User, client_id: str, *, by: str | None = None) -> None:
    """`client_id` is whose access it is; `by` the application that took it back in the user's name, None where it
    was the user."""
    if doorway.audit == "off":
        return
    actor = user.id if by is None else None
    doorway.note(
        Event(
            event_id(doorway.clock()),
            *(deed, 200, user.id, by or user.client_id, actor),
            *(APPLICATION_TYPE, client_id),
        )
    )
