"""A developer's applications: made, set, given new secrets. Somebody else's application is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from fastapi import APIRouter, Depends, Form, Request, Response

from fhirstore.auth import applications
from fhirstore.auth.calls import by_application
from fhirstore.caller import Profile
from fhirstore.dstu2.levels import Level
from fhirstore.errors import BadRequest, NotFound
from fhirstore.store.accounts import Application
from fhirstore.web.pages import DeveloperOf, DeveloperPage
from fhirstore.web.rendering import go, page
from fhirstore.web.visits import store_of

_SETTINGS = ("name", "redirect_uris", "launch_uri", "profile", "level", "public")

router = APIRouter(route_class=DeveloperPage)

What = Literal["secret", "token"]
Name = Annotated[str, Form(max_length=1000)]


async def application_of(request: Request, client_id: str, developer: DeveloperOf) -> Application:
    """The developer's own application. Raises NotFound for every other."""
    application = await store_of(request).accounts.application(client_id)
    if application is None or application.developer != developer.email:
        raise NotFound("There is no such application among yours.")
    by_application(client_id)
    return application


ApplicationOf = Annotated[Application, Depends(application_of)]


@router.get("")
async def show_all(request: Request, developer: DeveloperOf) -> Response:
    return await _list_page(request, developer.email)


@router.post("/applications")
async def create(request: Request, developer: DeveloperOf, name: Name = "") -> Response:
    store, now = store_of(request), request.app.state.clock()
    try:
        new = await applications.create_application(store.accounts, name.strip(), now, developer=developer.email)
    except BadRequest as failure:
        return await _list_page(request, developer.email, failure.reason)
    by_application(new.client_id)
    return page(request, "console/created.html", name=name.strip(), new=new)


@router.get("/applications/{client_id}")
async def show(request: Request, application: ApplicationOf) -> Response:
    return _application_page(request, application)


@router.post("/applications/{client_id}/settings")
async def change(
    request: Request,
    application: ApplicationOf,
    name: Name = "",
    redirect_uris: Annotated[str, Form(max_length=20_000)] = "",
    launch_uri: Annotated[str, Form(max_length=2000)] = "",
    profile: Annotated[str, Form()] = "standard",
    level: Annotated[str, Form()] = "",
    public: Annotated[str, Form()] = "",
) -> Response:
    """Redirect URLs are one a line, each kept to the letter."""
    changes = {
        "name": name.strip(),
        "redirect_uris": tuple(dict.fromkeys(redirect_uris.split())),
        "launch_uri": launch_uri.strip() or None,
        "profile": _one_of(Profile, profile),
        "level": _one_of(Level, level) if level else None,
        "public": bool(public),
    }
    try:
        await applications.change_application(store_of(request).accounts, application.client_id, **changes)
    except BadRequest as failure:
        return _application_page(request, application, failure.reason, changes)
    return go(request, f"/console/applications/{application.client_id}", say="The settings are saved.")


@router.post("/applications/{client_id}/rotate")
async def rotate(request: Request, application: ApplicationOf, what: Annotated[What, Form()]) -> Response:
    """A new secret, or a new token of the organization, shown this once; the one before it stays good."""
    accounts = store_of(request).accounts
    make = applications.rotate_secret if what == "secret" else applications.rotate_organization_token
    secret = await make(accounts, application.client_id)
    return page(request, "console/rotated.html", application=application, what=what, secret=secret)


@router.post("/applications/{client_id}/revoke-previous")
async def revoke_previous(request: Request, application: ApplicationOf, what: Annotated[What, Form()]) -> Response:
    accounts = store_of(request).accounts
    if what == "secret":
        await applications.revoke_previous_secret(accounts, application.client_id)
        said = "The previous client secret works no more."
    else:
        await applications.revoke_previous_organization_token(accounts, application.client_id)
        said = "The previous organization token works no more."
    return go(request, f"/console/applications/{application.client_id}", say=said)


async def _list_page(request: Request, email: str, problem: str = "") -> Response:
    own = await store_of(request).accounts.applications_of(email)
    return page(request, "console/applications.html", 400 if problem else 200, applications=own, problem=problem)


def _application_page(
    request: Request, application: Application, problem: str = "", entered: Mapping[str, object] | None = None
) -> Response:
    kept = {field: getattr(application, field) for field in _SETTINGS}
    return page(
        request,
        "console/application.html",
        400 if problem else 200,
        application=application,
        entered=entered or kept,
        problem=problem,
        profiles=get_args(Profile),
        levels=get_args(Level),
        calls_per_hour=application.calls_per_hour or request.app.state.allowances.calls_per_hour,
    )


def _one_of(kind: object, value: str) -> str:
    if value not in get_args(kind):
        raise BadRequest("Something in this form is not one of the choices.")
    return value
