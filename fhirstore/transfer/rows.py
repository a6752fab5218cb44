"""Many short rows of bytes, sorted and searched in a file of their own: of any number, this process holds but a few."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from heapq import merge
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

_RUN = 8192
"""So many rows are sorted in memory; runs of them are merged, so many at once, each read by a few rows at a time."""
_WAYS, _READ = 64, 128
_FENCES, _APART = 4096, 64
"""At most so many keys of the sorted rows are kept, from rows that stand at least so far apart."""


class Rows:
    """Rows of one width, found by how they begin: filled, then sorted, then asked, from any thread."""

    def __init__(self, key: int) -> None:
        self._key = key
        self._width = 0
        self._count = 0
        self._recent: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._fences: list[bytes] = []
        self._apart = _APART

    def add(self, key: bytes, rest: bytes) -> None:
        self._recent.append(key + rest)
        if len(self._recent) == _RUN:
            self._put_away()

    def sort(self) -> None:
        """Those that begin with one key stand beside each other then."""
        self._put_away()
        run = _RUN
        while run < self._count:
            merged = self._merged(run)
            self.close()
            self._file = merged
            run *= _WAYS
        if self._file is not None:
            self._file.flush()
            self._apart = max(_APART, -(-self._count // _FENCES))
            self._fences = [self._read(at, 1)[: self._key] for at in range(0, self._count, self._apart)]

    def get(self, key: bytes) -> bytes | None:
        """What stands behind the first row that begins so, once they are sorted."""
        if self._file is None:
            return None
        # Between the last fence before the key and the next one, which may be the row itself.
        start = max(bisect_left(self._fences, key) - 1, 0) * self._apart
        rows, width = self._read(start, self._apart + 1), self._width
        at = bisect_left(range(0, len(rows), width), key, key=lambda place: rows[place : place + len(key)]) * width
        return rows[at + self._key : at + width] if rows.startswith(key, at) else None

    def __iter__(self) -> Iterator[bytes]:
        return self._rows(0, self._count) if self._file is not None else iter(())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        """For a process that looks up what another one sorted, and keeps."""
        return {**self.__dict__, "_file": self._file and Path(self._file.name)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._file = state["_file"] and state["_file"].open("rb")

    def _put_away(self) -> None:
        """Write what is in memory behind the rest, in its order."""
        if not self._recent:
            return
        self._file = self._file or _new_file()
        self._file.write(b"".join(sorted(self._recent)))
        self._width = len(self._recent[0])
        self._count += len(self._recent)
        self._recent.clear()

    def _merged(self, run: int) -> IO[bytes]:
        """The rows, sorted in runs of one length, as runs of so many times that length."""
        assert self._file is not None
        self._file.flush()
        merged, count = _new_file(), self._count
        for start in range(0, count, run * _WAYS):
            starts = range(start, min(start + run * _WAYS, count), run)
            merged.writelines(merge(*(self._rows(at, min(at + run, count)) for at in starts)))
        return merged

    def _rows(self, start: int, end: int) -> Iterator[bytes]:
        width = self._width
        for at in range(start, end, _READ):
            rows = self._read(at, min(_READ, end - at))
            yield from (rows[place : place + width] for place in range(0, len(rows), width))

    def _read(self, start: int, count: int) -> bytes:
        """So many rows, or fewer at the end; where another thread reads makes no difference."""
        assert self._file is not None
        return os.pread(self._file.fileno(), count * self._width, start * self._width)


def _new_file() -> IO[bytes]:
    """It has a name, for other processes to open, as long as it is open here."""
    return NamedTemporaryFile(prefix="fhirstore-", buffering=1 << 16)
