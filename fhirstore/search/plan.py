"""Plans: what a store is asked to find, in an algebra small and literal enough for two stores to keep.

A plan runs inside one scope. Every filter is a statement about one resource R of that scope and its entries; filters
that reach other resources (LinksTo, LinkedFrom) mean other resources *of the same scope*, and there is no filter that
could mean any other. Text is compared by code point (as UTF-8 bytes), integers as integers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from fhirstore.search.entries import Bound

Column = Literal["low", "high", "least", "most"]
Operator = Literal["<", "<=", ">", ">="]
Population = Literal["resources", "contained", "both"]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds. Without parts: always."""

    parts: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds. Without parts: never."""

    parts: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Filter


@dataclass(frozen=True, slots=True)
class HasKey:
    """R has one of these keys."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasPrefix:
    """R has a key that begins with `prefix`, that is, a key k with prefix <= k < `end(prefix)`."""

    prefix: str


@dataclass(frozen=True, slots=True)
class KeyScan:
    """R has a key that begins with `prefix` and that `accepts` says yes to.

    To be answered by listing the scope's distinct keys under the prefix, asking `accepts` in process, then HasKey.
    """

    prefix: str
    accepts: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Limit:
    """One column of a range, compared with a value of the same sort."""

    column: Column
    operator: Operator
    value: Bound


@dataclass(frozen=True, slots=True)
class InRange:
    """R has one range of this name for which all limits hold together. Without limits: a range of this name."""

    name: str
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class RangeScan:
    """R has one range whose name begins with `prefix` and is accepted, and for which all limits hold together.

    To be answered by listing the scope's distinct range names under the prefix, then InRange for each accepted.
    """

    prefix: str
    accepts: Callable[[str], bool]
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class OfType:
    """R is of one of these types."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WithIds:
    """R's id is one of these, case included."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Updated:
    """from_ <= R's last update < before, in milliseconds since 1970; None is no limit on that side."""

    from_: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class HasWord:
    """R has one of these words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinksTo:
    """R has the key `name` + "=" + "T/i" of a resource T/i, T one of `types`, for which `inner` holds.

    Also where R has the key `name` + "=#i" and its own contained resource i is of such a type and `inner` holds for
    that. A deletion is not a resource. For T/i, but not for a contained one, `beyond` must hold too.
    """

    name: str
    types: tuple[str, ...]
    inner: Filter
    beyond: Filter = AllOf()


@dataclass(frozen=True, slots=True)
class LinkedFrom:
    """There is a resource S of type `type`, for which `inner` holds, that has the key `name` + "=" + "R.type/R.id"."""

    type: str
    name: str
    inner: Filter


@dataclass(frozen=True, slots=True)
class Contains:
    """R contains a resource of one of these types (none: of any) for which `inner` holds."""

    types: tuple[str, ...]
    inner: Filter


Filter = (
    AllOf
    | AnyOf
    | Not
    | HasKey
    | HasPrefix
    | KeyScan
    | InRange
    | RangeScan
    | OfType
    | WithIds
    | Updated
    | HasWord
    | LinksTo
    | LinkedFrom
    | Contains
)

EVERYTHING = AllOf()
NOTHING = AnyOf()


@dataclass(frozen=True, slots=True)
class ByKey:
    """Order by the smallest (ascending) or greatest (descending) key of R under `prefix`."""

    prefix: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ByRange:
    """Order by the smallest `first` column (ascending) or greatest `last` column (descending) of R's ranges `name`."""

    name: str
    first: Column = "low"
    last: Column = "high"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ById:
    """Order by R's id."""

    descending: bool = False


@dataclass(frozen=True, slots=True)
class ByUpdate:
    """Order by R's last update."""

    descending: bool = False


Order = ByKey | ByRange | ById | ByUpdate


@dataclass(frozen=True, slots=True)
class Plan:
    """Which resources, in which order.

    `types` empty means all types. Resources without a value for an order come last in either direction; what is
    equal in every order is ordered by type, then id, ascending. `population` says whether top-level resources are
    looked at, contained ones (each a resource of its own, found through its own entries), or both.
    """

    types: tuple[str, ...]
    filter: Filter = EVERYTHING
    order: tuple[Order, ...] = ()
    population: Population = "resources"


def end(prefix: str) -> str:
    """The end of the half-open range of texts that begin with a prefix, in code point order."""
    for index in range(len(prefix) - 1, -1, -1):
        point = ord(prefix[index])
        if point < 0x10FFFF:
            # Surrogates are no characters: the one after U+D7FF is U+E000.
            return prefix[:index] + chr(0xE000 if point == 0xD7FF else point + 1)
    return "\U0010ffff" * (len(prefix) + 1)


def all_of(parts: tuple[Filter, ...]) -> Filter:
    """AllOf without needless nesting."""
    return parts[0] if len(parts) == 1 else AllOf(parts)


def any_of(parts: tuple[Filter, ...]) -> Filter:
    """AnyOf without needless nesting; neighbouring key look-ups become one."""
    keys = tuple(dict.fromkeys(key for part in parts if isinstance(part, HasKey) for key in part.keys))
    others = tuple(part for part in parts if not isinstance(part, HasKey))
    merged = (*((HasKey(keys),) if keys else ()), *others)
    return merged[0] if len(merged) == 1 else AnyOf(merged)
