"""The users of an application: found, looked at, switched off and on, let into their own pages. Never their records."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from fhirstore.auth.sign_in import LINK_SECONDS, user_link
from fhirstore.auth.users import UserUnknown, find_user, update_user
from fhirstore.errors import Conflict, NotFound
from fhirstore.store.accounts import Accounts, Application, User, UserPage, UserQuery
from fhirstore.web.console.applications import ApplicationOf
from fhirstore.web.pages import DeveloperPage, VisitOf
from fhirstore.web.rendering import go, page
from fhirstore.web.visits import store_of

router = APIRouter(prefix="/applications/{client_id}/users", route_class=DeveloperPage)

PAGE = 50
_MOST = 1_000_000_000


async def user_of(request: Request, application: ApplicationOf, id: int) -> User:
    """A user of the developer's own application. Raises NotFound for every other."""
    try:
        return await find_user(store_of(request).accounts, application, id=id)
    except UserUnknown as failure:
        raise NotFound("There is no such user of this application.") from failure


UserOfApplication = Annotated[User, Depends(user_of)]


@router.get("")
async def show_all(
    request: Request,
    application: ApplicationOf,
    search: Annotated[str, Query(max_length=256)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=_MOST)] = 1,
) -> Response:
    found = await _search(store_of(request).accounts, application, search.strip(), number)
    first = (number - 1) * PAGE + 1
    return page(
        request,
        "console/users.html",
        application=application,
        users=found.users,
        search=search,
        total=found.total,
        first=first,
        last=first + len(found.users) - 1,
        newer=_address(search, number - 1) if number > 1 else None,
        older=_address(search, number + 1) if first + PAGE - 1 < found.total else None,
    )


@router.get("/{id}")
async def show(request: Request, application: ApplicationOf, user: UserOfApplication) -> Response:
    return await _user_page(request, application, user)


@router.post("/{id}/active")
async def switch(
    request: Request,
    application: ApplicationOf,
    user: UserOfApplication,
    active: Annotated[bool, Form()],
) -> Response:
    """Switching off ends the user's sessions; tokens are refused from then on."""
    now = request.app.state.clock()
    await update_user(store_of(request).accounts, user, now, active=active)
    request.app.state.bearers.forget(user.id)
    said = "The user is active." if active else "The user is switched off, and signed out everywhere."
    return go(request, f"/console/applications/{application.client_id}/users/{user.id}", say=said)


@router.post("/{id}/sign-in-link")
async def give_link(request: Request, application: ApplicationOf, user: UserOfApplication, visit: VisitOf) -> Response:
    if not user.active:
        raise Conflict("This user is switched off.")
    secret = await user_link(store_of(request).sessions, user, "/health-history", request.app.state.clock())
    return await _user_page(request, application, user, f"{visit.base}/sign-in/{secret}")


async def _search(accounts: Accounts, application: Application, search: str, number: int) -> UserPage:
    """By what an app_user_id begins with; a number may be the user's own."""
    if search.isascii() and search.isdigit() and len(search) < 16:
        found = await accounts.users(UserQuery(application.client_id, id=int(search), count=1))
        if found.users:
            return found
    query = UserQuery(application.client_id, beginning=search or None, skip=(number - 1) * PAGE, count=PAGE)
    return await accounts.users(query)


async def _user_page(request: Request, application: Application, user: User, link: str = "") -> Response:
    store = store_of(request)
    counts = await store.holdings.counts(user.id)
    consents = await store.consents.consents(user.id)
    allowed = [(await store.accounts.application(each.client_id), each) for each in consents]
    return page(
        request,
        "console/user.html",
        application=application,
        user=user,
        counts=counts,
        allowed=allowed,
        link=link,
        link_minutes=LINK_SECONDS // 60,
    )


def _address(search: str, number: int) -> str:
    return "?" + urlencode({"search": search, "page": number} if search else {"page": number})
