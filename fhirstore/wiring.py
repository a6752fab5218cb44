"""What the settings make of a store: the doorway by which the server and the commands alike come to records."""

from __future__ import annotations

from collections.abc import Callable

from fhirstore.clock import Clock
from fhirstore.interactions.doorway import Doorway
from fhirstore.interactions.request import Limits
from fhirstore.settings import Settings
from fhirstore.store.contract import Store
from fhirstore.store.trail_buffer import TrailBuffer


def make_doorway(
    settings: Settings, store: Store, clock: Clock, new_id: Callable[[], str], trail: TrailBuffer
) -> Doorway:
    limits = Limits(
        bundle_entries=settings.bundle_entries,
        conditional_delete=settings.conditional_delete,
        referential_integrity=settings.referential_integrity,
    )
    return Doorway(
        store,
        clock,
        new_id,
        settings.validation,
        limits,
        trail.note,
        trail.flush,
        settings.audit,
        settings.provenance,
    )
