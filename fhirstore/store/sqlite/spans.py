"""Ranges by how wide they are, so that an index that is ordered by one end can be entered by a limit on the other.

Almost all ranges are narrow: a date means a day, a number itself. A range that is at most a day wide and ends after
March the 2nd begins after March the 1st. So each row of `ranges` carries the class of its width, and a search looks
through the few classes one by one, each between two ends.

In the first classes all ranges are equally wide: they come in one order whichever end they are ordered by, so that one
index serves both. They are almost all that is ever written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from fhirstore.search.decimals import after
from fhirstore.search.entries import Bound
from fhirstore.search.plan import Limit
from fhirstore.store.ranges import asked
from fhirstore.store.sqlite.intervals import beginnings
from fhirstore.store.sqlite.statements import ALWAYS, Sql, among, either, every, union

Clauses = tuple[tuple[tuple[Limit, ...], ...], ...]
"""What is asked of one range: of every clause one alternative, of that all limits."""

_SECOND, _DAY = 1_000_000, 86_400_000_000
_EXACT: dict[int, int] = {0: _SECOND, 1: _DAY}
_POINT = 2
_DATES: dict[int, int | None] = {**_EXACT, 3: _DAY, 4: 32 * _DAY, 5: 400 * _DAY, 6: None}
_WIDE = 7
_MARK = after("")
NOT_EXACT = Sql(f"span > {_POINT}")
"""What the rows fulfil that are in the index by `last`; SQLite uses it only where a statement says so itself."""
ROW = ("name", "span", "first", "last", "low", "high")


def span_of(first: Bound, last: Bound) -> int:
    """The class of a range's width."""
    if isinstance(first, int) and isinstance(last, int):
        wide = last - first
        for span, width in _DATES.items():
            if width is None or wide == width or (wide < width and not is_exact(span)):
                return span
    return _POINT if last == after(str(first)) else _WIDE


def is_exact(span: int) -> bool:
    """Whether all ranges of a class are equally wide."""
    return span <= _POINT


@cache
def spans_of(bits: int) -> tuple[int, ...]:
    """The classes that `names.spans` tells of."""
    return tuple(span for span in range(bits.bit_length()) if bits >> span & 1)


def are_dates(spans: Sequence[int]) -> bool:
    """Whether in these classes there are dates at most."""
    return all(span in _DATES for span in spans)


class Held(NamedTuple):
    """Under which numbers, and in which classes, ranges of some names are."""

    numbers: Sequence[int]
    spans: Sequence[int]

    def comparable(self, value: Bound | None) -> Sequence[int]:
        """Those of the classes whose ranges can be compared with a value; None: all."""
        return [span for span in self.spans if value is None or isinstance(value, int) == (span in _DATES)]


@dataclass(slots=True)
class _Hull:
    """Ends between which all ranges lie that fulfil some clauses: the least and greatest, None for no limit."""

    first: list[Any] = field(default_factory=lambda: [None, None])
    last: list[Any] = field(default_factory=lambda: [None, None])


def ascending(place: Bound | None) -> tuple[str, Sql]:
    """The column, and the condition, by which a class is walked after a place, which is a `first`."""
    return "first", Sql("first >= ?", (place,)) if place is not None else ALWAYS


def descending(span: int, place: Bound | None) -> tuple[str, Sql]:
    """The same from the last to the first, after a place that is a `last`."""
    if not is_exact(span):
        after = Sql("last <= ?", (place,)) if place is not None else ALWAYS
        return "last", every([NOT_EXACT, after])
    begin = _moved(place, -_EXACT.get(span, 0))
    return "first", Sql("first <= ?", (begin,)) if place is not None else ALWAYS


def select(owner: int, held: Held, clauses: Clauses) -> Sql:
    """The rids of ranges that fulfil all clauses."""
    hull = _hull_of_all(clauses)
    value = next((limit.value for clause in clauses for limits in clause for limit in limits), None)
    named = every([Sql("owner = ?", (owner,)), among("name", held.numbers)])
    selects = []
    for span in held.comparable(value) if held.numbers else ():
        for limits in _limits(clauses, hull, span):
            where = every([named, Sql("span = ?", (span,)), *limits])
            selects.append(Sql(f"SELECT rid FROM ranges WHERE {where.text}", where.values))
    return union(selects)


def _limits(clauses: Clauses, hull: _Hull, span: int) -> Iterator[Iterable[Sql]]:
    """What rows of a class must fulfil: once, or once for each interval of where they begin."""
    intervals = beginnings(clauses, _EXACT.get(span, 0)) if is_exact(span) else None
    if intervals is None:
        yield (*_entered(hull, span), _exact(clauses, "+{}".format))
    else:
        yield from (interval.limits("first") for interval in intervals)


def probe(row: str, held: Held, clauses: Clauses, *, single: bool = False) -> Sql:
    """Whether a resource's own row has such a range; `single`: of a name that no resource has two ranges of."""
    if single and len(held.numbers) == 1 and are_dates(held.spans):
        return _probe_date(row, held.numbers[0], clauses)
    named = among("json_extract(j.value, '$[0]')", held.numbers)
    exact = _exact(clauses, lambda end: f"json_extract(j.value, '$[{ROW.index(end)}]')")
    where = every([named, exact])
    return Sql(f"EXISTS (SELECT 1 FROM json_each({row}.ranges) AS j WHERE {where.text})", where.values)


def _probe_date(row: str, number: int, clauses: Clauses) -> Sql:
    """The same of one date: its ends are cut out of the text, in a quarter of the time that it takes to read all."""
    begin = f"[{number},"
    exact = _exact(clauses, str)
    return Sql(
        "EXISTS (SELECT 1 FROM (SELECT CAST(ends AS INTEGER) AS first,"
        " CAST(substr(ends, instr(ends, ',') + 1) AS INTEGER) AS last"
        # Behind the number stands the class, which has one digit.
        f" FROM (SELECT substr({row}.ranges, at + ?) AS ends FROM (SELECT instr({row}.ranges, ?) AS at) WHERE at > 0))"
        f" WHERE {exact.text})",
        (len(begin) + 2, begin, *exact.values),
    )


def _exact(clauses: Clauses, column: Callable[[str], str]) -> Sql:
    return every([either([_limited(limits, column) for limits in clause]) for clause in clauses])


def _limited(limits: Sequence[Limit], column: Callable[[str], str]) -> Sql:
    return every([Sql(f"{column(end)} {operator} ?", (value,)) for end, operator, value in asked(limits)])


def _entered(hull: _Hull, span: int) -> Iterator[Sql]:
    """The limits by which an index is entered, of whichever end has more of them in this class."""
    first, last = list(hull.first), list(hull.last)
    width = 0 if span == _POINT else _DATES.get(span)
    if width is not None:
        first[0] = _narrower(max, first[0], _moved(last[0], -width))
        last[1] = _narrower(min, last[1], _moved(first[1], width) if span != _POINT else None)
    by_first = sum(limit is not None for limit in first) >= sum(limit is not None for limit in last)
    column, ends = ("first", first) if by_first or is_exact(span) else ("last", last)
    if column == "last":
        yield NOT_EXACT
    for sign, limit in zip((">=", "<="), ends, strict=True):
        if limit is not None:
            yield Sql(f"{column} {sign} ?", (limit,))


def _moved(limit: Any, width: int) -> Any:
    """As much lower (or higher) as a range is wide. The last of a number alone is itself and a mark."""
    return limit + width if isinstance(limit, int) else limit and limit.rstrip(_MARK)


def _hull_of_all(clauses: Clauses) -> _Hull:
    hull = _Hull()
    for clause in clauses:
        hulls = [_hull(limits) for limits in clause]
        for end in ("first", "last"):
            ends: list[Any] = getattr(hull, end)
            ends[0] = _narrower(max, ends[0], _wider(min, [getattr(each, end)[0] for each in hulls]))
            ends[1] = _narrower(min, ends[1], _wider(max, [getattr(each, end)[1] for each in hulls]))
    return hull


def _hull(limits: Sequence[Limit]) -> _Hull:
    hull = _Hull()
    for end, operator, value in asked(limits):
        if end in {"first", "last"}:
            ends: list[Any] = getattr(hull, end)
            upper = operator in {"<", "<="}
            ends[upper] = _narrower(min if upper else max, ends[upper], value)
    # What begins behind a limit ends behind it, and what ends before one begins before it.
    hull.last[0] = _narrower(max, hull.last[0], hull.first[0])
    hull.first[1] = _narrower(min, hull.first[1], hull.last[1])
    return hull


def _narrower(choose: Callable[[Any, Any], Any], one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else choose(one, other)


def _wider(choose: Callable[[list[Any]], Any], limits: list[Any]) -> Any:
    return None if not limits or any(limit is None for limit in limits) else choose(limits)
