"""What the command line does with a record, in that record's trail."""

from __future__ import annotations

from typing import Literal

from fhirstore.caller import Access
from fhirstore.clock import now
from fhirstore.settings import Settings
from fhirstore.store.accounts import User
from fhirstore.store.contract import Store
from fhirstore.store.trail import Event, event_id


async def note_command(
    store: Store, settings: Settings, user: User, action: Literal["$import", "$export"], access: Access
) -> None:
    """Note it as the deed of the user's application, of no user and from nowhere, as far as the setting goes."""
    if settings.audit == "all" or (settings.audit == "writes" and access == "write"):
        await store.trail.append([Event(event_id(now()), action, 200, user.id, user.client_id)])
