"""The FHIR endpoint: raw request bytes to raw response bytes, by the table of interactions.

One place for all types, outside of routing and dependency injection: http://hl7.org/fhir/DSTU2/http.html.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.types import ASGIApp, Receive, Scope, Send

from fhirstore.api.binary import RAW_HEADERS, is_raw, unwrap, wants_raw, wrap
from fhirstore.api.formats import Format, read_resource, wanted_format
from fhirstore.api.middleware import ASKED_BY
from fhirstore.api.requests import CREDENTIALS, HttpRequest, decode_query, read_body
from fhirstore.api.responses import PRIVATE, failure_answer, reply_headers, send_answer
from fhirstore.api.sharing import DONE, Sharing, asked_sharing
from fhirstore.api.transfers import Asked as Transfer
from fhirstore.api.transfers import Transfers, asked_transfer
from fhirstore.auth.back_office import BackOffice
from fhirstore.auth.tokens import Bearers
from fhirstore.caller import Caller
from fhirstore.dstu2.sources import is_absolute_uri
from fhirstore.errors import BadRequest, Failure, MethodNotAllowed, Unprocessable
from fhirstore.interactions.conformance import conformance
from fhirstore.interactions.doorway import Doorway
from fhirstore.interactions.notes import REQUEST_ID
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Request, is_minimal
from fhirstore.interactions.served import TABLE
from fhirstore.interactions.table import Match
from fhirstore.interactions.validate import verdict
from fhirstore.store.trail import USER_TYPE

PREFIXES = ("/dstu2", "/fhir/dstu2")
"""Both are addresses of the same endpoint; what it links to starts with the one that was called."""

OAUTH_PATHS = {
    "authorize": "/oauth2/authorize",
    "token": "/oauth2/token",
    "manage": "/granted-apps",
    "revoke": "/oauth2/revoke",
    "introspect": "/oauth2/introspect",
}
"""Where the authorization server's endpoints are, by the names that SMART on FHIR's Conformance has for them."""


@dataclass(frozen=True, slots=True)
class FhirParts:
    """What the endpoint is made of. Sizes of bodies are in bytes."""

    doorway: Doorway
    bearers: Bearers
    back_office: BackOffice
    base_url: str | None
    resource_bytes: int
    bundle_bytes: int
    transfers: Transfers


class FhirEndpoint:
    """Everything below one prefix, and the application's own routes for the rest. Pure ASGI."""

    def __init__(self, app: ASGIApp, prefix: str, parts: FhirParts) -> None:
        self._app = app
        self._prefix = prefix
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._handle if self._is_inside(scope) else self._app)(scope, receive, send)

    def _is_inside(self, scope: Scope) -> bool:
        """Whether a request is for this endpoint; `.well-known` and its like are not FHIR's."""
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(self._prefix):
            return False
        rest = path[len(self._prefix) : len(self._prefix) + 2]
        return not rest or (rest[0] == "/" and rest != "/.")

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        http, base, format = None, "", Format()
        try:
            http = HttpRequest.of(scope)
            base = self._base(http)
            raw = is_binary(http.path) and wants_raw(http.headers, http.query)
            format = Format() if raw else wanted_format(http.headers, http.query)
            if sharing := asked_sharing(http.method, http.path.removeprefix(self._prefix)):
                await self._share(sharing, http, scope)
                await send_answer(send, 200, [PRIVATE], DONE, "application/json")
                return
            if transfer := asked_transfer(http.path.removeprefix(self._prefix)):
                await self._transfer(transfer, http, base, scope, receive, send)
                return
            reply = await self._answer(http, base, scope, receive)
            headers, body, status = reply_headers(reply, base), reply.body, reply.status
            if raw and reply.version is not None and body and (content := unwrap(body)):
                headers += RAW_HEADERS
                await send_answer(send, status, headers, content[1], content[0])
                return
            if reply.location and is_minimal(http.headers.get("prefer")):
                body = b""
        except Failure as failure:
            headers, body = failure_answer(failure)
            status = failure.status
        body = format.write(body) if body else body
        await send_answer(send, status, headers, body, format.content_type)

    async def _answer(self, http: HttpRequest, base: str, scope: Scope, receive: Receive) -> Reply:
        path = http.path.removeprefix(self._prefix)
        if path.strip("/") == "metadata" or (http.method == "OPTIONS" and not path.strip("/")):
            return self._metadata(http, base)
        match = TABLE.match(http.method, path)
        caller, http = await self._caller(http)
        notes = self._parts.doorway.notes(caller, scope.get(REQUEST_ID, ""), http.address)
        scope.setdefault("state", {})[ASKED_BY] = caller.client_id
        if match.interaction.code.startswith("history-"):
            _require_one(caller)
        try:
            request = await self._request(http, receive, match)
        except Failure as failure:
            if notes is not None:
                notes.note(match.interaction.code, match.interaction.access, failure.status, match.type, match.id)
            if match.interaction.code != "$validate" or not isinstance(failure, BadRequest | Unprocessable):
                raise
            return verdict(failure.issues)  # that it cannot be read is what there is to say of it
        context = self._parts.doorway.context(caller, base, notes, named_source(http))
        return await perform(match.interaction, request, context)

    async def _caller(self, http: HttpRequest) -> tuple[Caller, HttpRequest]:
        """Whoever's token it is; or, without one, the user whom an application with its secret names.

        And the request without that secret, so that what is left of its query is the question.
        """
        user = http.headers.get("x-oneup-user-id")
        if user is None or http.has_bearer:
            return await self._parts.bearers.caller(http.bearer()), http
        caller = await self._parts.back_office.caller(*http.client_credentials(), user, http.address)
        return caller, replace(http, query=[pair for pair in http.query if pair[0] not in CREDENTIALS])

    async def _share(self, sharing: Sharing, http: HttpRequest, scope: Scope) -> None:
        parts = self._parts
        caller = await parts.bearers.caller(http.bearer())
        notes = parts.doorway.notes(caller, scope.get(REQUEST_ID, ""), http.address)
        status = 200
        try:
            await sharing.carry_out(parts.doorway.store, parts.bearers, caller, parts.doorway.clock())
        except Failure as failure:
            status = failure.status
            raise
        finally:
            if notes is not None:
                notes.note(sharing.action, "write", status, USER_TYPE, str(sharing.recipient), patient=sharing.patient)

    async def _transfer(
        self, asked: Transfer, http: HttpRequest, base: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        caller, http = await self._caller(http)
        _require_one(caller)
        notes, status = self._parts.doorway.notes(caller, scope.get(REQUEST_ID, ""), http.address), 500
        try:
            status = await self._parts.transfers.answer(asked, http, caller, base, receive, send)
        except Failure as failure:
            status = failure.status
            raise
        finally:
            # Asking how far it came is no event; beginning it, and fetching a file, is.
            if notes is not None and (asked.file or not asked.job):
                notes.note(f"${asked.kind}", "write" if asked.kind == "import" else "read", status, asked.file, "")

    async def _request(self, http: HttpRequest, receive: Receive, match: Match) -> Request:
        query, body = http.query, b""
        if http.method in {"POST", "PUT"}:
            is_bundle = match.interaction.code == "transaction"
            limit = self._parts.bundle_bytes if is_bundle else self._parts.resource_bytes
            body = await read_body(http.headers, receive, limit)
            if match.interaction.code.startswith("search-"):
                query, body = [*query, *decode_query(body)], b""
            elif match.type == "Binary" and match.interaction.takes_resource and is_raw(http.headers):
                body = wrap(http.headers, body, match.id)
            elif body or match.interaction.takes_resource:
                body = read_resource(http.headers, body)
        header = http.headers.get
        return Request(
            type=match.type,
            id=match.id,
            vid=match.vid,
            linked=match.linked,
            query=query,
            body=body,
            if_match=header("if-match"),
            if_none_match=header("if-none-match"),
            if_modified_since=header("if-modified-since"),
            if_none_exist=header("if-none-exist"),
            prefer=header("prefer"),
        )

    def _metadata(self, http: HttpRequest, base: str) -> Reply:
        if http.method not in {"GET", "HEAD", "OPTIONS"}:
            raise MethodNotAllowed("The Conformance can only be read.", headers={"Allow": "GET, HEAD, OPTIONS"})
        server = base.removesuffix(self._prefix)
        oauth_uris = {name: server + path for name, path in OAUTH_PATHS.items()}
        return Reply(200, conformance(base, oauth_uris, self._parts.doorway.limits))

    def _base(self, http: HttpRequest) -> str:
        address = self._parts.base_url or f"{http.scheme}://{http.headers.get('host', 'localhost')}"
        return address + self._prefix


def _require_one(caller: Caller) -> None:
    """Raises BadRequest where an application asks for all of its users at once."""
    if caller.everybody:
        raise BadRequest("This can be asked for one user alone: x-oneup-user-id must name one.")


def named_source(http: HttpRequest) -> str | None:
    """The source of all that a request writes, where it names one. Raises BadRequest for what is no absolute URI."""
    named = http.headers.get("x-source")
    if named is not None and not is_absolute_uri(named):
        raise BadRequest("X-Source must be an absolute URI.")
    return named


def is_binary(path: str) -> bool:
    return "/Binary/" in path
