"""The link that lets a user in: it shows one button, as mail scanners open links too, and its press spends it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from fhirstore.auth.calls import about_user, by_application
from fhirstore.auth.sign_in import begin_session, open_link, spend_link
from fhirstore.errors import Gone
from fhirstore.web.pages import Page, UserOrStrangerPage, VisitOf
from fhirstore.web.rendering import page, static_file
from fhirstore.web.visits import forget_session
from fhirstore.web.waiting import lead_on, resume

router = APIRouter(include_in_schema=False)
entering = APIRouter(route_class=Page)
leaving = APIRouter(route_class=UserOrStrangerPage)


@entering.get("/sign-in/{secret}")
async def show(request: Request, secret: str) -> Response:
    await open_link(request.app.state.store, secret, "user", request.app.state.clock)
    return page(request, "sign_in_link.html")


@entering.post("/sign-in/{secret}")
async def enter(request: Request, secret: str, visit: VisitOf) -> Response:
    store, clock = request.app.state.store, request.app.state.clock
    link = await spend_link(store, secret, "user", clock)
    user = await store.accounts.user(link.user)
    if user is None or not user.active:
        raise Gone("This link was used before, or is too old.")
    by_application(user.client_id)
    about_user(user.id)
    await forget_session(request, "user")
    visit.sign_in("user", await begin_session(store.sessions, clock(), user=user.id))
    return lead_on(request, resume(request) or link.next)


@leaving.post("/sign-out")
async def leave(request: Request, visit: VisitOf, everywhere: Annotated[str, Form()] = "") -> Response:
    """Ends the user's session in this browser, or in all of them."""
    if everywhere and visit.caller is not None:
        await request.app.state.store.sessions.end_sessions(user=visit.caller.user)
    await forget_session(request, "user")
    return page(request, "signed_out.html")


@router.get("/static/{name}")
async def static(name: str) -> Response:
    return static_file(name)


router.include_router(entering)
router.include_router(leaving)
