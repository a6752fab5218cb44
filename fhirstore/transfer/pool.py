"""Records prepared ahead of the writing: in one thread, or in processes of their own where there are several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any, Self

from fhirstore.transfer.records import Record

Numbered = Sequence[tuple[int, Record]]
"""Records with their places in the order of all."""

_prepare: Callable[..., Any] | None = None


class Pool:
    """`with Pool(workers, prepare) as pool`; `prepare` is called with each record's number, the record, and more."""

    def __init__(self, workers: int, prepare: Callable[..., Any]) -> None:
        self.ahead = max(workers, 1)
        self._prepare = prepare
        self._executor: Executor
        if workers > 1:
            # Not forked: the store's threads must not be copied in the middle of something.
            self._executor = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (prepare,))
            self._work: Callable[..., list[Any]] = _in_process
        else:
            self._executor = ThreadPoolExecutor(1, "prepare")
            self._work = self._in_thread

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(cancel_futures=True)

    def submit(self, records: Numbered, more: object) -> Future[list[Any]]:
        return self._executor.submit(self._work, records, more)

    def _in_thread(self, records: Numbered, more: object) -> list[Any]:
        return [self._prepare(number, record, more) for number, record in records]


def _begin(prepare: Callable[..., Any]) -> None:
    global _prepare  # noqa: PLW0603 - a process of the pool has one task, and is told it once
    _prepare = prepare


def _in_process(records: Numbered, more: object) -> list[Any]:
    assert _prepare is not None
    return [_prepare(number, record, more) for number, record in records]
