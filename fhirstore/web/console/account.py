"""A developer's own account: a new password, signed out here or everywhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from fhirstore.auth.developers import change_password
from fhirstore.auth.sign_in import begin_session
from fhirstore.errors import BadRequest, Failure, TooManyRequests, Unauthorized
from fhirstore.web.pages import DeveloperOf, DeveloperPage
from fhirstore.web.rendering import go, page
from fhirstore.web.visits import address_of, forget_session, store_of, visit_of

router = APIRouter(route_class=DeveloperPage)


@router.get("/account")
async def show(request: Request) -> Response:
    return _account_page(request)


@router.post("/account/password")
async def set_password(
    request: Request,
    developer: DeveloperOf,
    current: Annotated[str, Form(max_length=1000)],
    password: Annotated[str, Form(max_length=1000)],
) -> Response:
    """Ends every session but a new one in this browser."""
    store = store_of(request)
    try:
        await request.app.state.passwords.developer(developer.email, current, address_of(request))
        await change_password(store.sessions, developer.email, password)
    except Unauthorized:
        return _account_page(request, Unauthorized("The current password is wrong."))
    except (BadRequest, TooManyRequests) as failure:
        return _account_page(request, failure)
    cookie = await begin_session(store.sessions, request.app.state.clock(), developer=developer.email)
    visit_of(request).sign_in("developer", cookie)
    return go(request, "/console/account", say="The password is changed. All other browsers are signed out.")


@router.post("/sign-out")
async def sign_out(
    request: Request, developer: DeveloperOf, everywhere: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    if everywhere:
        await store_of(request).sessions.end_sessions(developer=developer.email)
    await forget_session(request, "developer")
    return go(request, "/console/sign-in", say="You are signed out.")


def _account_page(request: Request, failure: Failure | None = None) -> Response:
    problem = failure.reason if failure else ""
    return page(request, "console/account.html", failure.status if failure else 200, problem=problem)
