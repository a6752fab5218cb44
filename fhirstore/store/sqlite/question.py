"""A search while it is turned into statements: its parts, what they have used up, and the rows that they lead to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import count
from math import isqrt
from operator import or_
from typing import Any, NamedTuple

import msgspec

from fhirstore.errors import BadRequest
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    ByRange,
    Contains,
    Filter,
    HasKey,
    HasPrefix,
    InRange,
    KeyScan,
    LinkedFrom,
    LinksTo,
    Not,
    Plan,
    RangeScan,
    Updated,
    WithIds,
    end,
)
from fhirstore.store.sqlite.names import CONTAINED, RANGE, TYPE
from fhirstore.store.sqlite.spans import Clauses, Held, spans_of
from fhirstore.store.sqlite.statements import BESIDE, NO_ROWS, Sql, among, array, every, union

MANY = 2**60
"""More rows than are worth counting."""

FEW = 50
COUNTED = 3
"""Up to so many times what is few, rows are counted exactly."""

GLANCE = 200
"""More rows than these are counted before they are fetched: most searches find fewer, or far too many."""

SCATTERED = 8
"""So many rows of an index are read and gathered in the time in which one resource's own ranges are looked at."""

PARTS_LIMIT = 5000


@dataclass(frozen=True, slots=True)
class OneRange:
    """R has one range of this name that fulfils all clauses."""

    name: str
    clauses: Clauses


Part = Filter | OneRange


class Rows(NamedTuple):
    """A SELECT of rids, with doubles unless `distinct`; `most` is how many there are at most, MANY: nobody knows.

    `names` are the numbers of keys, of which the rows found are those that have any.
    """

    sql: Sql
    most: int
    distinct: bool = False
    names: Sequence[int] = ()


NONE = Rows(NO_ROWS, 0, distinct=True)


class Way(NamedTuple):
    """How rows are reached: by those of one part, None where no index leads to any, of which the rest is asked."""

    rows: Rows | None
    part: Part | None
    rest: Sequence[Part]

    @property
    def most(self) -> int:
        return MANY if self.rows is None else self.rows.most


class Name(NamedTuple):
    """What the dictionary says of a text: its number, how many resources use it, how many ranges of the name they have
    beyond their first, the sets that the name is in, and in which classes of width it has ranges."""

    number: int
    uses: int
    extra: int
    sets: str
    spans: int

    @property
    def numbers(self) -> list[int]:
        """Under which its ranges stand."""
        return [self.number, *_decode(self.sets)]


_decode = msgspec.json.Decoder(list[int]).decode
_UNUSED = Name(0, 0, 0, "[]", 0)
_LOOK_UP = "SELECT text, id, uses, extra, sets, spans FROM names WHERE owner = ? AND "


@dataclass(slots=True)
class Question:
    """One search as a whole: who asks, over which connection, and what its statements have used up."""

    connection: sqlite3.Connection
    owner: int
    few: int = FEW
    counting: bool = False
    sole: Part | None = None
    """The one part that decides, where it is wanted how many rows it has, be they ever so many."""
    steps: dict[tuple[tuple[str, ...], bool], Any] = field(default_factory=dict)
    parts: int = 0
    aliases: count[int] = field(default_factory=count)
    _names: dict[str, Name] = field(default_factory=dict)

    def alias(self) -> str:
        return f"r{next(self.aliases)}"

    def add_part(self) -> None:
        self.parts += 1
        if self.parts > PARTS_LIMIT:
            raise BadRequest("The search has too many parts to be answered at once.")

    def learn(self, texts: Iterable[str]) -> None:
        """Look up texts together that will be asked for."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._names]
        if not missing:
            return
        self._names.update(dict.fromkeys(missing, _UNUSED))
        if len(missing) <= BESIDE:
            asked = union([Sql(_LOOK_UP + "text = ?", (self.owner, text)) for text in missing])
        else:
            named = among("text", missing)
            asked = Sql(_LOOK_UP + named.text, (self.owner, *named.values))
        for text, *name in self.connection.execute(asked.text, asked.values).fetchall():
            self._names[text] = Name(*name)

    def name(self, text: str) -> Name:
        self.learn((text,))
        return self._names[text]

    def numbers(self, texts: Sequence[str]) -> tuple[list[int], int]:
        """The numbers of those texts that any resource uses, and how often they are used together."""
        self.learn(texts)
        found = [name for name in map(self._names.__getitem__, dict.fromkeys(texts)) if name.uses > 0]
        return [name.number for name in found], sum(name.uses for name in found)

    def ranges(self, texts: Sequence[str]) -> Held:
        """Where ranges of these names are."""
        self.learn(texts)
        found = [name for name in map(self._names.__getitem__, texts) if name.uses > 0]
        numbers = dict.fromkeys(number for name in found for number in name.numbers)
        return Held([*numbers], spans_of(reduce(or_, (name.spans for name in found), 0)))

    def accepted(self, mark: str, prefix: str, accepts: Callable[[str], bool]) -> list[str]:
        """The texts behind a mark that any resource uses, that begin so and are accepted."""
        rows = self.connection.execute(
            f"{_LOOK_UP}text >= ? AND text < ? AND uses > 0", (self.owner, mark + prefix, end(mark + prefix))
        )
        found = {text: Name(*name) for text, *name in rows if accepts(text[len(mark) :])}
        self._names.update(found)
        return [*found]

    def is_single(self, text: str) -> bool:
        """Whether no resource has two ranges of a name."""
        return self.name(text).extra == 0

    def keyed(self, numbers: Sequence[int], uses: int) -> Rows:
        """The rows that have any of these keys."""
        if not numbers:
            return NONE
        named = among("name", numbers)
        sql = Sql(f"SELECT rid FROM keys WHERE owner = ? AND {named.text}", (self.owner, *named.values))
        return Rows(sql, uses, distinct=len(numbers) == 1, names=numbers)

    def prefixed(self, begin: str) -> Rows:
        """The rows that have a key that begins so."""
        limits = (self.owner, begin, end(begin))
        found = self.connection.execute(
            "SELECT id, uses FROM names WHERE owner = ? AND text >= ? AND text < ? AND uses > 0 LIMIT ?",
            (*limits, self.few),
        ).fetchall()
        if len(found) < self.few:
            return self.keyed([number for number, _ in found], sum([uses for _, uses in found]))
        sql = Sql(
            "SELECT k.rid FROM names AS n CROSS JOIN keys AS k ON k.owner = n.owner AND k.name = n.id"
            " WHERE n.owner = ? AND n.text >= ? AND n.text < ?",
            limits,
        )
        return Rows(sql, MANY)

    def is_many(self, rows: Rows) -> bool:
        """Whether rows are too many to be gathered."""
        return rows.most > self.few * COUNTED

    def counted(self, select: Sql) -> Rows:
        """Rows that are few are fetched, so that they need not be looked for twice."""
        limit = self.few * COUNTED
        found = self._fetched(select, limit)
        return Rows(select, MANY) if len(found) > limit else _these(found)

    def scanned(self, select: Sql, *, distinct: bool, sole: bool) -> Rows:
        """The same of rows that lie beside one another in an index, and are rather counted than fetched.

        How many they are, be they ever so many, is found out where they are the `sole` that decide, or all are counted.
        """
        limit = self.few * COUNTED
        glance = min(limit, GLANCE)
        found = self._fetched(select, glance)
        if len(found) <= glance:
            return _these(found)
        exactly = sole or self.counting
        counted = select if exactly else _first(select, limit + 1)
        most = self.connection.execute(f"SELECT count(*) FROM ({counted.text})", counted.values).fetchone()[0]
        if most <= self.few:
            return _these(self._fetched(select, self.few))
        return Rows(select, most if exactly or most <= limit else MANY, distinct)

    def _fetched(self, select: Sql, limit: int) -> list[tuple[int]]:
        """So many rows, and one more where there are more."""
        first = _first(select, limit + 1)
        return self.connection.execute(first.text, first.values).fetchall()


def _first(select: Sql, limit: int) -> Sql:
    return Sql(f"SELECT rid FROM ({select.text}) LIMIT ?", (*select.values, limit))


def _these(found: Sequence[tuple[int]]) -> Rows:
    rids = {rid for (rid,) in found}
    fetched = Sql("SELECT value AS rid FROM json_each(?)", (array(sorted(rids)),))
    return Rows(fetched, len(rids), distinct=True) if rids else NONE


def texts_of(plan: Plan) -> Iterator[str]:
    """The texts that a search of resources is sure to ask for."""
    yield from (TYPE + type_ for type_ in plan.types)
    yield from _texts_of(plan.filter)
    yield from (RANGE + order.name for order in plan.order if isinstance(order, ByRange))


def _texts_of(filter_: Filter) -> Iterator[str]:
    match filter_:
        case HasKey(keys):
            yield from keys
        case InRange(name):
            yield RANGE + name
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _texts_of(part)
        case Not(part):
            yield from _texts_of(part)
        case LinksTo(_, types, inner, beyond):
            yield from _texts_of(inner)
            yield from _texts_of(beyond)
            yield from (f"{CONTAINED}{TYPE}{type_}" for type_ in types)
        case LinkedFrom(_, _, inner):
            yield from _texts_of(inner)


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


def both(one: Updated, other: Updated) -> Updated:
    """Updated then, and then."""
    from_ = [moment for moment in (one.from_, other.from_) if moment is not None]
    before = [moment for moment in (one.before, other.before) if moment is not None]
    return Updated(max(from_, default=None), min(before, default=None))
