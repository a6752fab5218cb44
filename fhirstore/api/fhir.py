"""The FHIR endpoint: raw request bytes to raw response bytes, by the table of interactions.

One route for all types, outside of dependency injection: http://hl7.org/fhir/DSTU2/http.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

from fhirstore.api.formats import Format, read_resource, wanted_format
from fhirstore.api.requests import HttpRequest, read_body
from fhirstore.api.responses import failure_answer, reply_headers, send_answer
from fhirstore.auth.tokens import Bearers
from fhirstore.caller import Caller
from fhirstore.clock import Clock
from fhirstore.errors import Failure, MethodNotAllowed
from fhirstore.interactions.conformance import conformance
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.served import TABLE
from fhirstore.interactions.table import Interaction
from fhirstore.store.contract import Store
from fhirstore.store.scope import scope_of

PREFIXES = ("/dstu2", "/fhir/dstu2")
"""Both are addresses of the same endpoint; what it links to starts with the one that was called."""


@dataclass(frozen=True, slots=True)
class FhirParts:
    """What the endpoint is made of."""

    store: Store
    bearers: Bearers
    clock: Clock
    new_id: Callable[[], str]
    base_url: str | None
    resource_bytes: int
    bundle_bytes: int


class FhirRoute(BaseRoute):
    """Everything below one prefix."""

    def __init__(self, prefix: str, parts: FhirParts) -> None:
        self._prefix = prefix
        self._parts = parts

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path: str = scope.get("path", "")
        inside = path.startswith(self._prefix) and path[len(self._prefix) :][:1] in {"", "/"}
        return (Match.FULL if inside and scope["type"] == "http" else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: object) -> None:  # type: ignore[override]
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        format, minimal, base = Format(), False, ""
        try:
            http = HttpRequest.of(scope)
            base = self._base(http)
            format = wanted_format(http.headers, http.query)
            minimal = "return=minimal" in http.headers.get("prefer", "").replace(" ", "")
            reply = await self._answer(http, base, receive)
            headers, body, status = reply_headers(reply, base), reply.body, reply.status
            if minimal and reply.location:
                body = b""
        except Failure as failure:
            headers, body = failure_answer(failure)
            status = failure.status
        body = format.write(body) if body else body
        await send_answer(send, status, headers, body, format.media_type, head=scope["method"] == "HEAD")

    async def _answer(self, http: HttpRequest, base: str, receive: Receive) -> Reply:
        path = http.path.removeprefix(self._prefix)
        if path.strip("/") == "metadata":
            return self._metadata(http, base)
        match = TABLE.match(http.method, path)
        caller = await self._parts.bearers.caller(http.bearer())
        request = match.fill(await self._request(http, receive, match.interaction))
        return await perform(match.interaction, request, self._context(caller, base))

    async def _request(self, http: HttpRequest, receive: Receive, interaction: Interaction) -> Request:
        body = b""
        if http.method in {"POST", "PUT"}:
            is_bundle = interaction.code == "transaction"
            limit = self._parts.bundle_bytes if is_bundle else self._parts.resource_bytes
            body = await read_body(http.headers, receive, limit)
            if body or interaction.takes_resource:
                body = read_resource(http.headers, body)
        return Request(
            query=http.query,
            body=body,
            if_match=http.headers.get("if-match"),
            if_none_match=http.headers.get("if-none-match"),
            if_modified_since=http.headers.get("if-modified-since"),
            if_none_exist=http.headers.get("if-none-exist"),
        )

    def _context(self, caller: Caller, base: str) -> Context:
        store = self._parts.store
        resources = store.within(scope_of(caller))
        return Context(caller, resources, self._parts.clock, self._parts.new_id, store.cursors, base)

    def _metadata(self, http: HttpRequest, base: str) -> Reply:
        if http.method not in {"GET", "HEAD"}:
            raise MethodNotAllowed("The Conformance can only be read.", headers={"Allow": "GET, HEAD"})
        return Reply(200, conformance(base, f"{base.removesuffix(self._prefix)}/oauth2/token"))

    def _base(self, http: HttpRequest) -> str:
        address = self._parts.base_url or f"{http.scheme}://{http.headers.get('host', 'localhost')}"
        return address + self._prefix
