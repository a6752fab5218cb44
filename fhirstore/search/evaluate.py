"""Plans asked of entries in memory: for resources that are made when they are asked for, and rest in no index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt

from fhirstore.search.entries import Bound, Entries, Range
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    ById,
    ByKey,
    ByRange,
    ByUpdate,
    Contains,
    Filter,
    HasKey,
    HasPrefix,
    HasWord,
    InRange,
    KeyScan,
    Limit,
    LinkedFrom,
    LinksTo,
    Not,
    OfType,
    Order,
    RangeScan,
    Updated,
    WithIds,
)

_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Item:
    """A resource that contains no others, by what it is found by; `updated` is in milliseconds."""

    type: str
    id: str
    updated: int
    entries: Entries

    @property
    def keys(self) -> tuple[str, ...]:
        return self.entries.keys


def holds(filter_: Filter, it: Item) -> bool:
    """Whether a filter holds. One that leads to other resources must have been led there before (`linked`)."""
    match filter_:
        case AllOf(parts):
            return all(holds(part, it) for part in parts)
        case AnyOf(parts):
            return any(holds(part, it) for part in parts)
        case Not(part):
            return not holds(part, it)
        case HasKey(wanted):
            return any(key in it.keys for key in wanted)
        case HasPrefix(prefix):
            return any(key.startswith(prefix) for key in it.keys)
        case KeyScan(prefix, accepts):
            return any(key.startswith(prefix) and accepts(key) for key in it.keys)
        case InRange(name, limits):
            return any(each.name == name and _meets(each, limits) for each in it.entries.ranges)
        case RangeScan(prefix, accepts, limits):
            named = (each for each in it.entries.ranges if each.name.startswith(prefix) and accepts(each.name))
            return any(_meets(each, limits) for each in named)
        case OfType(types):
            return it.type in types
        case WithIds(ids):
            return it.id in ids
        case Updated(from_, before):
            return (from_ is None or it.updated >= from_) and (before is None or it.updated < before)
        case HasWord(words):
            return any(word in it.entries.words for word in words)
        case Contains():
            return False
        case LinksTo() | LinkedFrom():
            raise AssertionError("a step to other resources cannot be taken here")


def links(filter_: Filter) -> Iterable[LinksTo | LinkedFrom]:
    """The steps to other resources in a filter, the outermost ones."""
    match filter_:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from links(part)
        case Not(part):
            yield from links(part)
        case LinksTo() | LinkedFrom():
            yield filter_


def linked(filter_: Filter, found: Mapping[LinksTo | LinkedFrom, Filter]) -> Filter:
    """The filter with what came of its steps in their places."""
    match filter_:
        case AllOf(parts):
            return AllOf(tuple(linked(part, found) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(linked(part, found) for part in parts))
        case Not(part):
            return Not(linked(part, found))
        case LinksTo() | LinkedFrom():
            return found[filter_]
    return filter_


def value_of(it: Item, order: Order) -> Bound | None:
    """What an order compares; None where the item has nothing of the kind."""
    best = max if order.descending else min
    match order:
        case ById():
            return it.id
        case ByUpdate():
            return it.updated
        case ByKey(prefix):
            return best((key for key in it.keys if key.startswith(prefix)), default=None)
        case ByRange(name, first, last):
            column = last if order.descending else first
            values = [getattr(each, column) for each in it.entries.ranges if each.name == name]
            return best(values, default=None)


def _meets(range_: Range, limits: Iterable[Limit]) -> bool:
    return all(_COMPARE[limit.operator](getattr(range_, limit.column), limit.value) for limit in limits)
