"""Many short rows of bytes, sorted and searched outside of Python's own memory, which is given back when they go."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from mmap import mmap

_BLOCK = 1 << 18
_PARTS = 256


class Rows:
    """Rows of one width, found by how they begin: filled, then sorted, then asked.

    They are sorted part by part, by their second byte, for sorting takes an object for each row of a part.
    """

    def __init__(self, key: int) -> None:
        self._key = key
        self._blocks: _Blocks | None = None
        self._starts = [0] * (_PARTS + 1)

    def add(self, key: bytes, rest: bytes) -> None:
        if self._blocks is None:
            self._blocks = _Blocks(len(key) + len(rest))
        self._blocks.append(key + rest)

    def sort(self) -> None:
        """Those that begin with one key stand beside each other then."""
        if self._blocks is None:
            return
        counts = [0] * _PARTS
        for row in self._blocks:
            counts[row[1]] += 1
        self._starts = [0, *accumulate(counts)]
        sorted_ = _Blocks(self._blocks.width, len(self._blocks))
        following = self._starts[:-1]
        for row in self._blocks:
            sorted_[following[row[1]]] = row
            following[row[1]] += 1
        self._blocks.close()
        self._blocks = sorted_
        for start, end in zip(self._starts, self._starts[1:], strict=False):
            for at, row in enumerate(sorted(sorted_[at] for at in range(start, end)), start):
                sorted_[at] = row

    def get(self, key: bytes) -> bytes | None:
        """What stands behind the first row that begins so, once they are sorted."""
        if self._blocks is None:
            return None
        end = self._starts[key[1] + 1]
        at = bisect_left(self._blocks, key, self._starts[key[1]], end)
        row = self._blocks[at] if at < end else b""
        return row[self._key :] if row.startswith(key) else None

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._blocks or ())

    def close(self) -> None:
        if self._blocks is not None:
            self._blocks.close()
            self._blocks = None

    def __getstate__(self) -> tuple[int, list[int], int, bytes]:
        """For a process that looks up what another one sorted."""
        width = self._blocks.width if self._blocks else 0
        return self._key, self._starts, width, b"".join(self)

    def __setstate__(self, state: tuple[int, list[int], int, bytes]) -> None:
        self._key, self._starts, width, content = state
        self._blocks = _Blocks(width) if width else None
        for start in range(0, len(content), width or 1):
            assert self._blocks is not None
            self._blocks.append(content[start : start + width])


class _Blocks:
    """A list of rows in anonymous maps, which grow without being copied."""

    def __init__(self, width: int, count: int = 0) -> None:
        self.width = width
        self._each = _BLOCK // width
        self._count = count
        self._maps = [self._map() for _ in range(-(-count // self._each))]

    def append(self, row: bytes) -> None:
        if self._count == len(self._maps) * self._each:
            self._maps.append(self._map())
        self._count += 1
        self[self._count - 1] = row

    def close(self) -> None:
        for each in self._maps:
            each.close()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> bytes:
        block, place = divmod(number, self._each)
        return self._maps[block][place * self.width : (place + 1) * self.width]

    def __setitem__(self, number: int, row: bytes) -> None:
        block, place = divmod(number, self._each)
        self._maps[block][place * self.width : (place + 1) * self.width] = row

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(self._count))

    def _map(self) -> mmap:
        return mmap(-1, self._each * self.width)
