"""The server as its clients meet it: on a real port, within this process or as a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import uvicorn

from fhirstore.api.bounded_http import BoundedHttp
from fhirstore.app import create_app
from fhirstore.auth.tokens import Bearers
from fhirstore.cli import main
from fhirstore.clock import Clock, now
from fhirstore.settings import Settings
from fhirstore.store.contract import Store
from fhirstore.store.trail_buffer import TrailBuffer
from tests.mongodb_server import free_port

Result = TypeVar("Result")


class AppServer:
    """The application under uvicorn in a thread of this process."""

    def __init__(self, database: str, clock: Clock = now, **settings: Any) -> None:
        self.database = database
        self.clock = clock
        self._app = create_app(Settings(database=database, **settings), clock)
        # Without the protocol named, asyncio leaves small packets waiting for each other: 40 ms an answer.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._app,
            http=BoundedHttp,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            ws="none",
            lifespan="on",
        )
        self._server = uvicorn.Server(config)
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    @property
    def store(self) -> Store:
        store: Store = self._app.state.store
        return store

    @property
    def bearers(self) -> Bearers:
        bearers: Bearers = self._app.state.bearers
        return bearers

    @property
    def trail(self) -> TrailBuffer:
        trail: TrailBuffer = self._app.state.trail
        return trail

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do something in the server's own event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + 30
        while not self._server.started:
            assert self._thread.is_alive(), "the server ended while it started"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=30)
        self._socket.close()
        assert not self._thread.is_alive(), "the server did not stop"

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve(sockets=[self._socket])

        asyncio.run(serve())


@contextmanager
def running(database: str, clock: Clock = now, **settings: Any) -> Iterator[AppServer]:
    server = AppServer(database, clock, **settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class TurnedClock:
    """A clock that tests set forward, by seconds."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return now() + self.ahead * 1000


# Processes that are forked from one in which everything is imported: to start so many anew takes longer than the tests.
forked = get_context("forkserver")
forked.set_forkserver_preload(["tests.conftest"])


class ServerProcess:
    """What `fhirstore serve` does, as a process with its output kept in files; start it, kill it, start it again."""

    def __init__(self, database: str, folder: Path, *options: str, **settings: str) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.output = folder / "server.out"
        self.log = folder / "server.log"
        self._arguments = ["serve", "--port", str(self.port), "--database", database, *options]
        self._settings = {f"FHIRSTORE_{name.upper()}": value for name, value in settings.items()}
        self._process: ForkServerProcess | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        self._process = start_command(self._arguments, self.output, self.log, settings=self._settings)
        deadline = time.monotonic() + 50
        while not self._is_ready():
            assert self._process.is_alive(), f"the server ended: {self.log.read_text()}"
            assert time.monotonic() < deadline, f"the server did not start: {self.log.read_text()}"
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.address}/health/ready", trust_env=False, verify=False).status_code == 200
        return False

    def stop(self) -> int:
        """Asks it to stop; answers its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        process = self._process
        assert process is not None
        if process.is_alive():
            assert process.pid is not None
            # The supervisor passes a polite signal on itself; nobody passes on a kill.
            (os.killpg if how == signal.SIGKILL else os.kill)(process.pid, how)
        process.join(timeout=30)
        assert process.exitcode is not None
        return process.exitcode

    def first_application(self) -> dict[str, str]:
        """The secrets that the first start printed."""
        return dict(re.findall(r"^  (\w+) +(\S+)$", self.output.read_text(), re.MULTILINE))


def start_command(
    arguments: Sequence[str],
    output: Path,
    log: Path,
    cwd: Path | None = None,
    *,
    settings: Mapping[str, str],
) -> ForkServerProcess:
    """`fhirstore …` as a process of its own, with these FHIRSTORE_ settings and no others; what it writes is added to
    the two files."""
    process = forked.Process(target=_run, args=(arguments, environment(**settings), output, log, cwd))
    process.start()
    return process


def _run(arguments: Sequence[str], variables: Mapping[str, str], output: Path, log: Path, cwd: Path | None) -> None:
    os.setsid()  # a session of its own, so that a kill reaches the workers too
    os.environ.clear()
    os.environ.update(variables)
    for path, mode, number in ((Path(os.devnull), "rb", 0), (output, "ab", 1), (log, "ab", 2)):
        with path.open(mode) as file:
            os.dup2(file.fileno(), number)
    sys.stdin = os.fdopen(0)  # not what a forked process has in its place, which its own children do not inherit
    if cwd is not None:
        os.chdir(cwd)
    main(arguments)


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without its FHIRSTORE_ settings, and with the given ones."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FHIRSTORE_")}
    return {**kept, **settings}
