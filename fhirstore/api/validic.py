"""What all of Validic's addresses have in common: `.json` or not, the tokens, envelopes, the error triple.

Clients of the API know a closed set of statuses: 401, 403, 404, 406, 409, 422 and 500. The 429 is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from fhirstore.api.dependencies import AddressOf, BearersOf, CredentialsOf, count_call, told_allowance
from fhirstore.api.parameters import Members
from fhirstore.auth.calls import about_user, by_application
from fhirstore.auth.users import UserExists, UserFailure, UserHeld, UserUnknown
from fhirstore.caller import Caller
from fhirstore.errors import Failure, NotFound, Unauthorized, Unprocessable
from fhirstore.store.accounts import Application

router = APIRouter(prefix="/v1")

PAGE_LIMIT = 1000
PAGE_DEFAULT = 100

_STATUSES = {401, 403, 404, 406, 409, 422, 429}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_MESSAGES = {404: "Not Found", 406: "Not Acceptable", 422: "Unprocessable Entity"}


class ValidicRoute(APIRoute):
    """An address with or without `.json` behind it, whose failures are Validic's."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope.get("path", "")
        match, inner = super().matches({**scope, "path": path.removesuffix(".json")})
        return match, inner

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except (Failure, UserFailure) as error:
                return _refusal(request, error)

        return answer


async def nothing(rest: str) -> None:
    """Whatever is at none of Validic's addresses: the router comes after the others."""
    raise NotFound("There is nothing at this address")


router.add_api_route(
    "/{rest:path}", nothing, methods=_METHODS, include_in_schema=False, route_class_override=ValidicRoute
)


def _refusal(request: Request, error: Failure | UserFailure) -> JSONResponse:
    status, reason = _status_and_reason(error)
    body: dict[str, Any] = {"code": status, "message": _MESSAGES.get(status, HTTPStatus(status).phrase)}
    if reason is not None:
        body["errors"] = reason
    headers = error.headers if isinstance(error, Failure) else {}
    return JSONResponse(body, status, {**told_allowance(request), **headers})


def _status_and_reason(error: Failure | UserFailure) -> tuple[int, str | None]:
    """401 and 500 have no third member, and what it says at 403, 404 and 409 is fixed."""
    if isinstance(error, UserFailure):
        if isinstance(error, UserUnknown):
            return 404, "No user found"
        if isinstance(error, UserExists):
            return 409, "Duplicate User" if isinstance(error, UserHeld) else "User already exists"
        return 422, error.reason
    if error.status == 403:
        return 403, "Bad request"
    if error.status in {401, 500, 503}:
        return 401 if error.status == 401 else 500, None
    return error.status if error.status in _STATUSES else 422, error.reason


async def _organization(
    org: str,
    request: Request,
    response: Response,
    members: Members,
    credentials: CredentialsOf,
    address: AddressOf,
) -> Application:
    token = text_member(members, "access_token") or _token_of_header(request)
    application = await credentials.organization(org, token, address)
    await count_call(request, response, application)
    return application


OrganizationOf = Annotated[Application, Depends(_organization)]


async def _caller(request: Request, members: Members, bearers: BearersOf) -> Caller:
    token = text_member(members, "authentication_token") or _token_of_header(request)
    if not token:
        raise Unauthorized("The user's authentication_token is needed.")
    caller = await bearers.caller(token)
    by_application(caller.client_id)
    about_user(caller.user)
    return caller


CallerOf = Annotated[Caller, Depends(_caller)]


def _token_of_header(request: Request) -> str | None:
    """`Token token=…`, with or without quotes, as Ruby on Rails has it; a plain bearer token too."""
    scheme, _, rest = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip() or None
    name, _, value = rest.partition(",")[0].partition("=")
    return value.strip().strip('"') or None if scheme.lower() == "token" and name.strip() == "token" else None


def text_member(members: Mapping[str, Any], name: str, called: str | None = None) -> str | None:
    """A member that is text, or a number as text; None where it is absent, null or blank. Raises Unprocessable."""
    value = members.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unprocessable(f"{called or name.capitalize()} is invalid")
    return str(value).strip() or None


def object_member(members: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that has members, empty where it is absent or null. Raises Unprocessable."""
    value = members.get(name)
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise Unprocessable(f"{name.capitalize()} is invalid")
    return value


def page_of(members: Mapping[str, Any]) -> tuple[int, int]:
    """Offset and limit, from `limit` and either `page` or `offset`. Raises Unprocessable."""
    limit = min(_whole(members, "limit", 1) or PAGE_DEFAULT, PAGE_LIMIT)
    page = _whole(members, "page", 1)
    return ((page - 1) * limit if page else _whole(members, "offset", 0) or 0), limit


def summary(request: Request, base: str, results: int, offset: int = 0, limit: int = PAGE_DEFAULT) -> dict[str, Any]:
    """The head of a list: `results` counts all pages; the neighbouring pages are full addresses, tokens included."""
    return {
        "status": 200,
        "message": "Ok",
        "results": results,
        "start_date": None,
        "end_date": None,
        "offset": offset,
        "limit": limit,
        "previous": _page_url(request, base, max(offset - limit, 0), limit) if offset > 0 else None,
        "next": _page_url(request, base, offset + limit, limit) if offset + limit < results else None,
        "params": {"start_date": None, "end_date": None, "offset": offset, "limit": limit},
    }


def _page_url(request: Request, base: str, offset: int, limit: int) -> str:
    kept = [pair for pair in request.query_params.multi_items() if pair[0] not in {"offset", "limit", "page"}]
    # Some clients follow the address, and others take its page number alone.
    place = ("page", offset // limit + 1) if offset % limit == 0 else ("offset", offset)
    return f"{base}{request.url.path}?{urlencode([*kept, ('limit', limit), place])}"


def _whole(members: Mapping[str, Any], name: str, least: int) -> int | None:
    text = text_member(members, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise Unprocessable(f"{name.capitalize()} is invalid")
    return int(text)
