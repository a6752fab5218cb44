"""Walking: what a search finds, one after the other in the order asked for, without looking at all of it.

For searches that find much. Each kind of order has an index to walk along; the conditions are asked of each row on
the way. Resources that are equal by one order are fetched together and sorted by the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, islice, product

from fhirstore.search.plan import (
    AllOf,
    ById,
    ByKey,
    ByRange,
    ByUpdate,
    Filter,
    HasKey,
    HasPrefix,
    InRange,
    Not,
    Order,
    end,
)
from fhirstore.store.cursors import Place
from fhirstore.store.ordering import Valued, comes_after, ordered
from fhirstore.store.sqlite.conditions import Conditions
from fhirstore.store.sqlite.names import RANGE, TYPE
from fhirstore.store.sqlite.ordering import (
    RESOURCE_COLUMNS,
    Row,
    valued,
)
from fhirstore.store.sqlite.question import Question
from fhirstore.store.sqlite.spans import are_dates, ascending, descending
from fhirstore.store.sqlite.statements import Sql, Value, array, every

_COLUMNS = ", ".join(f"r.{column}" for column in RESOURCE_COLUMNS)
_FIRST_GROUP, _CHUNK = 20, 12


class Walk:
    """The resources of one search; contained ones are so few in a record that they need no walking."""

    def __init__(self, question: Question, conditions: Conditions) -> None:
        self._connection = question.connection
        self._owner = question.owner
        self._question = question
        self._conditions = conditions

    def along(self, filter_: Filter, orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        """The rows for which a filter holds, in order, after a place."""
        if not orders:
            yield from self._by_type(filter_, place)
            return
        first = orders[0]
        match first:
            case ById() if len(self._conditions.types) == 1:
                yield from self._by_id(filter_, first, place)
            case ByUpdate():
                yield from self._by_update(filter_, orders, place)
            case ByKey():
                yield from self._by_key(filter_, first, orders, place)
                yield from self._missing(filter_, HasPrefix(first.prefix), orders, place)
            case ByRange() if self._is_walkable(first):
                yield from self._by_range(filter_, first, orders, place)
                if not self._all_have(first.name):
                    yield from self._missing(filter_, InRange(first.name), orders, place)
            case _:
                yield from self.sorted(filter_, orders, place)

    def sorted(self, filter_: Filter, orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        """The same by fetching and sorting all of them."""
        select = self._conditions.select(RESOURCE_COLUMNS, filter_)
        rows = [Row(*row) for row in self._connection.execute(select.text, select.values)]
        yield from self._after(self._valued(rows, orders), orders, place)

    def types(self) -> list[tuple[str, int]]:
        """The types asked for of which there are resources, in order, and how many."""
        wanted = self._conditions.types
        if wanted:
            uses = [(type_, self._question.name(TYPE + type_).uses) for type_ in sorted({*wanted})]
            return [each for each in uses if each[1] > 0]
        return self._connection.execute(
            "SELECT substr(text, 2), uses FROM names"
            " WHERE owner = ? AND text >= ? AND text < ? AND uses > 0 ORDER BY text",
            (self._owner, TYPE, end(TYPE)),
        ).fetchall()

    def _by_type(self, filter_: Filter, place: Place | None) -> Iterator[Row]:
        asked = self._conditions.holds(filter_, "r")
        type_after, id_after = (str(place[0]), str(place[1])) if place else ("", "")
        for type_, _ in self.types():
            if type_ < type_after:
                continue
            yield from self._rows(
                f"SELECT {_COLUMNS} FROM resources AS r INDEXED BY resources_by_id"
                f" WHERE r.owner = ? AND r.type = ? AND r.id > ? AND {asked.text} ORDER BY r.id",
                (self._owner, type_, id_after if type_ == type_after else "", *asked.values),
            )

    def _by_id(self, filter_: Filter, order: ById, place: Place | None) -> Iterator[Row]:
        asked = self._conditions.holds(filter_, "r")
        side, direction = ("<", "DESC") if order.descending else (">", "ASC")
        after = f" AND r.id {side} ?" if place else ""
        yield from self._rows(
            f"SELECT {_COLUMNS} FROM resources AS r INDEXED BY resources_by_id"
            f" WHERE r.owner = ? AND r.type = ?{after} AND {asked.text} ORDER BY r.id {direction}",
            (self._owner, self._conditions.types[0], *(_limits(place)), *asked.values),
        )

    def _by_update(self, filter_: Filter, orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        asked = every([self._conditions.of_type("r"), self._conditions.holds(filter_, "r")])
        side, direction = ("<=", "DESC") if orders[0].descending else (">=", "ASC")
        after = f" AND r.updated {side} ?" if place else ""
        rows = self._connection.execute(
            f"SELECT r.updated, {_COLUMNS} FROM resources AS r INDEXED BY resources_by_time"
            f" WHERE r.owner = ?{after} AND {asked.text} ORDER BY r.updated {direction}",
            (self._owner, *_limits(place), *asked.values),
        )
        yield from self._in_blocks(rows, orders, place)

    def _by_range(self, filter_: Filter, order: ByRange, orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        if place and place[0] is None:
            return
        column, direction = ("last", "DESC") if order.descending else ("first", "ASC")
        held = self._question.ranges((RANGE + order.name,))
        limit = place[0] if place else None
        asked = every([self._conditions.of_type("r"), self._conditions.holds(filter_, "r")])
        of_spans = []
        for span, number in product(held.spans, held.numbers):
            along, after = descending(span, limit) if order.descending else ascending(limit)
            where = every([Sql("g.owner = ? AND g.name = ? AND g.span = ?", (self._owner, number, span)), after, asked])
            of_spans.append(
                self._connection.execute(
                    f"SELECT g.{column}, {_COLUMNS} FROM ranges AS g CROSS JOIN resources AS r ON r.rid = g.rid"
                    f" WHERE r.owner = ? AND {where.text} ORDER BY g.{along} {direction}",
                    (self._owner, *where.values),
                )
            )
        rows = merge(*of_spans, key=lambda row: row[0], reverse=order.descending)
        yield from self._in_blocks(rows, orders, place)

    def _in_blocks(
        self, rows: Iterable[Sequence[Value]], orders: Sequence[Order], place: Place | None
    ) -> Iterator[Row]:
        """Rows that come with their first value, each once, where that is the value it is ordered by."""
        for value, block in groupby(rows, key=lambda row: row[0]):
            found = {row[1]: Row(*row[1:]) for row in block}  # type: ignore[arg-type]
            block_rows = self._valued(list(found.values()), orders)
            yield from self._after([each for each in block_rows if each.values[0] == value], orders, place)

    def _by_key(self, filter_: Filter, order: ByKey, orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        """Key by key; keys that few resources have are taken together."""
        group: list[tuple[int, str]] = []
        together, limit = 0, _FIRST_GROUP
        for number, text, uses in self._texts(order, place):
            if uses > self._question.few:
                yield from self._grouped(filter_, group, orders, place)
                yield from self._of_one_key(filter_, text, orders, place)
                group, together = [], 0
                continue
            group.append((number, text))
            together += uses
            if together >= limit:
                yield from self._grouped(filter_, group, orders, place)
                group, together, limit = [], 0, min(limit * 2, self._question.few)
        yield from self._grouped(filter_, group, orders, place)

    def _texts(self, order: ByKey, place: Place | None) -> list[tuple[int, str, int]]:
        begin, after = order.prefix, end(order.prefix)
        limits, direction = "text >= ? AND text < ?", "ASC"
        if place and place[0] is None:
            return []
        if place and order.descending:
            limits, after = "text >= ? AND text <= ?", str(place[0])
        elif place:
            begin = str(place[0])
        direction = "DESC" if order.descending else "ASC"
        return self._connection.execute(  # type: ignore[return-value]
            f"SELECT id, text, uses FROM names WHERE owner = ? AND {limits} AND uses > 0 ORDER BY text {direction}",
            (self._owner, begin, after),
        )

    def _grouped(
        self, filter_: Filter, keys: Sequence[tuple[int, str]], orders: Sequence[Order], place: Place | None
    ) -> Iterator[Row]:
        """The rows that have any of these keys, numbers and texts, key by key."""
        if not keys:
            return
        asked = every([self._conditions.of_type("r"), self._conditions.holds(filter_, "r")])
        found = self._connection.execute(
            # The entries of those alone that are taken, or sorting would carry those of all. Without a limit, SQLite
            # drops an order inside.
            f"SELECT s.at, {_COLUMNS} FROM (SELECT j.key AS at, r.rid FROM json_each(?) AS j"
            " CROSS JOIN keys AS k ON k.owner = ? AND k.name = j.value CROSS JOIN resources AS r ON r.rid = k.rid"
            f" WHERE r.owner = ? AND {asked.text} ORDER BY j.key, r.type, r.id LIMIT -1) AS s"
            " CROSS JOIN resources AS r ON r.rid = s.rid AND r.owner = ?",
            (array([number for number, _ in keys]), self._owner, self._owner, *asked.values, self._owner),
        )
        rows = ((keys[at][1], *row) for at, *row in found)
        yield from self._in_blocks(rows, orders, place) if orders[1:] else self._in_chunks(rows, orders, place)

    def _in_chunks(
        self, rows: Iterator[Sequence[Value]], orders: Sequence[Order], place: Place | None
    ) -> Iterator[Row]:
        """Rows in order that come with their value, each where that is the value it is ordered by."""
        while chunk := list(islice(rows, _CHUNK)):
            found = self._valued([Row(*row[1:]) for row in chunk], orders)  # type: ignore[arg-type]
            for (value, *_), each in zip(chunk, found, strict=True):
                if each.values[0] == value and comes_after(each, place, orders):
                    yield each.item

    def _of_one_key(self, filter_: Filter, text: str, orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        inside = place[1:] if place and place[0] == text else None
        for row in self.along(AllOf((HasKey((text,)), filter_)), orders[1:], inside):
            if self._valued([row], orders[:1])[0].values[0] == text:
                yield row

    def _missing(self, filter_: Filter, present: Filter, orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        inside = place[1:] if place and place[0] is None else None
        yield from self.along(AllOf((filter_, Not(present))), orders[1:], inside)

    def _all_have(self, name: str) -> bool:
        """Whether no resource is without a range of this name, so that nobody need look for such."""
        everything = sum(uses for _, uses in self.types())
        return self._question.name(RANGE + name).uses == everything and self._conditions.types == (
            name.partition(".")[0],
        )

    def _is_walkable(self, order: ByRange) -> bool:
        """Whether the index has the column that is ordered by: of dates always, of numbers those without precision."""
        spans = self._question.ranges((RANGE + order.name,)).spans
        column = order.last if order.descending else order.first
        right = {"high", "most"} if order.descending else {"low", "least"}
        return column in right and (are_dates(spans) or column in {"least", "most"})

    def _valued(self, rows: Sequence[Row], orders: Sequence[Order]) -> list[Valued[Row]]:
        return valued(self._question, rows, orders)

    def _after(self, rows: Sequence[Valued[Row]], orders: Sequence[Order], place: Place | None) -> Iterator[Row]:
        for each in ordered(rows, orders):
            if comes_after(each, place, orders):
                yield each.item

    def _rows(self, text: str, values: Sequence[Value]) -> Iterator[Row]:
        return (Row(*row) for row in self._connection.execute(text, values))


def _limits(place: Place | None) -> tuple[Value, ...]:
    return (place[0],) if place and place[0] is not None else ()
