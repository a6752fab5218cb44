"""A MongoDB-compatible wire server as a process of its own, so that tests talk to a database over a real socket.

`FHIRSTORE_TEST_MONGODB_URI` replaces it by a real replica set.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from pymongo import MongoClient

_given: set[int] = set()


def free_port() -> int:
    """A port that stays free while the server on it is down: below those that the system gives to outgoing calls."""
    while True:
        port = random.randrange(12_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port


class MongoServer:
    """Start it, kill it, start it again on the same files."""

    def __init__(self, storage: Path | None, *, sync_on_commit: bool = False) -> None:
        self.port = free_port()
        self._command = [
            str(Path(sys.executable).with_name("secantusd-py")),
            *("--host", "127.0.0.1", "--port", str(self.port), "--log-level", "ERROR", "--cache-size", "256M"),
            *("--storage-path", str(storage) if storage else ":memory:"),
            *(["--sync-on-commit"] if sync_on_commit else []),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        # This server's record of retryable writes makes inserts ten times slower.
        return f"mongodb://127.0.0.1:{self.port}/?retryWrites=false"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FHIRSTORE_")}
        self._process = subprocess.Popen(
            self._command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 50
        while not self._listens():  # the driver would wait half a second before it tries again
            assert self._process.poll() is None, "the server ended while it started"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        with MongoClient[dict[str, object]](self.uri) as client:
            client.admin.command("ping")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(timeout=30)
