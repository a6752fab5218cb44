"""Lines of the log: time, level, text, at a fraction of the cost of logging's own formatter; many in one write.

A line a request is the largest single cost of reading a resource otherwise. What is switched off here is what
https://docs.python.org/3/howto/logging.html#optimization names: nothing that our lines show.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, TextIO, TypeVarTuple

Told = TypeVarTuple("Told")
_Unmade = tuple[float, Callable[..., str], tuple[Any, ...]]

logging._srcfile = None
logging.logThreads = False
logging.logProcesses = False
logging.logMultiprocessing = False


class LogLines(logging.Formatter):
    """`2015-02-07T13:28:17Z INFO text`; the time is written once a second."""

    def __init__(self) -> None:
        super().__init__()
        self._second = -1
        self._time = ""

    def format(self, record: logging.LogRecord) -> str:
        line = self.line(record.created, record.levelname, record.getMessage())
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def line(self, created: float, level: str, text: str) -> str:
        """`created` in seconds since 1970."""
        second = int(created)
        if second != self._second:
            self._second, self._time = second, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        return f"{self._time} {level} {text}"


class LogStream(logging.Handler):
    """Standard error, or another stream. Lines of requests wait up to 50 ms for others to be written with; warnings
    wait for nothing."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._lines: deque[str | _Unmade] = deque()
        self._plain = LogLines()
        self._due = False

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))
        if record.levelno >= logging.WARNING:
            self.flush()
        elif not self._due:
            self._flush_soon()

    def put(self, created: float, make: Callable[[*Told], str], told: tuple[*Told]) -> None:
        """A line of level INFO that is made when it is written, behind those that came before it."""
        self._lines.append((created, make, told))
        if not self._due:
            self._flush_soon()

    def _flush_soon(self) -> None:
        try:
            asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self.flush)
            self._due = True
        except RuntimeError:  # not within the server's loop: nobody would come back to it
            self.flush()

    def flush(self) -> None:
        """Called by the loop, at once by what cannot wait, and by logging itself at the end of the process."""
        with self.lock or nullcontext():
            self._due = False
            # One by one, for other threads may add to them meanwhile.
            waiting = [self._lines.popleft() for _ in range(len(self._lines))]
            if waiting:
                self._stream.write("".join([f"{self._made(line)}\n" for line in waiting]))
                self._stream.flush()

    def _made(self, line: str | _Unmade) -> str:
        if isinstance(line, str):
            return line
        created, make, told = line
        return self._plain.line(created, "INFO", make(*told))


def log_line(logger: logging.Logger, make: Callable[[*Told], str], *told: *Told) -> None:
    """Log at INFO, where that is on, what `make` says of `told`.

    Where our own stream is all that listens, it is made when it is written: a hundred lines together cost a fraction
    of what each does in the midst of its request.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    stream = logger.handlers[0] if len(logger.handlers) == 1 and not logger.propagate else None
    if (
        type(stream) is not LogStream
        or type(stream.formatter) is not LogLines
        or stream.level > logging.INFO
        or stream.filters
        or logger.filters
    ):
        logger.info(make(*told))
    else:
        stream.put(time.time(), make, told)


_TOGETHER_SECONDS = 0.05
