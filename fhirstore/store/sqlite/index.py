"""What resources are found by, written: the rows of `names`, `keys`, `ranges`, `texts` and `contained`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec

from fhirstore.search.entries import Bound, Entries, Range
from fhirstore.store.contract import Version
from fhirstore.store.sqlite.names import CONTAINED, RANGE, TYPE, Names
from fhirstore.store.sqlite.spans import span_of
from fhirstore.store.sqlite.statements import insert_all

RangeRow = tuple[int, int, Bound, Bound, Bound, Bound]
"""A range as its row has it: number of its name or names, span, first, last, low, high."""

_SpanAndEnds = tuple[int, Bound, Bound, Bound, Bound]
_NO_PRECISION = 0
_decode_keys = msgspec.json.Decoder(list[int]).decode
_decode_ranges = msgspec.json.Decoder(list[RangeRow]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Numbered:
    """Entries with numbers in the place of texts, as a resource's own row repeats them."""

    keys: list[int]
    ranges: list[RangeRow]

    def packed(self) -> tuple[str, str]:
        return _encode(self.keys).decode(), _encode(self.ranges).decode()


NONE = Numbered([], [])


def unpack(keys: str, ranges: str) -> Numbered:
    return Numbered(_decode_keys(keys), _decode_ranges(ranges))


class Index:
    """The index while a transaction writes: its rows, of any owners, are gathered, and written together by `finish`.

    So a page is touched once for all the rows that belong there, and a few statements do the work of hundreds.
    """

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names
        self.gathered = 0
        """Grows with everything that is gathered: whoever fails after that has left a trace."""
        # Whether a row comes or goes; rows that come and go again in one transaction are never written.
        self._keys: dict[tuple[int, int, int], bool] = {}
        self._ranges: dict[tuple[int, int, int, Bound, Bound, int, Bound, Bound], bool] = {}
        self._texts: dict[tuple[int, int], str | None] = {}
        self._uses: defaultdict[int, int] = defaultdict(int)
        self._extra: defaultdict[int, int] = defaultdict(int)

    def numbered(self, owner: int, entries: Entries, mark: str = "") -> Numbered:
        keys = [mark + key for key in entries.keys] if mark else entries.keys
        ranges = [
            (number, *row)
            for names, row in _rows(entries.ranges)
            for number in self._names.together(self._connection, owner, mark + RANGE, names)
        ]
        return Numbered(self._names.numbers(self._connection, owner, keys), ranges)

    def count(self, owner: int, type: str, change: int, mark: str = "") -> None:
        """Note that a resource of a type came or went."""
        self._uses[self._names.numbers(self._connection, owner, [f"{mark}{TYPE}{type}"])[0]] += change

    def replace(self, owner: int, rid: int, old: Numbered, new: Numbered) -> None:
        """Make the difference between a row's old entries and its new ones; NONE stands for there being none."""
        self.gathered += 1
        if old is NONE:
            self._come(owner, rid, new.keys)
        else:
            before, after = set(old.keys), set(new.keys)
            self._go(owner, rid, before - after)
            self._come(owner, rid, after - before)
        if old.ranges != new.ranges:
            self._change_ranges(owner, rid, old.ranges, new.ranges)

    def words(self, owner: int, rid: int, words: tuple[str, ...]) -> None:
        self._texts[owner, rid] = f" {' '.join(words)} "

    def forget_words(self, owner: int, rid: int) -> None:
        self._texts[owner, rid] = None

    def contain(self, owner: int, container: int, version: Version) -> None:
        """Add the resources that a version contains; words of contained resources stand under their negative rid."""
        for each in version.entries.contained:
            numbered = self.numbered(owner, each.entries, CONTAINED)
            rid = self._connection.execute(
                "INSERT INTO contained (owner, type, id, inner, holder, container, updated, keys, ranges)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(owner, each.type, version.id, each.id, version.type, container, version.updated),
                    *numbered.packed(),
                ),
            ).lastrowid
            assert rid is not None
            self.count(owner, each.type, 1, CONTAINED)
            self.replace(owner, rid, NONE, numbered)
            self.words(owner, -rid, each.entries.words)

    def release(self, owner: int, container: int) -> None:
        """Take away what a resource contained."""
        where = (owner, container)
        found = self._connection.execute(
            "SELECT rid, type, keys, ranges FROM contained WHERE owner = ? AND container = ?", where
        ).fetchall()
        for rid, type_, keys, ranges in found:
            self.count(owner, type_, -1, CONTAINED)
            self.replace(owner, rid, unpack(keys, ranges), NONE)
            self.forget_words(owner, -rid)
        self._connection.execute("DELETE FROM contained WHERE owner = ? AND container = ?", where)

    def finish(self) -> None:
        """Write all that was gathered, in the order of the tables: neighbours share pages."""
        connection = self._connection
        for table, rows in (("keys", self._keys), ("ranges", self._ranges)):
            if rows:
                connection.executemany(_DELETE[table], [row for row, comes in rows.items() if not comes])
                insert_all(connection, table, sorted([row for row, comes in rows.items() if comes], key=_by_name))
        if self._texts:
            gone = [key for key, words in self._texts.items() if words is None]
            connection.executemany("DELETE FROM texts WHERE owner = ? AND rid = ?", gone)
            kept = [(*key, words) for key, words in self._texts.items() if words is not None]
            insert_all(connection, "texts", kept, "INSERT OR REPLACE")
        self._names.write(connection, self._uses, self._extra)
        self._clear()

    def forget(self) -> None:
        """What was gathered is not to be written, and what was made in this transaction was undone."""
        self._clear()
        self._names.forget()

    def _clear(self) -> None:
        self._keys.clear()
        self._ranges.clear()
        self._texts.clear()
        self._uses.clear()
        self._extra.clear()

    def _come(self, owner: int, rid: int, names: Iterable[int]) -> None:
        for name in names:
            _note(self._keys, (owner, name, rid), comes=True)
            self._uses[name] += 1

    def _go(self, owner: int, rid: int, names: Iterable[int]) -> None:
        for name in names:
            _note(self._keys, (owner, name, rid), comes=False)
            self._uses[name] -= 1

    def _change_ranges(self, owner: int, rid: int, old: list[RangeRow], new: list[RangeRow]) -> None:
        self._count_ranges(old, -1)
        self._count_ranges(new, 1)
        gone, come = (set(old) - set(new), set(new) - set(old)) if old else ((), new)
        for row in gone:
            _note(self._ranges, (owner, *row[:4], rid, *row[4:]), comes=False)
        for row in come:
            self._names.spread(self._connection, row[0], row[1])
            _note(self._ranges, (owner, *row[:4], rid, *row[4:]), comes=True)

    def _count_ranges(self, rows: list[RangeRow], change: int) -> None:
        seen: set[int] = set()
        for row in rows:
            for name in self._names.members(self._connection, row[0]):
                counted = self._extra if name in seen else self._uses
                counted[name] += change
                seen.add(name)


_DELETE = {
    "keys": "DELETE FROM keys WHERE owner = ? AND name = ? AND rid = ?",
    "ranges": "DELETE FROM ranges WHERE owner = ? AND name = ? AND span = ? AND first = ? AND last = ? AND rid = ?"
    " AND low = ? AND high = ?",
}


def _note(rows: dict[Any, bool], row: Any, *, comes: bool) -> None:
    if rows.setdefault(row, comes) is not comes:
        del rows[row]


# Behind owner, name and what comes next are bounds of ranges, whose types may have no order.
_by_name: Callable[[Sequence[Any]], Any] = itemgetter(0, 1, 2)


def _rows(ranges: Iterable[Range]) -> list[tuple[tuple[str, ...], _SpanAndEnds]]:
    """Names, and the range that stands under them; see `store.ranges.Ends` for which ends these are.

    Dates stand under one name each: records are walked along by them, and a walk is rather along one name.
    """
    rows: list[tuple[tuple[str, ...], _SpanAndEnds]] = []
    numbers = defaultdict[tuple[Bound, Bound, Bound, Bound], list[str]](list)
    for name, low, high, least, most in ranges:
        if least is None or most is None:
            rows.append(((name,), (span_of(low, high), low, high, _NO_PRECISION, _NO_PRECISION)))
        else:
            numbers[least, most, low, high].append(name)
    rows += [(tuple(names), (span_of(*ends[:2]), *ends)) for ends, names in numbers.items()]
    return rows
