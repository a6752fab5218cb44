"""An HTTP request, decoded: its parts, its body within a limit, its bearer token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from fhirstore.errors import BadRequest, TooLarge, Unauthorized

DRAINED_BYTES = 100_000_000
"""A body that is too large is read to its end, and thrown away, up to here: many clients send all of it before they
look for an answer, and take a connection closed meanwhile for a fault of the network."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The parts of an ASGI scope, decoded once. Header names are in lower case, and the last of equals counts."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    scheme: str

    @classmethod
    def of(cls, scope: Scope) -> HttpRequest:
        query_string: bytes = scope["query_string"]
        return cls(
            scope["method"],
            scope["path"],
            decode_query(query_string) if query_string else [],
            {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
            scope["scheme"],
        )

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
    size = int(declared) if declared.isdigit() else 0
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


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit:,} bytes.")
