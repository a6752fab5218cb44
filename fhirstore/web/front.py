"""What a browser finds that comes without being sent: the front page, and the API beside FHIR's described."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from fhirstore.web.pages import Page
from fhirstore.web.rendering import page

router = APIRouter(include_in_schema=False, route_class=Page)

_PARTS = ("User management", "OAuth2", "Validic", "Health")
"""The tags of the routes, in the order in which people need them."""
_CREDENTIALS = {"client_id", "client_secret", "access_token", "authentication_token"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API; `parameters` are names with their meanings."""

    part: str
    method: str
    path: str
    summary: str
    parameters: list[tuple[str, str]]


@router.get("/")
async def front(request: Request) -> Response:
    return page(request, "front.html", prefix=request.app.state.fhir_prefixes[0])


@router.get("/docs")
async def described(request: Request) -> Response:
    calls = list(_calls(request.app.openapi()))
    parts = [(part, [call for call in calls if call.part == part]) for part in _PARTS]
    return page(request, "api.html", parts=parts, prefix=request.app.state.fhir_prefixes[0])


def _calls(document: dict[str, Any]) -> Iterator[Call]:
    """What the OpenAPI document tells of each call, in the order of the routes."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            # What stands in the path itself needs no word, and what nearly every call takes is told once.
            told = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
            parameters = [(each["name"], each["description"]) for each in told if each["name"] not in _CREDENTIALS]
            yield Call(operation["tags"][0], method.upper(), path, operation["summary"], parameters)
