"""Who else may read the record: other people, and applications; given and taken back by the user alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from fhirstore.auth.sharing import share, unshare
from fhirstore.errors import BadRequest, Failure
from fhirstore.presentation.cards import title_of
from fhirstore.presentation.origin import origin_of
from fhirstore.store.contract import Store
from fhirstore.store.permissions import Permission
from fhirstore.web.granted_apps import PLACE as GRANTED
from fhirstore.web.health_history.reading import search
from fhirstore.web.pages import UserOf, UserPage
from fhirstore.web.record import Record, RecordOf
from fhirstore.web.rendering import go, page

PLACE = "/health-history/sharing"
_NUMBER_LIMIT = 15

router = APIRouter(prefix="/health-history", route_class=UserPage)


@dataclass(frozen=True, slots=True)
class Own:
    """One of the user's own Patients, as it is chosen in a form."""

    id: str
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Given:
    """A Patient that somebody may read; `whose` is "" where it is no longer there."""

    permission: Permission
    whose: str


@router.get("/sharing")
async def show(request: Request, caller: UserOf, record: RecordOf) -> Response:
    store: Store = request.app.state.store
    own, given, received = await asyncio.gather(
        _own(record), store.permissions.given(caller.user), store.permissions.received(caller.user)
    )
    names = {each.id: f"{each.name} ({each.source})" for each in own}
    return page(
        request, "health_history/sharing.html", own=own, number=caller.user,
        given=[Given(each, names.get(each.patient, "")) for each in given], received=received,
        applications_place=GRANTED,
    )  # fmt: skip


@router.post("/sharing")
async def give(
    request: Request,
    caller: UserOf,
    number: Annotated[str, Form()] = "",
    patient: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Raises BadRequest for a form without a person or a number, NotFound for somebody who is not there."""
    recipient = _number(number)
    if not patient:
        raise BadRequest("Choose what to share.")
    state = request.app.state
    for each in patient[:50]:
        await share(state.store, state.bearers, caller, each, recipient, state.clock())
    return go(request, PLACE, say=f"Number {recipient} may read it from now on.")


@router.post("/sharing/stop")
async def take_back(
    request: Request, caller: UserOf, number: Annotated[str, Form()], patient: Annotated[str, Form()]
) -> Response:
    recipient, state = _number(number), request.app.state
    await unshare(state.store, state.bearers, caller, patient, recipient)
    return go(request, PLACE, say=f"Number {recipient} can no longer read it.")


async def _own(record: Record) -> Sequence[Own]:
    try:
        patients = await search(record, "Patient", ("_count", "50"))
    except Failure:
        return ()
    return [Own(str(each["id"]), title_of(each), origin_of(each).name) for each in patients]


def _number(text: str) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _NUMBER_LIMIT):
        raise BadRequest("The other person's number has digits alone.")
    return int(text)
