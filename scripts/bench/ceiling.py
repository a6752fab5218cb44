"""The ceiling: what this server, event loop and HTTP parser do with a route that answers 1 KB from memory."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ANSWER = b'{"resourceType":"Observation","comments":"' + b"x" * 980 + b'"}'


async def answer(_: Request) -> Response:
    return Response(ANSWER, media_type="application/json+fhir")


app = Starlette(routes=[Route("/{type}/{id}", answer)])
