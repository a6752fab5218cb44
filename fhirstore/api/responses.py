"""From a Reply or a Failure to HTTP: status, headers, bytes."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Send

from fhirstore.clock import http_date
from fhirstore.dstu2.outcome import operation_outcome
from fhirstore.errors import Failure, Unauthorized
from fhirstore.interactions.reply import Reply

Header = tuple[bytes, bytes]

# What is about a patient is for this client alone: no shared cache, and no cache that does not ask again.
PRIVATE: Header = (b"cache-control", b"private, no-cache")


def reply_headers(reply: Reply, base: str) -> list[Header]:
    """ETag and Last-Modified of the version answered, and its address where the interaction gives it."""
    headers = [PRIVATE]
    version = reply.version
    if version is not None:
        headers.append((b"etag", b'W/"%d"' % version.number))
        if not version.deleted:
            headers.append((b"last-modified", http_date(version.updated).encode()))
        if reply.location:
            address = f"{base}/{version.type}/{version.id}/_history/{version.number}"
            headers.append((b"location", address.encode()))
            if reply.status != 201:
                headers.append((b"content-location", address.encode()))
    return headers


def failure_answer(failure: Failure) -> tuple[list[Header], bytes]:
    """Headers and OperationOutcome of a refused FHIR request."""
    headers = [(name.lower().encode(), value.encode()) for name, value in failure.headers.items()]
    if isinstance(failure, Unauthorized):
        headers.append((b"www-authenticate", b'Bearer realm="fhirstore"'))
    return headers, operation_outcome(failure.issues)


async def send_answer(send: Send, status: int, headers: Iterable[Header], body: bytes, content_type: str) -> None:
    """Send it in one piece. To a HEAD it is the same: the server around us keeps the body back."""
    about = [*headers]
    if body:
        about.append((b"content-type", content_type.encode("latin-1")))
    if status not in {204, 304}:
        about.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": about})
    await send({"type": "http.response.body", "body": body})
