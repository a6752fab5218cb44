"""A search while it is turned into statements: its parts, what they have used up, and the rows that they lead to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import isqrt
from typing import Any

from fhirstore.errors import BadRequest
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    Contains,
    Filter,
    HasKey,
    HasPrefix,
    InRange,
    KeyScan,
    LinkedFrom,
    LinksTo,
    RangeScan,
    Updated,
    WithIds,
    end,
)
from fhirstore.store.sqlite.names import numbers_of_ranges
from fhirstore.store.sqlite.spans import Clauses
from fhirstore.store.sqlite.statements import NO_ROWS, Sql, among, every

MANY = 2**60
"""More rows than are worth counting."""

FEW = 50
COUNTED = 10
"""Up to so many times what is few, rows are counted exactly."""

PARTS_LIMIT = 5000


@dataclass(frozen=True, slots=True)
class OneRange:
    """R has one range of this name that fulfils all clauses."""

    name: str
    clauses: Clauses


Part = Filter | OneRange


@dataclass(frozen=True, slots=True)
class Rows:
    """A SELECT of rids, with doubles unless `distinct`; `most` is how many there are at most, MANY: nobody knows."""

    sql: Sql
    most: int
    distinct: bool = False


NONE = Rows(NO_ROWS, 0, distinct=True)


@dataclass(slots=True)
class Question:
    """One search as a whole: who asks, over which connection, and what its statements have used up."""

    connection: sqlite3.Connection
    owner: int
    few: int = FEW
    counting: bool = False
    steps: dict[tuple[tuple[str, ...], bool], Any] = field(default_factory=dict)
    parts: int = 0
    aliases: count[int] = field(default_factory=count)

    def alias(self) -> str:
        return f"r{next(self.aliases)}"

    def add_part(self) -> None:
        self.parts += 1
        if self.parts > PARTS_LIMIT:
            raise BadRequest("The search has too many parts to be answered at once.")

    def numbers(self, texts: Sequence[str]) -> tuple[list[int], int]:
        """The numbers of those texts that any resource uses, and how often they are used together."""
        named = among("text", texts)
        rows = self.connection.execute(
            f"SELECT id, uses FROM names WHERE owner = ? AND {named.text} AND uses > 0", (self.owner, *named.values)
        ).fetchall()
        return [number for number, _ in rows], sum(uses for _, uses in rows)

    def ranges(self, texts: Sequence[str]) -> list[int]:
        """The numbers under which ranges of these names stand."""
        return numbers_of_ranges(self.connection, self.owner, texts)

    def scan(self, mark: str, prefix: str, accepts: Callable[[str], bool]) -> tuple[list[int], int]:
        """The same of all texts behind a mark that begin so and are accepted."""
        found = self.accepted(mark, prefix, accepts)
        return [number for number, _, _ in found], sum(uses for _, uses, _ in found)

    def accepted(self, mark: str, prefix: str, accepts: Callable[[str], bool]) -> list[tuple[int, int, str]]:
        """Numbers, uses and texts."""
        rows = self.connection.execute(
            "SELECT id, uses, text FROM names WHERE owner = ? AND text >= ? AND text < ? AND uses > 0",
            (self.owner, mark + prefix, end(mark + prefix)),
        )
        return [row for row in rows if accepts(row[2][len(mark) :])]

    def is_single(self, text: str) -> bool:
        """Whether no resource has two ranges of a name."""
        row = self.connection.execute(
            "SELECT extra FROM names WHERE owner = ? AND text = ?", (self.owner, text)
        ).fetchone()
        return row is None or row[0] == 0


_CHEAPEST_FIRST = (
    *(WithIds, HasKey, HasPrefix, KeyScan, Updated, OneRange, RangeScan, LinkedFrom, LinksTo, Contains),
    *(AnyOf, AllOf),
)


def few_of(total: int) -> int:
    """How many rows are rather fetched and sorted than looked for along the order that was asked for.

    A page of ten out of n rows among N is met after some ten N / n steps, each cheaper than fetching a row.
    """
    return max(FEW, isqrt(5 * total))


def conjuncts(filter_: Part) -> list[Part]:
    if isinstance(filter_, AllOf):
        return [part for each in filter_.parts for part in conjuncts(each)]
    return [as_one_range(filter_)]


def as_one_range(filter_: Part) -> Part:
    """Alternatives of one range are one question of it."""
    match filter_:
        case InRange(name, limits):
            return OneRange(name, ((limits,),))
        case AnyOf(parts) if parts and all(isinstance(part, InRange) and part.name == parts[0].name for part in parts):  # type: ignore[union-attr]
            return OneRange(parts[0].name, (tuple(part.limits for part in parts),))  # type: ignore[union-attr]
    return filter_


def cost(filter_: Part) -> int:
    kind = type(filter_)
    return _CHEAPEST_FIRST.index(kind) if kind in _CHEAPEST_FIRST else len(_CHEAPEST_FIRST)


def updated(asked: Updated, row: str) -> Sql:
    limits = ((">=", asked.from_), ("<", asked.before))
    return every([Sql(f"{row}.updated {sign} ?", (moment,)) for sign, moment in limits if moment is not None])
