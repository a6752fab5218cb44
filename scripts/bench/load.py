"""A closed loop of HTTP/1.1 requests over a number of connections, in a process of its own.

Each connection sends the next request as soon as it has read the whole answer to the one before; the clock starts when
all are connected. The requests are bytes made beforehand and answers are only scanned for their length, so that the
generator costs a fraction of what it measures; `busy` tells how much of a core it used, and near 1.0 it would be the
bottleneck itself.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKS = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CHUNKED = -1
_GRACE_SECONDS = 60


@dataclass(frozen=True)
class Load:
    """What to send: raw requests, in turn, over so many connections, for so long (or each once, with `once`)."""

    host: str
    port: int
    requests: Sequence[bytes]
    connections: int
    seconds: float
    once: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it: seconds each answer took, sorted; how many came with each status; bytes; core usage."""

    taken: Sequence[float]
    elapsed: float
    statuses: dict[int, int]
    received: int
    busy: float

    @property
    def rate(self) -> float:
        return len(self.taken) / self.elapsed

    def percentile(self, percent: float) -> float:
        return self.taken[min(int(len(self.taken) * percent / 100), len(self.taken) - 1)]


@dataclass
class _Shared:
    load: Load
    waiting: asyncio.Future[None]
    ends: float = 0.0
    open: int = 0
    taken: array[float] = field(default_factory=lambda: array("d"))
    statuses: dict[int, int] = field(default_factory=dict)
    received: int = 0

    def __post_init__(self) -> None:
        self.requests = iter(self.load.requests) if self.load.once else cycle(self.load.requests)


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._transport: asyncio.Transport
        self._began = 0.0
        self._received = b""
        self._missing: int | None = None
        """Bytes of the answer that are still to come, below 0 in a chunked one, None before its head is known."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._shared.open += 1

    def connection_lost(self, error: Exception | None) -> None:
        shared = self._shared
        shared.open -= 1
        if not shared.waiting.done():
            if self._received or error is not None or shared.open < 0:
                shared.waiting.set_exception(error or ConnectionError("the server closed a connection"))
            elif not shared.open:
                shared.waiting.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._shared.received += len(data)
        if self._missing is None:
            self._received += data
            self._read_head()
        elif self._missing < 0:
            self._received = (self._received + data)[-7:]
        else:
            self._missing -= len(data)
        if self._missing == 0 or (self._missing == _CHUNKED and self._received.endswith(b"\r\n0\r\n\r\n")):
            self._received, self._missing = b"", None
            self._shared.taken.append(time.perf_counter() - self._began)
            self.send()

    def _read_head(self) -> None:
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end:
            length = _LENGTH.search(head)
            self._missing = int(length[1]) - len(body) if length else _CHUNKED if _CHUNKS.search(head) else 0
            status = int(head[9:12])
            self._shared.statuses[status] = self._shared.statuses.get(status, 0) + 1

    def send(self) -> None:
        self._began = time.perf_counter()
        request = next(self._shared.requests, None) if self._began < self._shared.ends else None
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


def run(load: Load) -> Outcome:
    """Carry it out in a fresh process, which shares no interpreter with whoever measures."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_run, (load,))


def _run(load: Load) -> Outcome:
    return uvloop.run(_drive(load))


async def _drive(load: Load) -> Outcome:
    loop = asyncio.get_running_loop()
    shared = _Shared(load, loop.create_future())
    connections = [
        (await loop.create_connection(lambda: _Connection(shared), load.host, load.port))[1]
        for _ in range(load.connections)
    ]
    began, used = time.perf_counter(), time.process_time()
    shared.ends = began + load.seconds
    for connection in connections:
        connection.send()
    await asyncio.wait_for(shared.waiting, load.seconds + _GRACE_SECONDS)
    elapsed = time.perf_counter() - began
    busy = (time.process_time() - used) / elapsed
    return Outcome(sorted(shared.taken), elapsed, shared.statuses, shared.received, busy)
