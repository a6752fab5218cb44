"""`DELETE /user-management/v1/user`: a user and its whole record, exported first where that is wanted, then erased.

Nobody can tell from this side whether an answer arrived whole, so nothing is erased by the request that exports.
Whoever wants to be sure of every byte asks twice: with `export=true` for the record, and then with its SHA-256 as
`confirm`, which erases exactly what was received, or, where the record has changed since, nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from fhirstore.api.dependencies import BaseOf, BearersOf, ClockOf, StoreOf, TrailOf, told_allowance
from fhirstore.api.description import APPLICATION, USER, takes
from fhirstore.api.fhir import PREFIXES
from fhirstore.api.parameters import Given
from fhirstore.api.users_oneup import Authenticated, boolean, named_user, shown
from fhirstore.auth.users import UserInvalid, erase_user
from fhirstore.store.accounts import User
from fhirstore.store.contract import Store
from fhirstore.store.scope import Scope
from fhirstore.transfer.exporting import Export, written

_END_OF_TIME = 2**52
"""A moment that no clock of any server is ahead of."""
_DOWNLOAD = {
    "Content-Type": "application/json+fhir; charset=utf-8",
    "Content-Disposition": 'attachment; filename="record.json"',
    "Cache-Control": "no-store",
}

router = APIRouter(prefix="/user-management/v1", tags=["User management"])


@router.delete(
    "/user",
    summary="Export a user's record, or erase it with the user",
    response_model=None,
    openapi_extra=takes(
        APPLICATION,
        USER,
        export="true answers the record and erases nothing.",
        confirm="The SHA-256 of what was exported: erases that, or nothing.",
    ),
)
async def erase(
    request: Request,
    parameters: Given,
    application: Authenticated,
    store: StoreOf,
    bearers: BearersOf,
    trail: TrailOf,
    clock: ClockOf,
    base: BaseOf,
) -> dict[str, Any] | StreamingResponse:
    """A Bundle of all versions with `export`; otherwise an answer once everything is gone.

    Raises UserUnknown, and UserInvalid where `confirm` is not the SHA-256 of the record as it is now.
    """
    user = await named_user(store.accounts, application, parameters)
    record = _record(store, user, base)
    if boolean(parameters, "export"):
        return StreamingResponse(record, headers={**_DOWNLOAD, **told_allowance(request)})
    confirm = parameters.get("confirm")
    if confirm is not None and confirm.lower() != await _digest(record):
        raise UserInvalid("the record is not what was exported: nothing was erased")
    await erase_user(store, bearers, trail, user, clock())
    return {"success": True, **shown(user), "active": False}


def _record(store: Store, user: User, base: str) -> AsyncIterator[bytes]:
    """The same bytes as long as nothing is written."""
    export = Export(_END_OF_TIME, history=True, address=base + PREFIXES[0])
    return written(export, store.within(Scope(user.id)), "bundle")


async def _digest(pieces: AsyncIterator[bytes]) -> str:
    found = hashlib.sha256()
    async for piece in pieces:
        found.update(piece)
    return found.hexdigest()
