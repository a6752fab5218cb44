"""The applications that a user has let in, on one page, with a button to show each of them out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from fhirstore.auth.granted import Granted, granted_applications, show_out
from fhirstore.auth.patients import patient_of
from fhirstore.auth.plain_words import sentence
from fhirstore.interactions.consent_notes import note_consent
from fhirstore.store.contract import Store
from fhirstore.web.pages import UserOf, UserPage
from fhirstore.web.rendering import go, page

PLACE = "/granted-apps"

router = APIRouter(include_in_schema=False, route_class=UserPage)


@router.get(PLACE)
async def show(request: Request, caller: UserOf) -> Response:
    store = request.app.state.store
    granted = await granted_applications(store, caller.user)
    shown = [(each, await allowed_sentences(store, caller.user, each)) for each in granted]
    return page(request, "granted_apps.html", granted=shown, place=PLACE)


@router.post(PLACE)
async def take_back(request: Request, caller: UserOf, client_id: Annotated[str, Form()]) -> Response:
    store, bearers = request.app.state.store, request.app.state.bearers
    user = await store.accounts.user(caller.user)
    if await show_out(store, bearers, caller.user, client_id) and user is not None:
        note_consent(request.app.state.doorway, "grant-revoke", user, client_id)
    return go(request, PLACE, say="It has no access any more.")


async def allowed_sentences(store: Store, user: int, granted: Granted) -> list[str]:
    """What an application may do, sentence by sentence, each once."""
    found: dict[str, None] = {}
    for consent in granted.consents:
        person = await patient_of(store, user, consent.patient) if consent.patient is not None else None
        whose = (person.name if person else None) or "one person"
        found |= dict.fromkeys(sentence(word, whose) for word in consent.scope.split())
    return list(found)
