"""The meaning of plans, told in the plainest way: every filter asked of every resource in a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from typing import Any

from fhirstore.search.entries import Bound, Entries, Range
from fhirstore.search.extract import extract
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
    Plan,
    RangeScan,
    Updated,
    WithIds,
)

_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True)
class Item:
    """A resource, or a contained one (whose id then is "container#id"); `updated` is in milliseconds."""

    type: str
    id: str
    updated: int
    entries: Entries
    siblings: Mapping[str, Item] = field(default_factory=dict)

    @property
    def logical_id(self) -> str:
        return self.id.rpartition("#")[2]


def item(document: Mapping[str, Any], updated: int = 0, base: str = "") -> Item:
    entries = extract(document["resourceType"], document, base)
    siblings: dict[str, Item] = {}
    for each in entries.contained:
        siblings[each.id] = Item(each.type, f"{document['id']}#{each.id}", updated, each.entries, siblings)
    return Item(document["resourceType"], document["id"], updated, entries, siblings)


def find(plan: Plan, items: Sequence[Item]) -> list[Item]:
    """The items that a plan finds, in its order."""
    inner = [sibling for each in items for sibling in each.siblings.values()]
    looked_at = {"resources": items, "contained": inner, "both": [*items, *inner]}[plan.population]
    found = [
        each for each in looked_at if (not plan.types or each.type in plan.types) and holds(plan.filter, each, items)
    ]
    return in_order(found, plan.order)


def in_order(found: list[Item], orders: Sequence[Order]) -> list[Item]:
    found.sort(key=lambda each: (each.type, each.id))
    for order in reversed(orders):
        _sort(found, order)
    return found


def holds(filter_: Filter, it: Item, items: Sequence[Item]) -> bool:
    keys = it.entries.keys
    match filter_:
        case AllOf(parts):
            return all(holds(part, it, items) for part in parts)
        case AnyOf(parts):
            return any(holds(part, it, items) for part in parts)
        case Not(part):
            return not holds(part, it, items)
        case HasKey(wanted):
            return any(key in keys for key in wanted)
        case HasPrefix(prefix):
            return any(key.startswith(prefix) for key in keys)
        case KeyScan(prefix, accepts):
            return any(key.startswith(prefix) and accepts(key) for key in keys)
        case InRange(name, limits):
            return any(each.name == name and _meets(each, limits) for each in it.entries.ranges)
        case RangeScan(prefix, accepts, limits):
            named = (each for each in it.entries.ranges if each.name.startswith(prefix) and accepts(each.name))
            return any(_meets(each, limits) for each in named)
        case OfType(types):
            return it.type in types
        case WithIds(ids):
            return it.logical_id in ids
        case Updated(from_, before):
            return (from_ is None or it.updated >= from_) and (before is None or it.updated < before)
        case HasWord(words):
            return any(word in it.entries.words for word in words)
        case LinksTo(name, types, inner, beyond):
            near = (each for id_, each in it.siblings.items() if f"{name}=#{id_}" in keys)
            there = (each for each in items if f"{name}={each.type}/{each.id}" in keys)
            far = (each for each in there if holds(beyond, each, items))
            return any(each.type in types and holds(inner, each, items) for each in (*near, *far))
        case LinkedFrom(type_, name, inner):
            address = f"{name}={it.type}/{it.id}"
            return any(e.type == type_ and address in e.entries.keys and holds(inner, e, items) for e in items)
        case Contains(types, inner):
            held = () if "#" in it.id else it.siblings.values()
            return any((not types or each.type in types) and holds(inner, each, items) for each in held)


def _meets(range_: Range, limits: Iterable[Limit]) -> bool:
    return all(_COMPARE[limit.operator](getattr(range_, limit.column), limit.value) for limit in limits)


def _sort(found: list[Item], order: Order) -> None:
    """Stable, with those that have no value behind all others."""
    valued = [(value, each) for each in found if (value := _value(each, order)) is not None]
    missing = [each for each in found if _value(each, order) is None]
    valued.sort(key=lambda pair: pair[0], reverse=False)
    if order.descending:
        groups: dict[Any, list[Item]] = {}
        for value, each in valued:
            groups.setdefault(value, []).append(each)
        found[:] = [each for value in sorted(groups, reverse=True) for each in groups[value]] + missing
    else:
        found[:] = [each for _, each in valued] + missing


def _value(it: Item, order: Order) -> Bound | None:
    best = max if order.descending else min
    match order:
        case ById():
            return it.id
        case ByUpdate():
            return it.updated
        case ByKey(prefix):
            return best((key for key in it.entries.keys if key.startswith(prefix)), default=None)
        case ByRange(name, first, last):
            column = last if order.descending else first
            values = [getattr(each, column) for each in it.entries.ranges if each.name == name]
            return best(values, default=None)
