"""Reads that take longer than a look-up, on threads of their own, so that the event loop goes on meanwhile."""

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

THREADS = 4


class Readers:
    """Threads with a connection each. Every job sees the database as of one moment."""

    def __init__(self, path: Path, memory: Memory = AMPLE) -> None:
        self._path = path
        self._memory = memory
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(THREADS, "sqlite-reader", self._connect)

    async def run(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._do, job)

    def close(self) -> None:
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def _connect(self) -> None:
        self._own.connection = connect(self._path, self._memory, writing=False)
        self._connections.append(self._own.connection)

    def _do(self, job: Callable[[sqlite3.Connection], Result]) -> Result:
        connection: sqlite3.Connection = self._own.connection
        connection.execute("BEGIN")
        try:
            return job(connection)
        finally:
            connection.execute("ROLLBACK")
