"""The order of what was found: by several values, each in its own direction, and which come after a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from fhirstore.search.entries import Bound
from fhirstore.search.plan import Order
from fhirstore.store.cursors import Place

Item = TypeVar("Item")


class Valued(NamedTuple, Generic[Item]):
    """Something found, its value for each order, and what decides in the end, which is no two items'."""

    item: Item
    values: tuple[Bound | None, ...]
    end: tuple[str, ...]

    @property
    def place(self) -> Place:
        return [*self.values, *self.end]


def ordered(items: Iterable[Valued[Item]], orders: Sequence[Order]) -> list[Valued[Item]]:
    """Sorted, with those that have no value behind the others in either direction."""
    found = sorted(items, key=lambda each: each.end)
    for position in range(len(orders) - 1, -1, -1):
        known = [each for each in found if each.values[position] is not None]
        missing = [each for each in found if each.values[position] is None]
        known.sort(key=_value_at(position), reverse=orders[position].descending)
        found = known + missing
    return found


def comes_after(it: Valued[Item], place: Place | None, orders: Sequence[Order]) -> bool:
    """Whether an item stands behind a place; all stand behind None."""
    if place is None:
        return True
    values: Sequence[Any] = it.values
    for value, limit, order in zip(values, place, orders, strict=False):
        if value == limit:
            continue
        if value is None or limit is None:
            return value is None
        return bool(value > limit) != order.descending
    return it.end > tuple(place[len(orders) :])


def _value_at(position: int) -> Callable[[Valued[Any]], Any]:
    return lambda each: each.values[position]
