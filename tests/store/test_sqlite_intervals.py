"""Intervals of beginnings say the same as the limits on both ends that they were made of."""

from __future__ import annotations

from random import Random

import pytest

from fhirstore.search.decimals import after, encode
from fhirstore.search.plan import Column, Limit, Operator
from fhirstore.store.ranges import Ends, asked
from fhirstore.store.sqlite.intervals import MOST, Interval, beginnings
from fhirstore.store.sqlite.statements import Sql

OPERATORS: tuple[Operator, ...] = ("<", "<=", ">", ">=")
WIDTH = 3
NUMBERS = [encode(number) for number in (-100, -35, -1, 0, 1, 3, 35, 350, 351, 4000)]


def _holds(limits: tuple[Limit, ...], ends: Ends) -> bool:
    meant = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}
    return all(getattr(ends.column(each.column), meant[each.operator])(each.value) for each in limits)


def _lies_in(value: int | str, interval: Interval) -> bool:
    low, high = interval
    return (low is None or low <= (value, 0)) and (high is None or high >= (value, 1))


def _clauses(random: Random, limit: Limit) -> tuple[tuple[tuple[Limit, ...], ...], ...]:
    def another() -> Limit:
        return random.choice(LIMITS[type(limit.value)])

    def alternative() -> tuple[Limit, ...]:
        return tuple(another() for _ in range(random.randint(0, 3)))

    return tuple(tuple(alternative() for _ in range(random.randint(1, 3))) for _ in range(random.randint(1, 3)))


def _limits(columns: tuple[Column, ...], values: list[int] | list[str]) -> list[Limit]:
    return [Limit(column, operator, value) for column in columns for operator in OPERATORS for value in values]


LIMITS = {
    int: _limits(("low", "high"), [*range(-2, 9)]),
    str: _limits(("least", "most"), [*NUMBERS, *map(after, NUMBERS), encode(34), after(encode(2))]),
}


@pytest.mark.parametrize("sort", [int, str])
def test_a_range_fulfils_limits_where_its_beginning_lies_in_one_of_the_intervals(sort: type) -> None:
    random = Random(sort.__name__)
    ranges = (
        [Ends(first, first + WIDTH) for first in range(-6, 12)]
        if sort is int
        else [Ends(number, after(number), "0", "4") for number in NUMBERS]
    )
    for _ in range(300):
        clauses = _clauses(random, LIMITS[sort][0])
        intervals = beginnings(clauses, WIDTH if sort is int else 0)
        assert intervals is not None
        for ends in ranges:
            wanted = all(any(_holds(limits, ends) for limits in clause) for clause in clauses)
            assert sum(_lies_in(ends.first, each) for each in intervals) == wanted, (clauses, ends)


def test_what_asks_for_a_numbers_precision_is_not_decided_by_its_beginning() -> None:
    precise = Limit("low", ">=", encode(3))
    assert any(end == "low" for end, _, _ in asked([precise]))
    assert beginnings((((precise,),),), 0) is None


def test_dates_are_not_compared_with_numbers() -> None:
    assert beginnings((((Limit("low", ">=", 3),),),), 0) is None
    assert beginnings((((Limit("least", ">=", encode(3)),),),), WIDTH) is None


def test_more_alternatives_than_are_worth_it_are_not_told_apart() -> None:
    def days(count: int) -> tuple[tuple[Limit, ...], ...]:
        return tuple((Limit("low", ">=", 10 * day), Limit("high", "<=", 10 * day + 5)) for day in range(count))

    told = beginnings((days(MOST),), WIDTH)
    assert told is not None
    assert len(told) == MOST
    assert beginnings((days(MOST + 1),), WIDTH) is None


def test_neighbouring_intervals_are_one() -> None:
    since = ((Limit("high", ">", 9),), (Limit("low", ">=", 6), Limit("high", "<=", 9)))
    (interval,) = beginnings((since,), WIDTH) or ()
    assert [*interval.limits("first")] == [Sql("first >= ?", (6,))]
