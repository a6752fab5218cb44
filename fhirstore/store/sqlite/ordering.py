"""Rows that were found, and the values that they are ordered by."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fhirstore.search.entries import Bound
from fhirstore.search.plan import ById, ByKey, ByRange, ByUpdate, Column, Order, end
from fhirstore.store.ordering import Valued
from fhirstore.store.ranges import Ends
from fhirstore.store.sqlite.index import RangeRow, unpack
from fhirstore.store.sqlite.names import CONTAINED, RANGE, numbers_of_ranges
from fhirstore.store.sqlite.statements import array

RESOURCE_COLUMNS = ("rid", "type", "id", "updated", "keys", "ranges")
CONTAINED_COLUMNS = (*RESOURCE_COLUMNS, "inner", "holder", "container")


@dataclass(frozen=True, slots=True)
class Row:
    """A resource that was found, or with `inner` one contained in a resource of type `holder`."""

    rid: int
    type: str
    id: str
    updated: int
    keys: str
    ranges: str
    inner: str = ""
    holder: str = ""
    container: int = 0

    @property
    def end(self) -> tuple[str, str, str, str]:
        """What decides the order in the end, and is no two rows'."""
        return self.type, self.id, self.inner, self.holder


def valued(
    connection: sqlite3.Connection, owner: int, rows: Sequence[Row], orders: Sequence[Order]
) -> list[Valued[Row]]:
    """Rows with their values, read from the entries in the rows themselves."""
    columns = [_reader(connection, owner, rows, order) for order in orders]
    return [Valued(row, tuple(read(row) for read in columns), row.end) for row in rows]


def _reader(
    connection: sqlite3.Connection, owner: int, rows: Sequence[Row], order: Order
) -> Callable[[Row], Bound | None]:
    match order:
        case ById():
            return lambda row: f"{row.id}#{row.inner}" if row.inner else row.id
        case ByUpdate():
            return lambda row: row.updated
        case ByKey():
            return _key_reader(connection, owner, rows, order)
        case ByRange():
            return _range_reader(connection, owner, order)


def _key_reader(
    connection: sqlite3.Connection, owner: int, rows: Sequence[Row], order: ByKey
) -> Callable[[Row], str | None]:
    texts: dict[int, str] = {}
    numbers = {number for row in rows for number in unpack(row.keys, "[]").keys}
    for mark in {CONTAINED if row.inner else "" for row in rows}:
        begin = mark + order.prefix
        found = connection.execute(
            "SELECT n.id, substr(n.text, ?) FROM json_each(?) AS j CROSS JOIN names AS n"
            " ON n.id = j.value AND n.owner = ? AND n.text >= ? AND n.text < ?",
            (len(mark) + 1, array(numbers), owner, begin, end(begin)),
        )
        texts |= dict(found.fetchall())
    best = max if order.descending else min

    def read(row: Row) -> str | None:
        known = [texts[number] for number in unpack(row.keys, "[]").keys if number in texts]
        return best(known, default=None)

    return read


def _range_reader(connection: sqlite3.Connection, owner: int, order: ByRange) -> Callable[[Row], Bound | None]:
    marks = (RANGE + order.name, CONTAINED + RANGE + order.name)
    numbers = set(numbers_of_ranges(connection, owner, marks))
    column = order.last if order.descending else order.first

    def read(row: Row) -> Bound | None:
        ends: Sequence[Any] = [_end(each, column) for each in unpack("[]", row.ranges).ranges if each[0] in numbers]
        best: Bound | None = (max if order.descending else min)(ends, default=None)
        return best

    return read


def _end(row: RangeRow, column: Column) -> Bound | None:
    _, _, first, last, low, high = row
    return (Ends(first, last) if isinstance(first, int) else Ends(first, last, low, high)).column(column)
