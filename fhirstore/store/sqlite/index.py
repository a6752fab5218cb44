"""What resources are found by, written: the rows of `names`, `keys`, `ranges`, `texts` and `contained`."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass

import msgspec

from fhirstore.search.entries import Bound, Entries, Range
from fhirstore.store.contract import Version
from fhirstore.store.ranges import ends_of
from fhirstore.store.sqlite.names import CONTAINED, RANGE, TYPE, Names
from fhirstore.store.sqlite.spans import span_of

RangeRow = tuple[int, int, Bound, Bound, Bound, Bound]
"""A range as its row has it: number of its name, span, first, last, low, high."""

_NO_PRECISION = 0
_decode_keys = msgspec.json.Decoder(list[int]).decode
_decode_ranges = msgspec.json.Decoder(list[RangeRow]).decode


@dataclass(frozen=True, slots=True)
class Numbered:
    """Entries with numbers in the place of texts, as a resource's own row repeats them."""

    keys: list[int]
    ranges: list[RangeRow]

    def packed(self) -> tuple[str, str]:
        return msgspec.json.encode(self.keys).decode(), msgspec.json.encode(self.ranges).decode()


NONE = Numbered([], [])


def unpack(keys: str, ranges: str) -> Numbered:
    return Numbered(_decode_keys(keys), _decode_ranges(ranges))


class Index:
    """The index of one owner, while one job writes.

    New rows are gathered and written together by `finish`, in the order of the tables: neighbours share pages.
    """

    def __init__(self, connection: sqlite3.Connection, names: Names, owner: int) -> None:
        self._connection = connection
        self._names = names
        self._owner = owner
        self._keys: list[tuple[int, int, int]] = []
        self._ranges: list[tuple[int, int, int, Bound, Bound, int, Bound, Bound]] = []
        self._texts: list[tuple[int, int, str]] = []
        self._uses: Counter[int] = Counter()
        self._extra: Counter[int] = Counter()

    def numbered(self, entries: Entries, mark: str = "") -> Numbered:
        number, connection, owner = self._names.number, self._connection, self._owner
        keys = [number(connection, owner, mark + key) for key in entries.keys]
        name = mark + RANGE
        ranges = [(number(connection, owner, name + each.name), *_ends(each)) for each in entries.ranges]
        return Numbered(keys, ranges)

    def count(self, type: str, change: int, mark: str = "") -> None:
        """Note that a resource of a type came or went."""
        self._uses[self._names.number(self._connection, self._owner, f"{mark}{TYPE}{type}")] += change

    def replace(self, rid: int, old: Numbered, new: Numbered) -> None:
        """Make the difference between a row's old entries and its new ones; NONE stands for there being none."""
        before, after = set(old.keys), set(new.keys)
        self._change(rid, before - after, after - before)
        if old.ranges != new.ranges:
            self._change_ranges(rid, old.ranges, new.ranges)

    def words(self, rid: int, words: tuple[str, ...]) -> None:
        self._texts.append((self._owner, rid, f" {' '.join(words)} "))

    def forget_words(self, rid: int) -> None:
        self._connection.execute("DELETE FROM texts WHERE owner = ? AND rid = ?", (self._owner, rid))

    def contain(self, container: int, version: Version) -> None:
        """Add the resources that a version contains; words of contained resources stand under their negative rid."""
        for each in version.entries.contained:
            numbered = self.numbered(each.entries, CONTAINED)
            rid = self._connection.execute(
                "INSERT INTO contained (owner, type, id, inner, holder, container, updated, keys, ranges)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(self._owner, each.type, version.id, each.id, version.type, container, version.updated),
                    *numbered.packed(),
                ),
            ).lastrowid
            assert rid is not None
            self.count(each.type, 1, CONTAINED)
            self.replace(rid, NONE, numbered)
            self.words(-rid, each.entries.words)

    def release(self, container: int) -> None:
        """Take away what a resource contained."""
        where = (self._owner, container)
        found = self._connection.execute(
            "SELECT rid, type, keys, ranges FROM contained WHERE owner = ? AND container = ?", where
        ).fetchall()
        for rid, type_, keys, ranges in found:
            self.count(type_, -1, CONTAINED)
            self.replace(rid, unpack(keys, ranges), NONE)
            self.forget_words(-rid)
        self._connection.execute("DELETE FROM contained WHERE owner = ? AND container = ?", where)

    def finish(self) -> None:
        connection = self._connection
        connection.executemany("INSERT INTO keys VALUES (?, ?, ?)", sorted(self._keys))
        connection.executemany("INSERT INTO ranges VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._ranges)
        connection.executemany("INSERT OR REPLACE INTO texts VALUES (?, ?, ?)", self._texts)
        self._names.count(connection, self._owner, self._uses)
        self._names.count_extra(connection, self._owner, self._extra)

    def _change(self, rid: int, gone: set[int], come: set[int]) -> None:
        owner = self._owner
        if gone:
            self._uses.subtract(gone)
            self._connection.executemany(
                "DELETE FROM keys WHERE owner = ? AND name = ? AND rid = ?", [(owner, name, rid) for name in gone]
            )
        self._uses.update(come)
        self._keys.extend([(owner, name, rid) for name in come])

    def _change_ranges(self, rid: int, old: list[RangeRow], new: list[RangeRow]) -> None:
        self._count_ranges(old, -1)
        self._count_ranges(new, 1)
        gone, come = set(old) - set(new), set(new) - set(old)
        if gone:
            self._connection.executemany(
                "DELETE FROM ranges WHERE owner = ? AND name = ? AND span = ? AND first = ? AND last = ? AND rid = ?"
                " AND low = ? AND high = ?",
                [(self._owner, *each[:4], rid, *each[4:]) for each in gone],
            )
        self._ranges.extend([(self._owner, *each[:4], rid, *each[4:]) for each in come])

    def _count_ranges(self, rows: list[RangeRow], change: int) -> None:
        seen: set[int] = set()
        for row in rows:
            counted = self._extra if row[0] in seen else self._uses
            counted[row[0]] += change
            seen.add(row[0])


def _ends(range_: Range) -> tuple[int, Bound, Bound, Bound, Bound]:
    ends = ends_of(range_)
    low, high = (_NO_PRECISION, _NO_PRECISION) if ends.low is None or ends.high is None else (ends.low, ends.high)
    return span_of(ends.first, ends.last), ends.first, ends.last, low, high
