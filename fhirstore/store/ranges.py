"""Ranges as stores keep them, and what limits on a range mean for its kept ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from fhirstore.search.entries import Bound, Range
from fhirstore.search.plan import Column, Limit, Operator

End = Literal["first", "last", "low", "high"]


@dataclass(frozen=True, slots=True)
class Ends:
    """`first` and `last` are the ends that indexes are ordered by: of a date its only ones, of a number those of the
    number alone. `low` and `high` include a number's precision; dates have none.

    Always low <= first < last <= high.
    """

    first: Bound
    last: Bound
    low: Bound | None = None
    high: Bound | None = None

    def column(self, column: Column) -> Bound | None:
        if self.low is None:
            return {"low": self.first, "high": self.last}.get(column)
        return {"least": self.first, "most": self.last, "low": self.low, "high": self.high}[column]


def ends_of(range_: Range) -> Ends:
    if range_.least is None or range_.most is None:
        return Ends(range_.low, range_.high)
    return Ends(range_.least, range_.most, range_.low, range_.high)


def asked(limits: Iterable[Limit]) -> list[tuple[End, Operator, Bound]]:
    """Limits as comparisons of ends: those that decide, and those that follow for the ends that lead the indexes."""
    return [comparison for limit in limits for comparison in _asked(limit)]


def _asked(limit: Limit) -> Iterator[tuple[End, Operator, Bound]]:
    operator, value = limit.operator, limit.value
    downwards = operator in {"<", "<="}
    lower = limit.column in {"low", "least"}
    decided_alone = isinstance(value, int) or limit.column in {"least", "most"}
    if not decided_alone:
        yield "low" if limit.column == "low" else "high", operator, value
    if decided_alone or lower != downwards:
        yield "first" if lower else "last", operator, value
    if not lower and downwards:
        yield "first", operator, value
