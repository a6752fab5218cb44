"""What limits on ranges that are equally wide say of where these begin: intervals, so that no row need be looked at.

An index that is ordered by `first` is then entered at one end of an interval and left at the other, and what lies
between is found: to count it takes half of what it takes to look at every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

from fhirstore.search.decimals import after
from fhirstore.search.entries import Bound
from fhirstore.search.plan import Limit, Operator
from fhirstore.store.ranges import asked
from fhirstore.store.sqlite.statements import Sql

Place = tuple[Any, int]
"""Between two values: right before a value (0), or right behind it (1)."""

MOST = 16
"""So many intervals are told apart: more are rather asked of each row."""

_MARK = after("")


class Interval(NamedTuple):
    """The values between two places; None is no limit."""

    low: Place | None = None
    high: Place | None = None

    def limits(self, column: str) -> Iterator[Sql]:
        if self.low is not None:
            yield Sql(f"{column} {('>=', '>')[self.low[1]]} ?", (self.low[0],))
        if self.high is not None:
            yield Sql(f"{column} {('<', '<=')[self.high[1]]} ?", (self.high[0],))

    def narrowed(self, other: Interval) -> Interval:
        return Interval(_inner(max, self.low, other.low), _inner(min, self.high, other.high))

    @property
    def is_empty(self) -> bool:
        return self.low is not None and self.high is not None and self.low >= self.high


def beginnings(clauses: Sequence[Sequence[Sequence[Limit]]], width: int) -> Sequence[Interval] | None:
    """Where ranges of a width begin that fulfil of every clause one alternative; 0 is that of a number alone.

    None where it takes more than the beginning to decide, as with a number's precision. No two of them overlap.
    """
    found = [Interval()]
    for clause in clauses:
        alternatives = [_beginning(limits, width) for limits in clause[: MOST + 1]]
        if None in alternatives or max(len(alternatives), len(found)) > MOST:
            return None
        narrowed = [one.narrowed(other) for one, other in product(found, alternatives) if other is not None]
        found = _joined([each for each in narrowed if not each.is_empty])
    return found


def _beginning(limits: Sequence[Limit], width: int) -> Interval | None:
    found = Interval()
    for end, operator, value in asked(limits):
        if end in {"low", "high"} or isinstance(value, int) != (width > 0):
            return None
        found = found.narrowed(_on_first(operator, value, width) if end == "last" else _side(operator, value))
    return found


def _on_first(operator: Operator, last: Bound, width: int) -> Interval:
    """A limit on the end as one on the beginning. The end of a number alone is itself and a mark."""
    if isinstance(last, int):
        return _side(operator, last - width)
    if last.endswith(_MARK):
        return _side(operator, last.removesuffix(_MARK))
    # No number's end is a number: one that is at most this is less.
    return _side(">=" if operator in {">", ">="} else "<", last)


def _side(operator: Operator, value: Bound) -> Interval:
    place = (value, operator in {">", "<="})
    return Interval(low=place) if operator in {">", ">="} else Interval(high=place)


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    """The same without overlaps."""
    joined: list[Interval] = []
    unlimited = [each for each in intervals if each.low is None]
    others = sorted((each for each in intervals if each.low is not None), key=lambda each: each.low)  # type: ignore[arg-type,return-value]
    for each in (*unlimited, *others):
        last = joined[-1] if joined else None
        if last is None or (each.low is not None and last.high is not None and each.low > last.high):
            joined.append(each)
        else:
            high = None if last.high is None or each.high is None else max(last.high, each.high)
            joined[-1] = Interval(last.low, high)
    return joined


def _inner(choose: Any, one: Place | None, other: Place | None) -> Place | None:
    found: Place | None = other if one is None else one if other is None else choose(one, other)
    return found
