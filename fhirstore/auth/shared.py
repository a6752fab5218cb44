"""What others share with a user, as far as the user's token goes."""

from __future__ import annotations

from fhirstore.caller import Caller
from fhirstore.extents import Extents, Slice, about, joined
from fhirstore.store.contract import Store
from fhirstore.store.scope import Scope


async def shared_with(store: Store, caller: Caller) -> tuple[Slice, ...]:
    """The parts of others' records that are open to a caller now; in the order in which they were shared.

    Nothing of an owner who is switched off or gone. A token that is about one patient opens that patient's alone.
    """
    parts: dict[int, list[Extents]] = {}
    for permission in await store.permissions.received(caller.user):
        readable = caller.opened.readable
        if permission.patient == caller.patient and await _is_own(store, caller):
            readable = tuple(extent for extent in readable if extent.patient is None)
        extents = about(readable, permission.patient)
        owner = await store.accounts.user(permission.owner) if extents else None
        if owner is not None and owner.active:
            parts.setdefault(permission.owner, []).append(extents)
    return tuple(Slice(owner, joined(found)) for owner, found in parts.items())


async def _is_own(store: Store, caller: Caller) -> bool:
    """Whether the token's patient is the caller's own, though others may know one of theirs by the same id."""
    assert caller.patient is not None
    own = await store.within(Scope(caller.user)).current("Patient", caller.patient)
    return own is not None and not own.deleted
