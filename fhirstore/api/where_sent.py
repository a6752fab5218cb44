"""A middleware that only some requests need: those with a certain header are led through it, all others past it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class WhereSent:
    """`header` is its name in lower case. Pure ASGI."""

    def __init__(self, app: ASGIApp, header: bytes, middleware: Callable[[ASGIApp], ASGIApp]) -> None:
        self._header = header
        self._past = app
        self._through = middleware(app)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            for name, _ in scope["headers"]:
                if name == self._header:
                    return self._through(scope, receive, send)
        return self._past(scope, receive, send)
