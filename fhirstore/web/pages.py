"""Routes that answer with pages: who may open them, what forms they take, how a refusal looks.

A router chooses one of the classes: `APIRouter(prefix="/console", route_class=DeveloperPage)`. Nothing here can be
forgotten by a page: an unsafe method without the form's token never reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from fhirstore.auth.users import UserFailure
from fhirstore.caller import Caller
from fhirstore.errors import BadRequest, Failure, NotFound, Unauthorized
from fhirstore.store.sessions import Developer, Who
from fhirstore.web.forms import check_form, limited
from fhirstore.web.rendering import HEADERS, go, page
from fhirstore.web.visits import Visit, begin_visit, visit_of

_SAFE = {"GET", "HEAD"}


class Page(APIRoute):
    """A page for everybody. `who` says whose session it looks for, `required` that there must be one."""

    who: ClassVar[Who | None] = None
    required: ClassVar[bool] = False

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            request = Request(request.scope, limited(request.receive))
            try:
                response = await self._answer(request, handle)
            except Failure as failure:
                response = refusal(request, failure)
            except UserFailure as failure:
                response = refusal(request, BadRequest(failure.reason))
            except (RequestValidationError, HTTPException):
                response = refusal(request, BadRequest("Something in this form or address is missing or wrong."))
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            if visit := _visit(request):
                visit.set_cookies(response)
            return response

        return answer

    async def _answer(self, request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]) -> Response:
        visit = request.state.visit = await begin_visit(request, self.who)
        if self.required and visit.session is None:
            return _ask_to_sign_in(request, self.who)
        if request.method not in _SAFE:
            await check_form(request, visit)
        return await handle(request)


class DeveloperPage(Page):
    """A page of the console: whoever is not signed in is led to the sign-in page first."""

    who = "developer"
    required = True


class UserPage(Page):
    """A page about a user's own record, for nobody else."""

    who = "user"
    required = True


class UserOrStrangerPage(Page):
    """A page that knows a user who is signed in, and has something to say to whoever is not."""

    who = "user"


def refusal(request: Request, failure: Failure) -> Response:
    """A failure as a page, in plain words."""
    return page(request, "failure.html", failure.status, reason=failure.reason)


async def current_developer(request: Request) -> Developer:
    """Who is at the console. Raises Unauthorized."""
    developer = visit_of(request).developer
    if developer is None:
        raise Unauthorized("Sign in first.")
    return developer


async def current_user(request: Request) -> Caller:
    """Who reads their own record, as a caller of their own application. Raises Unauthorized."""
    caller = visit_of(request).caller
    if caller is None:
        raise Unauthorized("Sign in first.")
    return caller


async def nothing(rest: str) -> Response:
    """Whatever is at none of a router's addresses: it comes after the others."""
    raise NotFound("There is nothing at this address.")


VisitOf = Annotated[Visit, Depends(visit_of)]
DeveloperOf = Annotated[Developer, Depends(current_developer)]
UserOf = Annotated[Caller, Depends(current_user)]


def _ask_to_sign_in(request: Request, who: Who | None) -> Response:
    if who == "user":
        return page(request, "signed_out.html", 401)
    if request.method not in _SAFE:
        return refusal(request, Unauthorized("You are signed out. Sign in and try again."))
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return go(request, f"/console/sign-in?next={quote(wanted, safe='')}")


def _visit(request: Request) -> Visit | None:
    return getattr(request.state, "visit", None)
