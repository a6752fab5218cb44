"""Rows that were found, and the values that they are ordered by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fhirstore.search.entries import Bound
from fhirstore.search.plan import ById, ByKey, ByRange, ByUpdate, Column, Order, end
from fhirstore.store.ordering import Valued
from fhirstore.store.ranges import Ends
from fhirstore.store.sqlite.index import RangeRow, unpack
from fhirstore.store.sqlite.names import CONTAINED, RANGE
from fhirstore.store.sqlite.question import Question
from fhirstore.store.sqlite.statements import array

RESOURCE_COLUMNS = ("rid", "type", "id", "updated", "keys", "ranges")
CONTAINED_COLUMNS = (*RESOURCE_COLUMNS, "inner", "holder", "container")


class Row(NamedTuple):
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


def valued(question: Question, rows: Sequence[Row], orders: Sequence[Order]) -> list[Valued[Row]]:
    """Rows with their values, read from the entries in the rows themselves."""
    columns = [_reader(question, rows, order) for order in orders]
    return [Valued(row, tuple([read(row) for read in columns]), row.end) for row in rows]


def _reader(question: Question, rows: Sequence[Row], order: Order) -> Callable[[Row], Bound | None]:
    match order:
        case ById():
            return lambda row: f"{row.id}#{row.inner}" if row.inner else row.id
        case ByUpdate():
            return lambda row: row.updated
        case ByKey():
            return _key_reader(question, rows, order)
        case ByRange():
            return _range_reader(question, order)


def _key_reader(question: Question, rows: Sequence[Row], order: ByKey) -> Callable[[Row], str | None]:
    texts: dict[int, str] = {}
    numbers = {number for row in rows for number in unpack(row.keys, "[]").keys}
    for mark in {CONTAINED if row.inner else "" for row in rows}:
        begin = mark + order.prefix
        found = question.connection.execute(
            "SELECT n.id, substr(n.text, ?) FROM json_each(?) AS j CROSS JOIN names AS n"
            " ON n.id = j.value AND n.owner = ? AND n.text >= ? AND n.text < ?",
            (len(mark) + 1, array(numbers), question.owner, begin, end(begin)),
        )
        texts |= dict(found.fetchall())
    best = max if order.descending else min

    def read(row: Row) -> str | None:
        known = [texts[number] for number in unpack(row.keys, "[]").keys if number in texts]
        return best(known, default=None)

    return read


def _range_reader(question: Question, order: ByRange) -> Callable[[Row], Bound | None]:
    numbers = set(question.ranges([mark + order.name for mark in (RANGE, CONTAINED + RANGE)]).numbers)
    column = order.last if order.descending else order.first

    def read(row: Row) -> Bound | None:
        ends: Sequence[Any] = [_end(each, column) for each in unpack("[]", row.ranges).ranges if each[0] in numbers]
        best: Bound | None = (max if order.descending else min)(ends, default=None)
        return best

    return read


def _end(row: RangeRow, column: Column) -> Bound | None:
    _, _, first, last, low, high = row
    return (Ends(first, last) if isinstance(first, int) else Ends(first, last, low, high)).column(column)
