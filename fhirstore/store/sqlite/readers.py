"""Reads that take longer than a look-up: on the event loop as long as they are short, on threads of their own if not.

To hand a job to a thread, and its answer back, costs more than most searches do.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from fhirstore.store.sqlite.connection import AMPLE, Memory, connect

Result = TypeVar("Result")

THREADS = 2
STRETCH = 1000
"""So many steps of SQLite's own machine, some 30 µs, are taken between two looks at how many a job has left."""
STRETCHES = 20
"""So many stretches of one job are taken on the event loop."""


class Readers:
    """Connections that read. Every job sees the database as of one moment."""

    def __init__(self, path: Path, memory: Memory = AMPLE) -> None:
        self._path = path
        self._memory = memory
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._short = self._connected()
        self._short.set_progress_handler(self._has_taken_long, STRETCH)
        self._left = 0
        self._threads = ThreadPoolExecutor(THREADS, "sqlite-reader", self._connect)

    async def run(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        """The answer of a job that may take long."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._do, job)

    async def run_short(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        """The answer of a job that takes no time, mostly. One that does is broken off, and begun anew elsewhere."""
        self._left = STRETCHES
        self._short.execute("BEGIN")
        try:
            return job(self._short)
        except sqlite3.OperationalError:
            if self._left >= 0:
                raise
        finally:
            # SQLite counts the steps of a statement over all its runs: this one, too, comes to a look at what is left.
            self._left = STRETCHES
            self._short.execute("ROLLBACK")
        return await self.run(job)

    def close(self) -> None:
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def _has_taken_long(self) -> bool:
        self._left -= 1
        return self._left < 0

    def _connect(self) -> None:
        self._own.connection = self._connected()

    def _connected(self) -> sqlite3.Connection:
        connection = connect(self._path, self._memory, writing=False)
        self._connections.append(connection)
        return connection

    def _do(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        connection: sqlite3.Connection = self._own.connection
        connection.execute("BEGIN")
        try:
            return job(connection)
        finally:
            connection.execute("ROLLBACK")
