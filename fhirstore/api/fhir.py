"""The FHIR endpoint: raw request bytes to raw response bytes, by the table of interactions.

One place for all types, outside of routing and dependency injection: http://hl7.org/fhir/DSTU2/http.html.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from fhirstore.api.binary import RAW_HEADERS, is_raw, unwrap, wants_raw, wrap
from fhirstore.api.formats import PLAIN, Format, read_resource, wanted_format
from fhirstore.api.middleware import ASKED_BY
from fhirstore.api.requests import HttpRequest, decode_query, read_body
from fhirstore.api.responses import PRIVATE, failure_answer, reply_headers, send_answer
from fhirstore.api.sharing import DONE, asked_sharing
from fhirstore.api.transfers import Transfers, asked_transfer
from fhirstore.auth.back_office import BackOffice
from fhirstore.auth.tokens import Bearers
from fhirstore.caller import Caller
from fhirstore.dstu2.sources import is_absolute_uri
from fhirstore.errors import BadRequest, Failure, MethodNotAllowed, NotFound, Unprocessable
from fhirstore.interactions.conformance import conformance
from fhirstore.interactions.doorway import Doorway
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Request, is_minimal
from fhirstore.interactions.served import TABLE
from fhirstore.interactions.table import Match
from fhirstore.interactions.validate import verdict
from fhirstore.store.trail import USER_TYPE

PREFIXES = ("/dstu2", "/fhir/dstu2")
"""Both are addresses of the same endpoint; what it links to starts with the one that was called."""

FORM_BYTES = 1_000_000
"""The longest form of a search, in bytes: to take one apart takes much longer than to read JSON."""

OAUTH_PATHS = {
    "authorize": "/oauth2/authorize",
    "token": "/oauth2/token",
    "manage": "/granted-apps",
    "revoke": "/oauth2/revoke",
    "introspect": "/oauth2/introspect",
}
"""Where the authorization server's endpoints are, by the names that SMART on FHIR's Conformance has for them."""

Way = Callable[[HttpRequest, Format, Receive, Send], Awaitable[None]]
"""What answers a request."""


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
    """Everything below one prefix: the interactions of the table, and the endpoint's own addresses. Pure ASGI."""

    def __init__(self, prefix: str, parts: FhirParts) -> None:
        self._prefix = prefix
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        format = PLAIN
        try:
            http = HttpRequest.of(scope, self._prefix, self._parts.base_url)
            format = _format(http)
            await self._answer(http, format, receive, send)
        except Failure as failure:
            headers, body = failure_answer(failure)
            await send_answer(send, failure.status, headers, format.write(body), format.content_type)

    def _answer(self, http: HttpRequest, format: Format, receive: Receive, send: Send) -> Awaitable[None]:
        """By an interaction, or by something of the endpoint's own where there is none. Raises NotFound."""
        try:
            match = TABLE.match(http.method, http.path)
        except (NotFound, MethodNotAllowed):
            own = self._own_way(http)
            if own is None:
                raise
            return own(http, format, receive, send)
        return self._interact(match, http, format, receive, send)

    def _own_way(self, http: HttpRequest) -> Way | None:
        path = http.path.strip("/")
        if path == "metadata" or (not path and http.method == "OPTIONS"):
            return self._tell
        if "/_permission/" in path:
            return self._share
        return self._transfer if path.startswith(("$import", "$export")) else None

    async def _interact(self, match: Match, http: HttpRequest, format: Format, receive: Receive, send: Send) -> None:
        interaction = match.interaction
        caller = await self._caller(http)
        notes = self._parts.doorway.notes(caller, http.id, http.address)
        http.state[ASKED_BY] = caller.client_id
        if interaction.code.startswith("history-"):
            _require_one(caller)
        try:
            query, body = http.question, b""
            if http.method in {"POST", "PUT"}:
                query, body = await self._receive(http, receive, match)
        except Failure as failure:
            if notes is not None:
                notes.note(interaction.code, interaction.access, failure.status, match.type, match.id)
            if interaction.code != "$validate" or not isinstance(failure, BadRequest | Unprocessable):
                raise
            reply = verdict(failure.issues)  # that it cannot be read is what there is to say of it
        else:
            context = self._parts.doorway.context(caller, http.base, notes, named_source(http))
            reply = await perform(interaction, _request(match, query, body, http.headers), context)
        await send_reply(send, reply, http, format)

    def _caller(self, http: HttpRequest) -> Awaitable[Caller]:
        """Whoever's token it is; or, without one, the user whom an application with its secret names."""
        user = http.named_user
        if user is None:
            return self._parts.bearers.caller(http.bearer())
        return self._parts.back_office.caller(*http.client_credentials(), user, http.address)

    async def _share(self, http: HttpRequest, _: Format, receive: Receive, send: Send) -> None:
        sharing, parts = asked_sharing(http.method, http.path), self._parts
        caller = await parts.bearers.caller(http.bearer())
        notes = parts.doorway.notes(caller, http.id, http.address)
        status = 200
        try:
            await sharing.carry_out(parts.doorway.store, parts.bearers, caller, parts.doorway.clock())
        except Failure as failure:
            status = failure.status
            raise
        finally:
            if notes is not None:
                notes.note(sharing.action, "write", status, USER_TYPE, str(sharing.recipient), patient=sharing.patient)
        await send_answer(send, 200, [PRIVATE], DONE, "application/json")

    async def _transfer(self, http: HttpRequest, _: Format, receive: Receive, send: Send) -> None:
        asked = asked_transfer(http.path)
        caller = await self._caller(http)
        _require_one(caller)
        notes, status = self._parts.doorway.notes(caller, http.id, http.address), 500
        try:
            status = await self._parts.transfers.answer(asked, http, caller, receive, send)
        except Failure as failure:
            status = failure.status
            raise
        finally:
            # Asking how far it came is no event; beginning it, and fetching a file, is.
            if notes is not None and (asked.file or not asked.job):
                notes.note(f"${asked.kind}", "write" if asked.kind == "import" else "read", status, asked.file, "")

    async def _tell(self, http: HttpRequest, format: Format, _: Receive, send: Send) -> None:
        """The Conformance: http://hl7.org/fhir/DSTU2/http.html#conformance."""
        if http.method not in {"GET", "HEAD", "OPTIONS"}:
            raise MethodNotAllowed("The Conformance can only be read.", headers={"Allow": "GET, HEAD, OPTIONS"})
        server = http.base.removesuffix(self._prefix)
        oauth_uris = {name: server + path for name, path in OAUTH_PATHS.items()}
        reply = Reply(200, conformance(http.base, oauth_uris, self._parts.doorway.limits))
        await send_reply(send, reply, http, format)

    async def _receive(self, http: HttpRequest, receive: Receive, match: Match) -> tuple[list[tuple[str, str]], bytes]:
        """The query, with what a form adds to it, and the body as JSON. Raises what is wrong with either."""
        is_form = match.interaction.code.startswith("search-")
        limit = self._parts.bundle_bytes if match.interaction.code == "transaction" else self._parts.resource_bytes
        body = await read_body(http.headers, receive, min(limit, FORM_BYTES) if is_form else limit)
        if is_form:
            return [*http.question, *decode_query(body)], b""
        if match.type == "Binary" and match.interaction.takes_resource and is_raw(http.headers):
            body = wrap(http.headers, body, match.id)
        elif body or match.interaction.takes_resource:
            body = read_resource(http.headers, body)
        return http.question, body


def _request(match: Match, query: Sequence[tuple[str, str]], body: bytes, headers: Mapping[str, str]) -> Request:
    header = headers.get
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


def _format(http: HttpRequest) -> Format:
    """Raises NotAcceptable."""
    if "/Binary/" in http.path and wants_raw(http.headers, http.query):
        return Format(raw=True)
    return wanted_format(http.headers, http.query)


def send_reply(send: Send, reply: Reply, http: HttpRequest, format: Format) -> Awaitable[None]:
    """Send what an interaction answered, as the client wants it written."""
    headers, body = reply_headers(reply, http.base), reply.body
    if format.raw and reply.version is not None and body and (content := unwrap(body)):
        return send_answer(send, reply.status, [*headers, *RAW_HEADERS], content[1], content[0])
    if reply.location and is_minimal(http.headers.get("prefer")):
        body = b""
    return send_answer(send, reply.status, headers, format.write(body) if body else body, format.content_type)
