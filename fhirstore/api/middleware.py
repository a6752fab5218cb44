"""Around every request: an id, a line in the log, and a plain answer to what nobody foresaw. Pure ASGI.

The log names method, route, status and time. It never holds a query, a header or a body: tokens and health data
travel there.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirstore.api.log_lines import log_line
from fhirstore.auth.usage import kind_of
from fhirstore.dstu2.catalog import resource_types
from fhirstore.dstu2.outcome import operation_outcome
from fhirstore.errors import Issue
from fhirstore.interactions.notes import REQUEST_ID
from fhirstore.store.usage import Kind

MANAGED_BY, ASKED_BY = "managed_by", "asked_by"
"""The client_id behind a call of user management, and behind a request of the FHIR API."""

_log = logging.getLogger("fhirstore")
_PROCESS, _requests = secrets.token_hex(4), count(1)
_WELL_FORMED = re.compile(r"[A-Za-z0-9\-_.]{1,64}")


class RequestLog:
    """Gives each request its `X-Request-Id` (the client's own where it sent a proper one), logs and counts its end.

    Whoever learns which application a request is of puts its client_id into the request's state, under one of the
    two names below.
    """

    def __init__(self, app: ASGIApp, count: Callable[[str, Kind], None]) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope[REQUEST_ID] = _request_id(scope)
        started = time.perf_counter()
        status = 0
        state: dict[str, Any] = scope.setdefault("state", {})

        def send_on(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            return send(message)

        try:
            await self._app(scope, receive, send_on)
        except Exception as error:  # noqa: BLE001 - the last resort: logged with its place, answered plainly
            # Neither the error's text nor its chain: they may quote the request.
            _log.error("request %s failed: %s at %s", request_id, type(error).__name__, _place(error))
            if status == 0:
                await _answer_unforeseen(send_on, scope["path"], request_id)
        finally:
            if ASKED_BY in state:
                self._count(state[ASKED_BY], kind_of(status, management=False))
            if MANAGED_BY in state:
                self._count(state[MANAGED_BY], kind_of(status, management=True))
            took = time.perf_counter() - started
            log_line(_log, _line, scope["method"], scope["path"], status, took, request_id)


def _line(method: str, path: str, status: int, took: float, request_id: str) -> str:
    return f"{method} {_route(path)} {status} {took * 1000:.1f} ms {request_id}"


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: str = value.decode("latin-1")
            if _WELL_FORMED.fullmatch(given):
                return given
    return f"{_PROCESS}{next(_requests):08x}"


def _route(path: str) -> str:
    """The path with everything but the API's own words left out: ids, and what people mistype, point at people."""
    return "/".join([each if each in _WORDS or _is_operation(each) else "*" for each in path.split("/", 8)[:8]])


def _is_operation(segment: str) -> bool:
    return segment[0] in "$_" and _OPERATION.fullmatch(segment) is not None


_VALIDIC = ("organizations", "authorization", "new_user", "users", "refresh_token", "me", "profile", "apps")
_WORDS = frozenset(
    (
        *("", "dstu2", "fhir", "metadata", "health", "ready", "docs", "static", *resource_types()),
        *("oauth2", "token", "revoke", "introspect", "authorize", "decision", ".well-known", "jwks.json"),
        *("openid-configuration", "oauth-authorization-server", "smart-configuration"),
        *("user-management", "v1", "user", "auth-code", "sign-in-link", "launch", "grant", "source", "removal"),
        *("sign-in", "sign-out", "sign-up", "welcome", "granted-apps", "health-history"),
        *("console", "account", "applications", "usage", "audit", "try"),
        *_VALIDIC,
        *(f"{word}.json" for word in _VALIDIC),
    )
)
_OPERATION = re.compile(r"[_$][a-z\-]{1,30}")


def _place(error: BaseException) -> str:
    """File and line where the error arose."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"


async def _answer_unforeseen(send: Send, path: str, request_id: str) -> None:
    if path.startswith("/v1/"):  # in the words of Validic's API, whose clients know no other
        body, media_type = b'{"code":500,"message":"Internal Server Error"}', b"application/json"
    else:
        reason = f"The server failed to answer. The log knows more under request {request_id}."
        body, media_type = operation_outcome([Issue("fatal", "exception", reason)]), b"application/json+fhir"
    headers = [(b"content-type", media_type + b"; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
