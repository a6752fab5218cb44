"""Group commit: one thread writes, and all that waits meanwhile shares its next commit.

An fsync costs more than the writes before it. While one commit is on its way to the disk, further jobs gather in a
queue; the thread then runs them all in one database transaction and commits once. A job is answered only after that
commit. What a job wrote before it failed is undone: as that is rare, the transaction is then begun anew, with a
savepoint around each job, for a savepoint has SQLite copy every page that it protects.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from fhirstore.errors import Unavailable
from fhirstore.store.sqlite.connection import connect
from fhirstore.store.sqlite.names import Names
from fhirstore.store.sqlite.turns import Turns

Result = TypeVar("Result")
Job = Callable[[sqlite3.Connection], Result]

BATCH_LIMIT = 256
SESSION_SECONDS = 60


class Writer:
    """The one writing thread of this process. Other processes write to the same file in turn."""

    def __init__(self, path: Path) -> None:
        self._connection = connect(path)
        self.names = Names()
        self._turns = Turns(path)
        self._queue: SimpleQueue[_Waiting[Any] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def run(self, job: Job[Result]) -> Result:
        """Run `job` in the writing thread, inside a transaction; returns when its writes are on disk.

        What the job raises is raised here, with its writes undone. Raises Unavailable when the commit fails.
        """
        return await self._wait_for(_Waiting(job))

    async def _wait_for(self, waiting: _Waiting[Result]) -> Result:
        self._queue.put(waiting)
        return await waiting.future

    async def session(self, work: Callable[[Run], Awaitable[Result]]) -> Result:
        """Run several jobs as one: nothing else is written in between, and all is undone when `work` raises."""
        loop = asyncio.get_running_loop()
        steps: SimpleQueue[_Waiting[Any] | None] = SimpleQueue()
        begun = loop.create_future()
        outcome: list[Result] = []

        def serve(connection: sqlite3.Connection) -> Result:
            loop.call_soon_threadsafe(_settle, begun, None, None)
            while True:
                try:
                    step = steps.get(timeout=SESSION_SECONDS)
                except Empty:
                    raise Unavailable("A transaction took too long and was undone.") from None
                if step is None:
                    break
                step.attempt(connection, self.names)
                loop.call_soon_threadsafe(step.answer)
            if not outcome:
                raise _AbandonedError
            return outcome[0]

        async def run(job: Job[Any]) -> Any:
            if served.done():
                await served  # raises why it ended
            step = _Waiting(job)
            steps.put(step)
            await asyncio.wait({step.future, served}, return_when=asyncio.FIRST_COMPLETED)
            return await (step.future if step.future.done() else served)

        served = asyncio.ensure_future(self._wait_for(_Waiting(serve, once=True)))
        try:
            await asyncio.wait({begun, served}, return_when=asyncio.FIRST_COMPLETED)
            if not served.done():
                outcome.append(await work(run))
        finally:
            steps.put(None)
            if not outcome:
                await asyncio.wait({served})
                served.exception()  # seen: what `work` raised is what the caller hears
        return await served

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._connection.close()
        self._turns.close()

    def _work(self) -> None:
        while batch := self._gather():
            try:
                with self._turns:
                    self._commit(batch)
            except sqlite3.Error as error:
                self._undo()
                for waiting in batch:
                    waiting.fail(Unavailable(f"The database did not take the write: {error}."))
            _answer(batch)

    def _gather(self) -> list[_Waiting[Any]]:
        """All that waits, at least one job; nothing once the writer is closed."""
        batch: list[_Waiting[Any]] = []
        while len(batch) < BATCH_LIMIT:
            try:
                waiting = self._queue.get(block=not batch)
            except Empty:
                break
            if waiting is None:
                # What was queued before closing is still done; the mark goes back for the next round.
                if batch:
                    self._queue.put(None)
                break
            batch.append(waiting)
            if waiting.once:
                break
        return batch

    def _commit(self, batch: list[_Waiting[Any]]) -> None:
        connection, names = self._connection, self.names
        connection.execute("BEGIN IMMEDIATE")
        jobs = [waiting for waiting in batch if not waiting.once]
        if not all(waiting.succeed_or_leave_no_trace(connection) for waiting in jobs):
            self._undo()
            connection.execute("BEGIN IMMEDIATE")
            for waiting in jobs:
                waiting.attempt(connection, names)
        for waiting in batch[len(jobs) :]:
            waiting.attempt(connection, names)
        connection.execute("COMMIT")

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.names.forget()


Run = Callable[[Job[Any]], Awaitable[Any]]


class _AbandonedError(Exception):
    """A session whose work raised: its savepoint is rolled back."""


class _Waiting(Generic[Result]):
    """A job, and whoever waits for its answer. One that can only run `once` comes last in its batch."""

    def __init__(self, job: Job[Result], *, once: bool = False) -> None:
        self.once = once
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Result] = self.loop.create_future()
        self._job = job
        self._result: Result | None = None
        self._error: BaseException | None = None

    def succeed_or_leave_no_trace(self, connection: sqlite3.Connection) -> bool:
        """Run the job without protection; False where it wrote before it failed, or ended the transaction."""
        before = connection.total_changes
        try:
            self._result = self._job(connection)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who waits
            self._error = error
        return self._error is None or (connection.in_transaction and connection.total_changes == before)

    def attempt(self, connection: sqlite3.Connection, names: Names) -> None:
        """Run the job in a savepoint; its failure undoes only what it did itself."""
        self._error = None
        connection.execute("SAVEPOINT job")
        try:
            self._result = self._job(connection)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who waits
            self._error = error
            # Some errors (a full disk) end the whole transaction, and the savepoint with it.
            if connection.in_transaction:
                connection.execute("ROLLBACK TO job")
            names.forget()
        if connection.in_transaction:
            connection.execute("RELEASE job")

    def fail(self, error: Exception) -> None:
        self._error = self._error or error

    def answer(self) -> None:
        _settle(self.future, self._result, self._error)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():  # its waiter was cancelled
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)


def _answer(batch: list[_Waiting[Any]]) -> None:
    """Wake each event loop once, however many of its jobs are done."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting[Any]]] = {}
    for waiting in batch:
        by_loop.setdefault(waiting.loop, []).append(waiting)
    for loop, answered in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer_all, answered)
        except RuntimeError:  # the loop is closed: nobody waits there any more
            continue


def _answer_all(answered: list[_Waiting[Any]]) -> None:
    for waiting in answered:
        waiting.answer()
