"""A request to this very server without a socket between: the same application, the same answer, counted alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message, Scope


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(
    app: ASGIApp, outer: Scope, method: str, address: str, headers: Mapping[str, str], body: bytes = b""
) -> Answer:
    """`address` is path and query as they stand in a URL; who asks is taken from the request that this is done for."""
    parts = urlsplit(address)
    scope: Scope = {
        **{name: outer[name] for name in ("type", "asgi", "http_version", "scheme", "server", "client")},
        "method": method,
        "path": unquote(parts.path),
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "state": {},
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    read = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], told, read)
