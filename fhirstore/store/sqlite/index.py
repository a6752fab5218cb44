"""What resources are found by, written with them: the rows of `names`, `keys`, `ranges`, `texts` and `contained`."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


class TakenError(Exception):
    """An id that was said to be fresh is in use."""


class Index:
    """The index while a transaction writes: its rows, of any owners, are gathered, and written together by `finish`.

    So a page is touched once for all the rows that belong there, and a few statements do the work of hundreds. New
    resources' own rows are gathered with them: whoever reads resources has them written before.
    """

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names
        self.gathered = 0
        """Grows with everything that is gathered: whoever fails after that has left a trace."""
        self.wary = False
        self._next_rid = 0
        self._resources: list[Sequence[object]] = []
        self._keys = _Rows()
        self._ranges = _Rows()
        self._texts: dict[tuple[int, int], str | None] = {}
        self._types: defaultdict[int, int] = defaultdict(int)
        # How many resources more have ranges under just these numbers.
        self._shapes: defaultdict[tuple[int, ...], int] = defaultdict(int)

    @contextmanager
    def being_wary(self) -> Iterator[None]:
        """Ids that are said to be fresh are looked for all the same."""
        self.wary = True
        try:
            yield
        finally:
            self.wary = False

    def add(self, row: Sequence[object]) -> int:
        """Gather the row of a new resource; answers its rid, which the row itself goes without."""
        if not self._resources:
            greatest = self._connection.execute("SELECT max(rid) FROM resources").fetchone()[0]
            self._next_rid = (greatest or 0) + 1
        rid = self._next_rid
        self._next_rid += 1
        self._resources.append((rid, *row))
        self.gathered += 1
        return rid

    def write_resources(self) -> None:
        """Raises TakenError."""
        if self._resources:
            try:
                insert_all(self._connection, "resources", self._resources)
            except sqlite3.IntegrityError as error:
                raise TakenError from error
            self._resources.clear()

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
        self._types[self._names.numbers(self._connection, owner, [f"{mark}{TYPE}{type}"])[0]] += change

    def replace(self, owner: int, rid: int, old: Numbered, new: Numbered) -> None:
        """Make the difference between a row's old entries and its new ones; NONE stands for there being none."""
        self.gathered += 1
        come, gone = new.keys, old.keys
        if gone and come:
            come, gone = list(set(come).difference(gone)), list(set(gone).difference(come))
        end = (rid,)
        for name in come:
            self._keys.come[owner, name].append(end)
        for name in gone:
            self._keys.gone[owner, name].append(end)
        if old.ranges != new.ranges:
            self._replace_ranges(owner, rid, old.ranges, new.ranges)

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
        """Write all that was gathered, in the order of the tables: neighbours share pages. Raises TakenError."""
        self.write_resources()
        connection = self._connection
        uses, extra = self._counts()
        for table, rows in (("keys", self._keys), ("ranges", self._ranges)):
            gone, come = rows.changes()
            if gone:
                connection.executemany(_DELETE[table], gone)
            insert_all(connection, table, come)
        if self._texts:
            forgotten = [key for key, words in self._texts.items() if words is None]
            if forgotten:
                connection.executemany("DELETE FROM texts WHERE owner = ? AND rid = ?", forgotten)
            kept = [(*key, words) for key, words in self._texts.items() if words is not None]
            insert_all(connection, "texts", kept, "INSERT OR REPLACE")
        self._names.write(connection, uses, extra)
        self._clear()

    def forget(self) -> None:
        """What was gathered is not to be written, and what was made in this transaction was undone."""
        self._clear()
        self._names.forget()

    def _clear(self) -> None:
        self._resources.clear()
        self._keys.clear()
        self._ranges.clear()
        self._texts.clear()
        self._types.clear()
        self._shapes.clear()

    def _replace_ranges(self, owner: int, rid: int, old: list[RangeRow], new: list[RangeRow]) -> None:
        if old:
            self._shapes[tuple([row[0] for row in old])] -= 1
        if new:
            self._shapes[tuple([row[0] for row in new])] += 1
        gone, come = (set(old).difference(new), set(new).difference(old)) if old and new else (old, new)
        for number, span, first, last, low, high in gone:
            self._ranges.gone[owner, number, span].append((first, last, rid, low, high))
        for number, span, first, last, low, high in come:
            self._ranges.come[owner, number, span].append((first, last, rid, low, high))
            self._names.spread(self._connection, number, span)

    def _counts(self) -> tuple[dict[int, int], dict[int, int]]:
        """How many resources more use each name, and how many ranges more stand beside another of their name."""
        uses, extra = self._types.copy(), defaultdict[int, int](int)
        for change, keys in ((1, self._keys.come), (-1, self._keys.gone)):
            for (_, name), rids in keys.items():
                uses[name] += change * len(rids)
        for shape, change in self._shapes.items():
            names = Counter(name for number in shape for name in self._names.members(self._connection, number))
            for name, count in names.items():
                uses[name] += change
                extra[name] += change * (count - 1)
        return uses, extra


class _Rows:
    """Rows of one table that come, and that go: by what they begin with, how they end."""

    def __init__(self) -> None:
        self.come: defaultdict[tuple[int, ...], list[tuple[Any, ...]]] = defaultdict(list)
        self.gone: defaultdict[tuple[int, ...], list[tuple[Any, ...]]] = defaultdict(list)

    def clear(self) -> None:
        self.come.clear()
        self.gone.clear()

    def changes(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
        """The rows to delete, and those to insert, in order. What comes and goes again is in neither."""
        for begin, gone in self.gone.items():
            if (come := self.come.get(begin)) is not None:
                once, back = Counter(come), Counter(gone)
                self.come[begin], self.gone[begin] = [*(once - back).elements()], [*(back - once).elements()]
        return _in_order(self.gone), _in_order(self.come)


def _in_order(rows: dict[tuple[int, ...], list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    # Sorted in two steps: bounds of two sorts have no order.
    return [(*begin, *end) for begin in sorted(rows) for end in sorted(rows[begin])]


_DELETE = {
    "keys": "DELETE FROM keys WHERE owner = ? AND name = ? AND rid = ?",
    "ranges": "DELETE FROM ranges WHERE owner = ? AND name = ? AND span = ? AND first = ? AND last = ? AND rid = ?"
    " AND low = ? AND high = ?",
}


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
