"""Requests that never come to the end of their head, over a real socket: the server ends them."""

from __future__ import annotations

import socket
from contextlib import closing, suppress

import pytest

from fhirstore.api.bounded_http import HEAD_BYTES
from tests.clients import UserClient, http
from tests.server import AppServer

PIECE = b"a" * 65_536
ENDLESS = {
    "address": b"GET /health?",
    "header": b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: ",
    "name of a header": b"GET /health HTTP/1.1\r\nHost: a\r\n",
    "trailer": b"POST /dstu2/Patient HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nX-Long: ",
}


def connected(server: AppServer) -> socket.socket:
    host, port = server.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def received(connection: socket.socket) -> bytes:
    """All that comes until the server closes the connection."""
    whole = b""
    with suppress(ConnectionError):
        while piece := connection.recv(65_536):
            whole += piece
    return whole


@pytest.mark.parametrize("begun", ENDLESS.values(), ids=ENDLESS.keys())
def test_a_head_without_an_end_is_ended_by_the_server(begun: bytes, server: AppServer) -> None:
    with closing(connected(server)) as connection:
        with suppress(ConnectionError):
            connection.sendall(begun)
            for _ in range(100 * HEAD_BYTES // len(PIECE)):
                connection.sendall(PIECE)
            pytest.fail("the server took a hundred times what it is to take")
        assert b" 200 " not in received(connection)
    assert http.get(f"{server.address}/health").status_code == 200


def test_a_long_head_is_answered_as_soon_as_it_ends(user: UserClient, server: AppServer) -> None:
    long = "".join(f"X-{number}: {'a' * 1000}\r\n" for number in range(150))
    head = f"GET /dstu2/Patient HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {user.access_token}\r\n"
    with closing(connected(server)) as connection:
        connection.sendall(f"{head}{long}Connection: close\r\n\r\n".encode())
        assert received(connection).startswith(b"HTTP/1.1 200 ")


def test_a_body_may_be_as_long_as_ever_and_come_in_any_pieces(user: UserClient, server: AppServer) -> None:
    resource = b'{"resourceType":"Basic","code":{"text":"%b"}}' % (b"a" * 3 * HEAD_BYTES)
    head = (
        f"POST /dstu2/Basic HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {user.access_token}\r\n"
        f"Content-Type: application/json+fhir\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with closing(connected(server)) as connection:
        connection.sendall(head.encode())
        for start in range(0, len(resource), 7_000):
            chunk = resource[start : start + 7_000]
            connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        connection.sendall(b"0\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.1 201 ")
