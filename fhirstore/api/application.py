"""Two applications behind one door: the FHIR endpoint, and FastAPI for every other route."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from fhirstore.api.fhir import PREFIXES, FhirEndpoint, FhirParts


class Application(FastAPI):
    """What is below the FHIR addresses passes FastAPI by: routing and its like are half of what a read would cost.

    `around` is what every request goes through, the outermost first, and `around_routes` what only the routes need.
    """

    def __init__(
        self, parts: FhirParts, around: Sequence[Middleware], around_routes: Sequence[Middleware], **about: Any
    ) -> None:
        super().__init__(middleware=[*around, *around_routes], **about)
        self._endpoints = {prefix: _within(around, FhirEndpoint(prefix, parts)) for prefix in PREFIXES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        prefix = fhir_prefix(scope["path"]) if scope["type"] == "http" else None
        await (super().__call__ if prefix is None else self._endpoints[prefix])(scope, receive, send)


def fhir_prefix(path: str) -> str | None:
    """The address of the endpoint that a path is below, if it is; `.well-known` and its like are not FHIR's."""
    for prefix in PREFIXES:
        if path.startswith(prefix):
            rest = path[len(prefix) : len(prefix) + 2]
            return prefix if not rest or (rest[0] == "/" and rest != "/.") else None
    return None


def _within(around: Sequence[Middleware], app: ASGIApp) -> ASGIApp:
    for middleware, args, kwargs in reversed(around):
        app = middleware(app, *args, **kwargs)
    return app
