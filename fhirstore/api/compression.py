"""Answers compressed for clients that can read it: by Brotli where they know it, by gzip otherwise.

Most answers are short and are sent as they are, so nothing is made ready before the body is there.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Literal, Protocol

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirstore.api.formats import by_weight

Encoding = Literal["br", "gzip"]

SHORT_BYTES = 1000
"""Shorter answers fit into a packet anyway."""
_READ_BYTES = 1000
"""So much of what a client accepts is read: what is made of it is remembered."""
_LONG_BYTES = 128 * 1024
"""Longer ones would keep the other requests waiting: they are compressed in a thread."""


class Compression:
    """Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"accept-encoding" and (encoding := _best(value[:_READ_BYTES])):
                    return self._app(scope, receive, _Compressed(send, encoding))
        return self._app(scope, receive, send)


@lru_cache(maxsize=256)  # a client sends the same with every request
def _best(accepted: bytes) -> Encoding | None:
    choices = by_weight(accepted.decode("latin-1"))
    if "br" in choices:
        return "br"
    return "gzip" if "gzip" in choices else None


class _Compressed:
    """The way of one answer to its client; its start is held back until its first piece tells what becomes of it."""

    def __init__(self, send: Send, encoding: Encoding) -> None:
        self._send = send
        self._encoding = encoding
        self._start: Message | None = None
        self._compressor: _Compressor | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            message = await self._begin(self._start, message)
            self._start = None
        elif self._compressor is not None:
            message = {**message, "body": self._compressor.piece(message.get("body", b""), _is_last(message))}
        await self._send(message)

    async def _begin(self, start: Message, message: Message) -> Message:
        """Send how it starts; the first piece as it is to be sent."""
        body = message.get("body", b"")
        if (_is_last(message) and len(body) < SHORT_BYTES) or not _gains(start):
            await self._send(start)
            return message
        compressor = _COMPRESSORS[self._encoding]()
        if not _is_last(message):
            self._compressor = compressor
            piece = compressor.piece(body, last=False)
        elif len(body) > _LONG_BYTES:
            piece = await asyncio.to_thread(compressor.piece, body, last=True)
        else:
            piece = compressor.piece(body, last=True)
        headers = [header for header in start["headers"] if header[0] != b"content-length"]
        headers += [(b"content-encoding", self._encoding.encode()), (b"vary", b"Accept-Encoding")]
        if self._compressor is None:
            headers.append((b"content-length", b"%d" % len(piece)))
        await self._send({**start, "headers": headers})
        return {**message, "body": piece}


def _is_last(message: Message) -> bool:
    return not message.get("more_body", False)


def _gains(start: Message) -> bool:
    """Whether it is text, whole and not compressed already."""
    headers = dict(start["headers"])
    media_type: bytes = headers.get(b"content-type", b"").partition(b";")[0].lower()
    is_text = media_type.startswith(b"text/") or any(word in media_type for word in (b"json", b"xml", b"javascript"))
    return is_text and b"content-encoding" not in headers and start["status"] != 206


class _Compressor(Protocol):
    def piece(self, body: bytes, last: bool) -> bytes:
        """The next bytes to send: all of the body can be read from them."""


class _Brotli:
    def __init__(self) -> None:
        # A tenth of the time of the usual quality, for a tenth more bytes.
        self._compressor = brotli.Compressor(quality=1, mode=brotli.MODE_TEXT)

    def piece(self, body: bytes, last: bool) -> bytes:
        start: bytes = self._compressor.process(body)
        end: bytes = self._compressor.finish() if last else self._compressor.flush()
        return start + end


class _Gzip:
    def __init__(self) -> None:
        self._compressor = zlib.compressobj(4, wbits=zlib.MAX_WBITS + 16)  # with the header that makes it gzip

    def piece(self, body: bytes, last: bool) -> bytes:
        start = self._compressor.compress(body)
        return start + self._compressor.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)


_COMPRESSORS: dict[Encoding, Callable[[], _Compressor]] = {"br": _Brotli, "gzip": _Gzip}
