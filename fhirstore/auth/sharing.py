"""Patients shared between the users of one application: given, taken back, and what is open to a caller by it."""

from __future__ import annotations

from fhirstore.auth.tokens import Bearers
from fhirstore.caller import Caller
from fhirstore.errors import Forbidden, NotFound
from fhirstore.extents import WHOLE
from fhirstore.store.contract import Store
from fhirstore.store.permissions import Permission
from fhirstore.store.scope import Scope


async def share(store: Store, bearers: Bearers, caller: Caller, patient: str, recipient: int, now: int) -> None:
    """Let another user of the caller's application read a Patient of the caller's own, with its compartment.

    Raises Forbidden for a token that is not all of the user's own, NotFound for a Patient or a user that is not there.
    """
    await _check(store, caller, patient, recipient)
    await store.permissions.give(Permission(caller.user, patient, recipient, now))
    bearers.forget(recipient)


async def unshare(store: Store, bearers: Bearers, caller: Caller, patient: str, recipient: int) -> None:
    """Take it back. What was never shared is passed over, but raises what sharing it would."""
    _check_token(caller)
    taken = await store.permissions.take_back(caller.user, patient, recipient)
    bearers.forget(recipient)
    if not taken:
        await _check(store, caller, patient, recipient)


async def _check(store: Store, caller: Caller, patient: str, recipient: int) -> None:
    _check_token(caller)
    owner, other = await store.accounts.user(caller.user), await store.accounts.user(recipient)
    if owner is None or owner.client_id != caller.client_id:
        raise Forbidden("Only the user's own application may share what is the user's.")
    version = await store.within(Scope(caller.user)).current("Patient", patient)
    if version is None or version.deleted:
        raise NotFound("There is no Patient with this id.")
    if other is None or other.client_id != caller.client_id or other.id == caller.user:
        raise NotFound("There is no other user with this number.")


def _check_token(caller: Caller) -> None:
    if caller.opened.readable != WHOLE or caller.opened.writable != WHOLE:
        raise Forbidden("It takes a token for the whole record to share a part of it.")
