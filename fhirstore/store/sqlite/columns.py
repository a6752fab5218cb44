"""Orders that resources are put into by columns of their own: SQL for them, and for what comes after a place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from fhirstore.search.plan import ById, ByUpdate, Order
from fhirstore.store.contract import Version
from fhirstore.store.cursors import Place
from fhirstore.store.sqlite.statements import ALWAYS, Sql, Value, either, every


class SortedColumn(NamedTuple):
    name: Literal["type", "id", "updated"]
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.name} {'DESC' if self.descending else 'ASC'}"

    def compared(self, row: str, sign: str, value: Value) -> Sql:
        """The column of a row is behind a value (">"), there or behind it (">="), or there ("=")."""
        if self.descending:
            sign = sign.replace(">", "<")
        return Sql(f"{row}.{self.name} {sign} ?", (value,))


def columns_of(orders: Sequence[Order], types: Sequence[str]) -> Sequence[SortedColumn]:
    """The columns that decide the order of resources of some types (none: all); none where entries decide it."""
    columns: dict[Literal["type", "id", "updated"], bool] = {}
    for order in orders:
        match order:
            case ById(descending):
                columns.setdefault("id", descending)
            case ByUpdate(descending):
                columns.setdefault("updated", descending)
            case _:
                return ()
    if len(types) != 1:
        columns.setdefault("type", False)
    columns.setdefault("id", False)
    return [SortedColumn(name, descending) for name, descending in columns.items()]


def after(row: str, columns: Sequence[SortedColumn], orders: Sequence[Order], place: Place | None) -> Sql:
    """The row stands behind a place; all stand behind None."""
    if place is None:
        return ALWAYS
    known: dict[str, Value] = {"type": str(place[-4]), "id": str(place[-3])}
    for order, value in zip(orders, place, strict=False):
        if isinstance(order, ByUpdate) and value is not None:
            known["updated"] = value
    last, *others = reversed(columns)
    behind = last.compared(row, ">", known[last.name])
    for each in others:
        limit = known[each.name]
        equal = every([each.compared(row, "=", limit), behind])
        # An index is entered by the first of these.
        behind = every([each.compared(row, ">=", limit), either([each.compared(row, ">", limit), equal])])
    return behind


def place_of(version: Version, orders: Sequence[Order]) -> Place:
    values = [version.id if isinstance(order, ById) else version.updated for order in orders]
    return [*values, version.type, version.id, "", ""]
