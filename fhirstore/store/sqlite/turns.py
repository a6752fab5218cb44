"""Turns at writing, for several processes on one file.

SQLite's own waiting sleeps and tries again, so that a busy process gets in again and again before the others. Here
they queue: who waits next holds the place at the door, the rest wait for that place. Nothing depends on it but
fairness; the file's write lock still decides.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType

# Windows has other locks: there, writers take their chances.
if sys.platform != "win32":
    import fcntl

_DOOR, _ROOM = 0, 1


class Turns:
    """`with turns:` is one turn."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path.with_name(path.name + "-turns"), os.O_CREAT | os.O_RDWR, 0o600)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> None:
        if sys.platform != "win32":
            with suppress(OSError):  # some network file systems have no locks
                fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _DOOR)
                fcntl.lockf(self._file, fcntl.LOCK_EX, 1, _ROOM)
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _DOOR)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if sys.platform != "win32":
            with suppress(OSError):
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _ROOM)
