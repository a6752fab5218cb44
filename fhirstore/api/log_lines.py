"""Lines of the log: time, level, text, at a third of the cost of logging's own formatter; many in one write.

A line a request is the largest single cost of reading a resource otherwise. What is switched off here is what
https://docs.python.org/3/howto/logging.html#optimization names: nothing that our lines show.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from contextlib import nullcontext
from typing import TextIO

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
        second = int(record.created)
        if second != self._second:
            self._second, self._time = second, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
        line = f"{self._time} {record.levelname} {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class LogStream(logging.Handler):
    """Standard error, or another stream. Lines of requests wait up to 50 ms for others to be written with; warnings
    wait for nothing."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._lines: list[str] = []
        self._due = False

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))
        if record.levelno >= logging.WARNING:
            self.flush()
        elif not self._due:
            try:
                asyncio.get_running_loop().call_later(_TOGETHER_SECONDS, self.flush)
                self._due = True
            except RuntimeError:  # not within the server's loop: nobody would come back to it
                self.flush()

    def flush(self) -> None:
        """Called by the loop, at once by what cannot wait, and by logging itself at the end of the process."""
        with self.lock or nullcontext():
            lines, self._lines, self._due = self._lines, [], False
        if lines:
            self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()


_TOGETHER_SECONDS = 0.05
