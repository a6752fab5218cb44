"""Group commit: one thread writes, and all that waits meanwhile shares its next commit.

An fsync costs more than the writes before it. While one commit is on its way to the disk, further jobs gather in a
queue; the thread then runs them all in one database transaction and commits once. A job is answered only after that
commit. What a job wrote before it failed is undone: as that is rare, the transaction is then begun anew, with a
savepoint around each job, for a savepoint has SQLite copy every page that it protects.

Jobs that write resources gather their rows in the writer's `index`, which writes those of all of them together: after
each statement this thread waits until the event loop lets it go on, so that few statements count for more than fast
ones.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

from fhirstore.errors import Unavailable
from fhirstore.store.sqlite.arrivals import Arrivals
from fhirstore.store.sqlite.connection import AMPLE, Memory, connect
from fhirstore.store.sqlite.index import Index, TakenError
from fhirstore.store.sqlite.names import Names
from fhirstore.store.sqlite.turns import Turns

Result = TypeVar("Result")
Job = Callable[[sqlite3.Connection], Result]

BATCH_LIMIT = 256
SESSION_SECONDS = 60


class Writer:
    """The one writing thread of this process. Other processes write to the same file in turn."""

    def __init__(self, path: Path, memory: Memory = AMPLE) -> None:
        self._connection = connect(path, memory)
        self.index = Index(self._connection, Names(memory.names))
        self._turns = Turns(path)
        self._queue: SimpleQueue[list[_Waiting[Any]] | None] = SimpleQueue()
        self._arrivals = Arrivals(self._queue)
        self._arrived: deque[_Waiting[Any]] = deque()
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def run(self, job: Job[Result], *, gathers: bool = False) -> Result:
        """Run `job` in the writing thread, inside a transaction; returns when its writes are on disk.

        What the job raises is raised here, with its writes undone. Raises Unavailable when the commit fails. A job
        that `gathers` adds to the index and does not read it; any other finds all written that came before it.
        """
        return await self._wait_for(_Waiting(job, self.index, gathers=gathers))

    async def _wait_for(self, waiting: _Waiting[Result]) -> Result:
        self._arrivals.add(waiting)
        return await waiting.future

    async def session(self, work: Callable[[Run], Awaitable[Result]]) -> Result:
        """Run several jobs as one: nothing else is written in between, and all is undone when `work` raises.

        A job that fails after it wrote ends the session, whatever `work` makes of it. Where an id that was said to be
        fresh turns out not to be, all is undone and `work` run again.
        """
        try:
            return await self._session(work, nullcontext())
        except TakenError:
            return await self._session(work, self.index.being_wary())

    async def _session(
        self, work: Callable[[Run], Awaitable[Result]], wariness: AbstractContextManager[None]
    ) -> Result:
        loop = asyncio.get_running_loop()
        steps: SimpleQueue[_Waiting[Any] | None] = SimpleQueue()
        begun = loop.create_future()
        outcome: list[Result] = []

        def serve(connection: sqlite3.Connection) -> Result:
            loop.call_soon_threadsafe(_settle, begun, None, None)
            with wariness:
                return serve_steps(connection)

        def serve_steps(connection: sqlite3.Connection) -> Result:
            while True:
                try:
                    step = steps.get(timeout=SESSION_SECONDS)
                except Empty:
                    raise Unavailable("A transaction took too long and was undone.") from None
                if step is None:
                    break
                harmless = step.succeed_or_leave_no_trace(connection)
                loop.call_soon_threadsafe(step.answer)
                if not harmless:
                    raise _AbandonedError
            if not outcome:
                raise _AbandonedError
            try:
                self.index.finish()
            except sqlite3.IntegrityError as error:
                raise _not_taken(error) from error
            return outcome[0]

        async def run(job: Job[Any], *, gathers: bool = False) -> Any:
            if served.done():
                await served  # raises why it ended
            step = _Waiting(job, self.index, gathers=gathers)
            steps.put(step)
            await asyncio.wait({step.future, served}, return_when=asyncio.FIRST_COMPLETED)
            return await (step.future if step.future.done() else served)

        served = asyncio.ensure_future(self._wait_for(_Waiting(serve, self.index, once=True)))
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
        self._arrivals.close()
        self._thread.join()
        self._connection.close()
        self._turns.close()

    def _work(self) -> None:
        while batch := self._gather():
            try:
                with self._turns:
                    self._commit(batch)
            except Exception as error:  # noqa: BLE001 - without this thread everybody would wait for ever
                self._undo()
                for waiting in batch:
                    waiting.fail(_not_taken(error))
            _answer(batch)

    def _gather(self) -> list[_Waiting[Any]]:
        """All that waits, at least one job; nothing once the writer is closed."""
        batch: list[_Waiting[Any]] = []
        while len(batch) < BATCH_LIMIT:
            try:
                waiting = self._arrived.popleft() if self._arrived else self._next(block=not batch)
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

    def _next(self, *, block: bool) -> _Waiting[Any] | None:
        arrived = self._queue.get(block=block)
        if arrived is None:
            return None
        self._arrived.extend(arrived)
        return self._arrived.popleft()

    def _commit(self, batch: list[_Waiting[Any]]) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        jobs = [waiting for waiting in batch if not waiting.once]
        if not self._all_succeed(jobs):
            self._undo()
            connection.execute("BEGIN IMMEDIATE")
            with self.index.being_wary():
                for waiting in jobs:
                    waiting.attempt(connection)
        for waiting in batch[len(jobs) :]:
            if jobs:
                waiting.attempt(connection)
            elif not waiting.succeed_or_leave_no_trace(connection):
                self._undo()
                return
        self.index.finish()
        connection.execute("COMMIT")

    def _all_succeed(self, jobs: Sequence[_Waiting[Any]]) -> bool:
        """Whether none failed that left a trace."""
        try:
            if not all(waiting.succeed_or_leave_no_trace(self._connection) for waiting in jobs):
                return False
            self.index.finish()
        except sqlite3.OperationalError:
            raise
        except Exception:  # noqa: BLE001 - an id that is taken, or a value that SQLite cannot hold: whose, is found out
            return False
        return True

    def _undo(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self.index.forget()


class Run(Protocol):
    """Runs a job of a session."""

    async def __call__(self, job: Job[Result], *, gathers: bool = False) -> Result: ...


class _AbandonedError(Exception):
    """A session whose work raised: its savepoint is rolled back."""


class _Waiting(Generic[Result]):
    """A job, and whoever waits for its answer. One that can only run `once` comes last in its batch."""

    def __init__(self, job: Job[Result], index: Index, *, gathers: bool = False, once: bool = False) -> None:
        self.once = once
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Result] = self.loop.create_future()
        self._job = job
        self._index = index
        self._gathers = gathers
        self._result: Result | None = None
        self._error: BaseException | None = None

    def succeed_or_leave_no_trace(self, connection: sqlite3.Connection) -> bool:
        """Run the job without protection; False where it wrote before it failed, or ended the transaction."""
        if not self._gathers:
            self._index.finish()
        before = connection.total_changes, self._index.gathered
        self._run(connection)
        unchanged = (connection.total_changes, self._index.gathered) == before
        return self._error is None or (connection.in_transaction and unchanged)

    def attempt(self, connection: sqlite3.Connection) -> None:
        """Run the job in a savepoint; its failure undoes only what it did itself."""
        self._index.finish()
        connection.execute("SAVEPOINT job")
        self._run(connection)
        if self._error is None:
            self._finish()
        # Some errors (a full disk) end the whole transaction, and the savepoint with it.
        if self._error is not None and connection.in_transaction:
            connection.execute("ROLLBACK TO job")
        if self._error is not None:
            self._index.forget()
        if connection.in_transaction:
            connection.execute("RELEASE job")

    def _run(self, connection: sqlite3.Connection) -> None:
        self._error = None
        try:
            self._result = self._job(connection)
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who waits
            self._error = error

    def _finish(self) -> None:
        try:
            self._index.finish()
        except (sqlite3.OperationalError, TakenError):
            raise
        except sqlite3.IntegrityError as error:  # of a record that is being erased, which is not empty yet
            self._error = _not_taken(error)
        except Exception as error:  # noqa: BLE001 - what this job gathered is its own fault alone
            self._error = error

    def fail(self, error: Exception) -> None:
        self._error = self._error or error

    def answer(self) -> None:
        _settle(self.future, self._result, self._error)


def _not_taken(error: Exception) -> Unavailable:
    return Unavailable(f"The database did not take the write: {error}.")


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
