"""Walking: what a search finds, in the order asked for, from the order of the indexes and window by window.

MongoDB sorts by an array's smallest element whatever the query asked of it, so an order by one sort of entries is not
the server's to make. A window between two values is fetched instead, and sorted here; where it holds too much, it is
cut at a value in its middle. So the work is that of a page, not that of a record.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from fhirstore.search.plan import ById, ByKey, ByRange, ByUpdate, Order
from fhirstore.store.cursors import Place
from fhirstore.store.mongodb.axes import Axis, Limits, above, axis_of, below, lies_within, value_of, valued
from fhirstore.store.mongodb.conditions import Collection, Conditions, Query, among
from fhirstore.store.mongodb.documents import THERE, VERSION_FIELDS, Document
from fhirstore.store.ordering import comes_after, ordered

WINDOW = 200
"""So many documents are fetched and sorted at once."""

WHOLE = {**VERSION_FIELDS, "_id": 1}
"""What is read of a match: all but what it is found by."""

_BY_ID = [("type", 1), ("id", 1)]


class Walk:
    """The resources of some types (none: all) in one scope."""

    def __init__(
        self,
        resources: Collection,
        conditions: Conditions,
        types: Sequence[str],
        session: AsyncClientSession | None,
        fields: Query,
    ) -> None:
        self._resources = resources
        self._conditions = conditions
        self._types = types
        self._session = session
        self._fields = fields
        self._window = WINDOW

    def of_type(self) -> Query:
        return among("keys", [THERE + type_ for type_ in self._types]) if self._types else {"keys": THERE}

    async def along(
        self, query: Query, orders: Sequence[Order], place: Place | None, size: int = 0
    ) -> AsyncIterator[Document]:
        """The documents for which a query holds, in order, after a place: the first `size`, or all (0)."""
        first = orders[0] if orders else None
        if first is None:
            found = self._by_type(query, place, size)
        elif isinstance(first, ById) and len(self._types) == 1:
            found = self._sorted(
                query, [("id", -1 if first.descending else 1)], self._after_id_of_type(first, place), size
            )
        elif isinstance(first, ByUpdate) and len(orders) == 1:
            found = self._by_update(query, first, place, size)
        else:
            found = self._with_and_without_value(query, orders, place)
        async for document in found:
            yield document

    async def _sorted(
        self, query: Query, sort: Sequence[tuple[str, int]], after: Query, size: int, batch: int = 0
    ) -> AsyncIterator[Document]:
        """In an order that an index has."""
        asked = self._conditions.of_owner(self.of_type(), after, query)
        found = self._resources.find(
            asked, self._fields, session=self._session, sort=list(sort), limit=size, batch_size=batch or size
        )
        async with found as cursor:
            async for document in cursor:
                yield document

    async def _by_type(self, query: Query, place: Place | None, size: int) -> AsyncIterator[Document]:
        """One type after the other: below one key, the index is in this order."""
        if not self._types:
            async for document in self._sorted(query, _BY_ID, _after_id(place), size):
                yield document
        for type_ in sorted(self._types):
            if place is None or type_ >= str(place[0]):
                one_type = Walk(self._resources, self._conditions, (type_,), self._session, self._fields)
                async for document in one_type._sorted(query, _BY_ID, _after_id(place), size):
                    yield document

    async def _by_update(
        self, query: Query, order: ByUpdate, place: Place | None, size: int
    ) -> AsyncIterator[Document]:
        """Backwards an index turns around all that it is ordered by: what is equally old is put in order here."""
        direction = -1 if order.descending else 1
        sort = [("updated", direction), ("type", direction), ("id", direction)]
        equal: list[Document] = []
        # The last of a page may be one of many that are equally old: they are read on, a page at a time.
        async for document in self._sorted(query, sort, _after_update(order, place), 0, size):
            if equal and equal[0]["updated"] != document["updated"]:
                for each in _by_type_and_id(equal):
                    yield each
                equal = []
            equal.append(document)
        for each in _by_type_and_id(equal):
            yield each

    async def _with_and_without_value(
        self, query: Query, orders: Sequence[Order], place: Place | None
    ) -> AsyncIterator[Document]:
        axis = axis_of(orders[0])
        among_missing = place is not None and place[0] is None
        if not among_missing:
            async for document in self._in_windows(query, axis, orders, place):
                yield document
        if axis.present is not None:
            missing = both({"$nor": [axis.present]}, query)
            async for document in self.along(missing, orders[1:], place[1:] if place and among_missing else None):
                yield document

    async def _in_windows(
        self, query: Query, axis: Axis, orders: Sequence[Order], place: Place | None
    ) -> AsyncIterator[Document]:
        """Those that have a value for the first order. Windows wait on a stack, the next on top."""
        first = orders[0]
        waiting = [_from_place(axis.whole, first, place)]
        while waiting:
            limits = waiting.pop()
            found = await self._fetch(both(axis.between(limits), query))
            if len(found) <= self._window:
                here = [valued(each, orders) for each in found if lies_within(value_of(each, first), limits)]
                for each in ordered(here, orders):
                    if comes_after(each, place, orders):
                        yield each.item
            elif set(limits) == {"$gte", "$lte"} and limits["$gte"] == limits["$lte"]:
                value = limits["$gte"]
                inside = place[1:] if place and place[0] == value else None
                async for document in self.along(both(axis.between(limits), query), orders[1:], inside):
                    if value_of(document, first) == value:
                        yield document
            else:
                values = {value for each in found for value in axis.values(each) if lies_within(value, limits)}
                parts = _cut(limits, sorted(values))
                waiting += parts if first.descending else reversed(parts)

    async def _fetch(self, query: Query) -> list[Document]:
        asked = self._conditions.of_owner(self.of_type(), query)
        size = self._window + 1
        cursor = self._resources.find(asked, self._fields, session=self._session, limit=size, batch_size=size)
        return list(await cursor.to_list())

    def _after_id_of_type(self, order: ById, place: Place | None) -> Query:
        after = {"id": {"$lt" if order.descending else "$gt": place[0]}} if place else {}
        return {"type": self._types[0], **after}


def fields_of(orders: Sequence[Order]) -> Query:
    """What is read to put documents in order; those that are then wanted are read whole."""
    values = {"keys": ByKey, "ranges": ByRange}
    needed = {field: 1 for field, order in values.items() if any(isinstance(each, order) for each in orders)}
    return {"type": 1, "id": 1, "updated": 1, **needed}


def both(first: Query, second: Query) -> Query:
    return {"$and": [first, second]} if first and second else first or second


def _from_place(whole: Limits, order: Order, place: Place | None) -> Limits:
    """A page begins again with the value that the last one ended with: others may have the same."""
    if place is None:
        return whole
    value: Any = place[0]
    if order.descending:
        return {**{sign: limit for sign, limit in whole.items() if sign != "$lt"}, "$lte": value}
    return above(whole, value, "$gte")


def _cut(limits: Limits, values: Sequence[Any]) -> list[Limits]:
    """Smaller windows that are the same together, the lowest first, around the values that were seen in it."""
    middle = values[len(values) // 2]
    if len(values) > 1:
        return [below(limits, middle), above(limits, middle, "$gte")]
    return [below(limits, middle), {"$gte": middle, "$lte": middle}, above(limits, middle)]


def _after_id(place: Place | None) -> Query:
    if place is None:
        return {}
    type_, id_ = place[0], place[1]
    return {"$or": [{"type": type_, "id": {"$gt": id_}}, {"type": {"$gt": type_}}]}


def _by_type_and_id(documents: Sequence[Document]) -> list[Document]:
    return sorted(documents, key=lambda each: (each["type"], each["id"]))


def _after_update(order: ByUpdate, place: Place | None) -> Query:
    if place is None:
        return {}
    side = "$lt" if order.descending else "$gt"
    later, same = {"updated": {side: place[0]}}, {"updated": place[0], **_after_id(place[1:])}
    return {"updated": {side + "e": place[0]}, "$or": [later, same]}
