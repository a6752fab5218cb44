"""What an order orders by: the values of a document, and the query of those whose value lies in a window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhirstore.search.entries import Bound
from fhirstore.search.plan import ById, ByKey, ByRange, ByUpdate, Order, end
from fhirstore.store.mongodb.conditions import Query, under
from fhirstore.store.mongodb.documents import Document
from fhirstore.store.ordering import Valued
from fhirstore.store.ranges import Ends

Limits = Mapping[str, Any]
"""A window of values, in MongoDB's words: {"$gte": 1, "$lt": 5}. Empty: all values."""


@dataclass(frozen=True, slots=True)
class Axis:
    """`values` of a document, its best one counts; `between` limits; `present` where documents may have none."""

    values: Callable[[Document], list[Any]]
    between: Callable[[Limits], Query]
    present: Query | None
    whole: Limits


def axis_of(order: Order) -> Axis:
    match order:
        case ById():
            return Axis(_ids, lambda limits: {"id": dict(limits)} if limits else {}, None, {})
        case ByUpdate():
            return Axis(
                lambda it: [it["updated"]], lambda limits: {"updated": dict(limits)} if limits else {}, None, {}
            )
        case ByKey(prefix):
            return Axis(
                lambda it: [key for key in it["keys"] if key.startswith(prefix)],
                lambda limits: {"keys": {"$elemMatch": dict(limits)}},
                under("keys", prefix),
                {"$gte": prefix, "$lt": end(prefix)},
            )
        case ByRange():
            return _of_ranges(order)


def _ids(document: Document) -> list[Any]:
    inner = document.get("inner")
    return [f"{document['id']}#{inner}" if inner else document["id"]]


def _of_ranges(order: ByRange) -> Axis:
    column = order.last if order.descending else order.first
    indexed = {"low": "first", "least": "first", "high": "last", "most": "last"}[column]

    def between(limits: Limits) -> Query:
        # Only numbers, which are texts here, have an end beyond the one that the index is ordered by.
        of_dates = all(isinstance(value, int) for value in limits.values())
        kept = indexed if of_dates or column in {"least", "most"} else column
        return {"ranges": {"$elemMatch": {"name": order.name, **({kept: dict(limits)} if limits else {})}}}

    def values(document: Document) -> list[Any]:
        found = [each for each in document["ranges"] if each["name"] == order.name]
        ends = [Ends(each["first"], each["last"], each.get("low"), each.get("high")) for each in found]
        return [each.column(column) for each in ends]

    return Axis(values, between, between({}), {})


def value_of(document: Document, order: Order) -> Bound | None:
    """What a document is ordered by."""
    best: Bound | None = (max if order.descending else min)(axis_of(order).values(document), default=None)
    # The driver's Int64 is an int that not every encoder takes, and a value may become part of a page token.
    return int(best) if isinstance(best, int) else best


def valued(document: Document, orders: Sequence[Order]) -> Valued[Document]:
    values = tuple(value_of(document, order) for order in orders)
    return Valued(
        document, values, (document["type"], document["id"], document.get("inner", ""), document.get("holder", ""))
    )


def lies_within(value: Any, limits: Limits) -> bool:
    return value is not None and not (
        ("$gte" in limits and value < limits["$gte"])
        or ("$gt" in limits and value <= limits["$gt"])
        or ("$lt" in limits and value >= limits["$lt"])
        or ("$lte" in limits and value > limits["$lte"])
    )


def below(limits: Limits, value: Bound) -> Limits:
    return {**{sign: limit for sign, limit in limits.items() if sign != "$lte"}, "$lt": value}


def above(limits: Limits, value: Bound, sign: str = "$gt") -> Limits:
    return {**{other: limit for other, limit in limits.items() if other not in {"$gt", "$gte"}}, sign: value}
