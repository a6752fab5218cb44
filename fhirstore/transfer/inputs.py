"""What is imported, as files that can be read twice: on disk, or from a stream that was put there first."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fhirstore.errors import TooLarge

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Input:
    """One file: its name for people, its size in bytes, and how to open it from its beginning."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    most: int | None = None
    """How many bytes it may unpack to; None for any number."""
    stamp: str = ""
    """Another one where the content was changed."""

    @contextmanager
    def reading(self) -> Iterator[io.BufferedReader]:
        """Its content, unpacked where it is packed. Raises OSError, and TooLarge while it is read."""
        with self.open() as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            inner: IO[bytes] = gzip.GzipFile(fileobj=file, mode="rb") if packed else file  # type: ignore[assignment]
            yield io.BufferedReader(_Bounded(inner, self.most), 1 << 18)


def file_input(path: Path) -> Input:
    """Raises OSError."""
    status = path.stat()
    return Input(str(path), status.st_size, lambda: path.open("rb"), stamp=str(status.st_mtime_ns))


def kept_input(name: str, file: IO[bytes], most: int | None = None, stamp: str = "") -> Input:
    """What was written to an open file. One without a name is gone with this process, even where that is killed:
    nobody comes upon a record among the temporary files afterwards."""

    def again() -> IO[bytes]:
        copy = os.fdopen(os.dup(file.fileno()), "rb")
        copy.seek(0)  # the place is that of all copies: one at a time is read
        return copy

    file.flush()
    return Input(name, file.tell(), again, most, stamp)


class _Bounded(io.RawIOBase):
    """A file of which no more than so many bytes are read: a small packed file can unpack to any size."""

    def __init__(self, file: IO[bytes], most: int | None) -> None:
        self._file = file
        self._most = most
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        found = self._file.read(len(buffer))
        self._read += len(found)
        if self._most is not None and self._read > self._most:
            raise TooLarge(f"The content is larger than {self._most:,} bytes.")
        buffer[: len(found)] = found
        return len(found)
