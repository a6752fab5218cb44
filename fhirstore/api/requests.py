"""An HTTP request, decoded: its parts, its body within a limit, its bearer token."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from msgspec import Struct
from starlette.types import Receive, Scope

from fhirstore.errors import BadRequest, TooLarge, Unauthorized
from fhirstore.interactions.notes import REQUEST_ID

_CREDENTIALS = frozenset({"client_id", "client_secret"})

DRAINED_BYTES = 100_000_000
"""A body that is too large is read to its end, and thrown away, up to here: many clients send all of it before they
look for an answer, and take a connection closed meanwhile for a fault of the network."""

_READ = {
    name.encode(): name
    for name in (
        *("host", "authorization", "client_id", "client_secret", "x-oneup-user-id", "x-source", "expect", "prefer"),
        *("accept", "content-type", "content-length", "content-encoding"),
        *("if-match", "if-none-match", "if-modified-since", "if-none-exist"),
    )
}
"""The headers that anything behind the FHIR addresses reads."""


class HttpRequest(Struct, frozen=True):
    """A request below one of the FHIR addresses, decoded once: `path` is what follows that address, and `base` that
    address as the client used it.

    Of the headers it has those that are read here, by their names in lower case; the last of equals counts. What the
    layers around it are to learn goes into `state`.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    base: str
    address: str
    id: str
    state: dict[str, Any]

    @classmethod
    def of(cls, scope: Scope, prefix: str, base_url: str | None) -> HttpRequest:
        """`base_url` is the server's own address, where it knows one. Raises BadRequest for a broken query."""
        query_string: bytes = scope["query_string"]
        headers = {_READ[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _READ}
        return cls(
            scope["method"],
            scope["path"][len(prefix) :],
            decode_query(query_string) if query_string else [],
            headers,
            (base_url or f"{scope['scheme']}://{headers.get('host', 'localhost')}") + prefix,
            scope["client"][0] if scope.get("client") else "",
            scope.get(REQUEST_ID, ""),
            scope.setdefault("state", {}),
        )

    @property
    def named_user(self) -> str | None:
        """The number of the user whom an application names in place of a token of theirs: 1upHealth's
        `x-oneup-user-id`. None where there is a bearer token, good or bad."""
        user = self.headers.get("x-oneup-user-id")
        if (
            user is None
            or _scheme_of(self.headers) == "bearer"
            or any(name == "access_token" for name, _ in self.query)
        ):
            return None
        return user

    @property
    def question(self) -> list[tuple[str, str]]:
        """Its query without what says who asks."""
        if self.named_user is None:
            return self.query
        return [pair for pair in self.query if pair[0] not in _CREDENTIALS]

    def client_credentials(self) -> tuple[str | None, str | None]:
        """An application's id and secret: from HTTP Basic, the headers of 1upHealth's clients, or the query."""
        given = {**dict(self.query), **self.headers, **basic_credentials(self.headers)}
        return given.get("client_id"), given.get("client_secret")

    def bearer(self) -> str:
        """The bearer token, from its header or, as some of 1upHealth's clients send it, from the query.

        Raises Unauthorized where there is none.
        """
        scheme, _, token = self.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return token.strip()
        for name, value in self.query:
            if name == "access_token" and value:
                return value
        raise Unauthorized("A bearer token is needed.")


def basic_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """RFC 6749 §2.3.1: id and secret are form-encoded within HTTP Basic; nothing where they cannot be read."""
    if _scheme_of(headers) != "basic":
        return {}
    encoded = headers["authorization"].strip().partition(" ")[2]
    try:
        client_id, _, client_secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(client_secret)}


def _scheme_of(headers: Mapping[str, str]) -> str:
    return headers.get("authorization", "").strip().partition(" ")[0].lower()


def decode_query(query_string: bytes) -> list[tuple[str, str]]:
    """The pairs of a query or a form, in order. Raises BadRequest."""
    try:
        return parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000, separator="&"
        )
    except ValueError as error:
        raise BadRequest("The query is not percent-encoded UTF-8, or has over 1,000 parameters.") from error


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body. Raises TooLarge where it is longer than the limit; what is too much is never kept."""
    declared = headers.get("content-length", "")
    size = int(declared) if declared.isdecimal() else 0
    if size > limit and ("expect" in headers or size > DRAINED_BYTES):
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The client went away while sending the body.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > DRAINED_BYTES:
            raise _too_large(limit)
        if not message.get("more_body"):
            break
    if size > limit:
        raise _too_large(limit)
    return b"".join(chunks)


async def receive_body(headers: Mapping[str, str], receive: Receive, limit: int) -> AsyncIterator[bytes]:
    """The body piece by piece, as it arrives. Raises TooLarge where it is longer than the limit."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The client went away while sending the body.")
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        if chunk:
            yield chunk
        if not message.get("more_body"):
            return


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit:,} bytes.")
