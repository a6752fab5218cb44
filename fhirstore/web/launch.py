"""Where a sign-in link leads that opens another application at once: on to that application, with its launch."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from fhirstore.auth.launches import launch_address
from fhirstore.web.pages import UserOf, UserPage, VisitOf
from fhirstore.web.rendering import go

router = APIRouter(include_in_schema=False, route_class=UserPage)


@router.get("/oauth2/launch")
async def open_app(request: Request, caller: UserOf, visit: VisitOf, launch: str) -> Response:
    state = request.app.state
    endpoint = visit.base + state.fhir_prefixes[0]
    return go(request, await launch_address(state.store, caller.user, launch, endpoint, state.clock()))
