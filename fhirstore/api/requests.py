"""From an HTTP request to what an interaction needs: bytes, formats, the bearer token, preconditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope

from fhirstore.errors import BadRequest, NotAcceptable, TooLarge, Unauthorized, UnsupportedMediaType

JSON_TYPES = ("application/json+fhir", "application/fhir+json", "application/json", "text/json")
"""The first is DSTU2's own; the others are what clients send for it (http://hl7.org/fhir/DSTU2/http.html#mime-type)."""


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
            _query(query_string) if query_string else [],
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


def _query(query_string: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000, separator="&"
        )
    except ValueError as error:
        raise BadRequest("The query is not percent-encoded UTF-8, or has over 1,000 parameters.") from error


async def read_body(headers: Mapping[str, str], receive: Receive, limit: int) -> bytes:
    """The whole body. Raises TooLarge as soon as it is known to be, without reading on."""
    too_large = TooLarge(f"The body is larger than {limit:,} bytes.")
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The client went away while sending the body.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def check_content_type(headers: Mapping[str, str]) -> None:
    """Raises UnsupportedMediaType unless the body is said to be JSON, in UTF-8 and uncompressed."""
    media_type, _, parameters = headers.get("content-type", "").partition(";")
    if media_type.strip().lower() not in JSON_TYPES:
        raise UnsupportedMediaType("The Content-Type must be application/json+fhir (or application/json).")
    charset = parameters.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if charset not in {"", "utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaType("FHIR JSON is written in UTF-8.")
    if headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Send the body uncompressed.")


def negotiate(headers: Mapping[str, str], query: list[tuple[str, str]]) -> str:
    """The media type of the answer: `_format` decides, then Accept. Raises NotAcceptable."""
    wanted = next((value for name, value in query if name == "_format" and value), None)
    # A plus sign in a query means a blank, and clients forget to escape it.
    wanted = wanted.replace(" ", "+") if wanted else headers.get("accept", "*/*") or "*/*"
    for choice in wanted.lower().split(","):
        media_type = choice.partition(";")[0].strip()
        if media_type in {"*/*", "application/*", "json"}:
            return JSON_TYPES[0]
        if media_type in JSON_TYPES:
            return media_type
    raise NotAcceptable("The answer can be had as application/json+fhir.")
