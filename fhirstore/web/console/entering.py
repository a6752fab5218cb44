"""The way into the console: sign in, sign up where everybody may, and the link by which an account is first made."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from fhirstore.auth.developers import accept_link, create_developer
from fhirstore.auth.sign_in import begin_session, local_path, open_link
from fhirstore.errors import BadRequest, Conflict, Failure, NotFound, TooManyRequests, Unauthorized
from fhirstore.web.pages import Page
from fhirstore.web.rendering import go, page
from fhirstore.web.visits import address_of, forget_session, store_of, visit_of

router = APIRouter(route_class=Page)

SIGN_UP_LIMIT, SIGN_UP_SPAN = 10, 3_600_000
"""So many accounts are made from one address within an hour, in milliseconds."""

Text = Annotated[str, Form(max_length=1000)]
Next = Annotated[str, Form(max_length=4000)]


@router.get("/sign-in")
async def ask(request: Request, next: str = "/console") -> Response:
    return _sign_in_page(request, next)


@router.post("/sign-in")
async def sign_in(request: Request, email: Text, password: Text, next: Next = "/console") -> Response:
    try:
        developer = await request.app.state.passwords.developer(email, password, address_of(request))
    except (Unauthorized, TooManyRequests) as failure:
        return _sign_in_page(request, next, email, failure)
    return await _enter(request, developer.email, local_path(next))


@router.get("/sign-up")
async def offer_account(request: Request) -> Response:
    _require_sign_up(request)
    return page(request, "console/sign_up.html", problem="", email="")


@router.post("/sign-up")
async def sign_up(request: Request, email: Text, password: Text) -> Response:
    _require_sign_up(request)
    store, now = store_of(request), request.app.state.clock()
    window = await store.accounts.count(f"sign-up/{address_of(request)}", now, SIGN_UP_SPAN)
    try:
        if window.count > SIGN_UP_LIMIT:
            raise TooManyRequests("Too many accounts were made from this address. Try again in an hour.")
        developer = await create_developer(store.sessions, email, password, now)
    except (BadRequest, Conflict, TooManyRequests) as failure:
        return page(request, "console/sign_up.html", failure.status, problem=failure.reason, email=email)
    return await _enter(request, developer.email, "/console")


@router.get("/welcome/{secret}")
async def offer_password(request: Request, secret: str) -> Response:
    link = await open_link(store_of(request), secret, "developer", request.app.state.clock)
    return _welcome_page(request, link.developer)


@router.post("/welcome/{secret}")
async def choose_password(request: Request, secret: str, password: Text, email: Text = "") -> Response:
    store, clock = store_of(request), request.app.state.clock
    link = await open_link(store, secret, "developer", clock)
    try:
        chosen = await accept_link(store, secret, email, password, clock)
    except (BadRequest, Conflict) as failure:
        return _welcome_page(request, link.developer, email, failure)
    return await _enter(request, chosen, "/console")


async def _enter(request: Request, email: str, next: str) -> Response:
    """Begin a session of a new name: whoever knew the one before it is not let in."""
    await forget_session(request, "developer")
    cookie = await begin_session(store_of(request).sessions, request.app.state.clock(), developer=email)
    visit_of(request).sign_in("developer", cookie)
    return go(request, next)


def _sign_in_page(request: Request, next: str, email: str = "", failure: Failure | None = None) -> Response:
    status, problem = (failure.status, failure.reason) if failure else (200, "")
    return page(
        request,
        "console/sign_in.html",
        status,
        next=local_path(next),
        email=email,
        problem=problem,
        sign_up=request.app.state.sign_up == "open",
    )


def _welcome_page(request: Request, known: str | None, email: str = "", failure: Failure | None = None) -> Response:
    status, problem = (failure.status, failure.reason) if failure else (200, "")
    return page(request, "console/welcome.html", status, known=known, email=email, problem=problem)


def _require_sign_up(request: Request) -> None:
    if request.app.state.sign_up != "open":
        raise NotFound("Accounts here are made by whoever runs this server.")
