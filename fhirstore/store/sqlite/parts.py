"""The parts of a conjunction, those first whose rows are found with the least work."""

from __future__ import annotations

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
)

_ORDER = (
    *(WithIds, HasKey, HasPrefix, KeyScan, Updated, InRange, RangeScan, LinkedFrom, LinksTo, Contains),
    *(AnyOf, AllOf),
)


def cheapest_first(filter_: Filter) -> list[Filter]:
    """What must all hold for a filter to hold; the filter itself where it has no such parts."""
    return sorted(_conjuncts(filter_), key=_cost)


def _conjuncts(filter_: Filter) -> list[Filter]:
    if isinstance(filter_, AllOf):
        return [part for each in filter_.parts for part in _conjuncts(each)]
    return [filter_]


def _cost(filter_: Filter) -> int:
    kind = type(filter_)
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)
