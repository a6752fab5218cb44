"""What is worth compressing is, in one piece or in many, and all else is left alone."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence

import brotli
import pytest
from starlette.types import Message, Receive, Scope, Send

from fhirstore.api.compression import Compression

Headers = Sequence[tuple[bytes, bytes]]

LONG = b'{"resourceType":"Bundle"}' * 200
VAST = LONG * 100
JSON = (b"content-type", b"application/json+fhir; charset=utf-8")


def answered(
    accepted: str, *pieces: bytes, headers: Sequence[tuple[bytes, bytes]] = (JSON,), status: int = 200
) -> Sent:
    """What a client gets that accepts this, of an application that sends these pieces."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = [(b"content-length", b"%d" % len(pieces[0]))] if len(pieces) == 1 else []
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

    sent = Sent()

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "headers": [(b"accept-encoding", accepted.encode())]}
    asyncio.run(_drive(Compression(app), scope, receive, sent))
    return sent


async def _drive(app: Compression, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


class Sent:
    """The messages of one answer."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def headers(self) -> Mapping[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def pieces(self) -> list[bytes]:
        return [message["body"] for message in self.messages[1:]]


def read(encoding: str, pieces: Sequence[bytes]) -> list[bytes]:
    """What a client can read of each piece as soon as it has it."""
    if encoding == "br":
        decompressor = brotli.Decompressor()
        return [decompressor.process(piece) for piece in pieces]
    unzipped = zlib.decompressobj(wbits=zlib.MAX_WBITS + 16)
    return [unzipped.decompress(piece) for piece in pieces]


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize("body", [LONG, VAST], ids=["long", "vast"])
def test_a_long_answer_arrives_whole_in_fewer_bytes_and_tells_how_many(encoding: str, body: bytes) -> None:
    sent = answered(encoding, body)
    assert read(encoding, sent.pieces) == [body]
    assert len(sent.pieces[0]) < len(body) / 10
    assert sent.headers == {
        "content-type": "application/json+fhir; charset=utf-8",
        "content-encoding": encoding,
        "vary": "Accept-Encoding",
        "content-length": str(len(sent.pieces[0])),
    }


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_each_piece_of_a_stream_can_be_read_when_it_arrives(encoding: str) -> None:
    pieces = [b"first;", LONG, b"", b"last"]
    sent = answered(encoding, *pieces)
    assert read(encoding, sent.pieces) == pieces
    assert [message.get("more_body", False) for message in sent.messages[1:]] == [True, True, True, False]
    assert "content-length" not in sent.headers


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("deflate", None),
        ("", None),
        ("brotli", None),
    ],
)
def test_a_client_gets_what_it_can_read(accepted: str, encoding: str | None) -> None:
    assert answered(accepted, LONG).headers.get("content-encoding") == encoding


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-type", b"image/png")], 200),
        ([(b"content-type", b"application/zip")], 200),
        ([], 200),
        ([JSON, (b"content-encoding", b"br")], 200),
        ([JSON, (b"content-range", b"bytes 0-4999/9000")], 206),
    ],
    ids=["a picture", "an archive", "nothing known", "compressed already", "a part"],
)
def test_what_is_no_whole_text_is_left_as_it_is(headers: Headers, status: int) -> None:
    sent = answered("br, gzip", LONG, headers=headers, status=status)
    assert sent.pieces == [LONG]
    assert sent.messages[0]["headers"] == [*headers, (b"content-length", b"%d" % len(LONG))]


def test_a_short_answer_and_an_empty_one_are_left_as_they_are() -> None:
    for body in (b'{"resourceType":"Patient"}', b""):
        sent = answered("br, gzip", body)
        assert sent.pieces == [body]
        assert set(sent.headers) == {"content-type", "content-length"}


def test_an_application_that_fails_before_it_sends_anything_has_begun_no_answer() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError

    async def receive() -> Message:
        return {"type": "http.request"}

    sent = Sent()
    scope = {"type": "http", "headers": [(b"accept-encoding", b"br")]}
    with pytest.raises(RuntimeError):
        asyncio.run(_drive(Compression(broken), scope, receive, sent))
    assert sent.messages == [], "whoever is around can still answer"
