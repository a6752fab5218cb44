"""A plan narrowed to a part of a record: nothing outside is found, and nothing outside decides what is found."""

from __future__ import annotations

from dataclasses import replace

from fhirstore.extents import Extent, Extents
from fhirstore.search.plan import (
    EVERYTHING,
    AllOf,
    AnyOf,
    Contains,
    Filter,
    HasKey,
    LinkedFrom,
    LinksTo,
    Not,
    OfType,
    Plan,
    all_of,
    any_of,
)

Types = tuple[str, ...]


def narrowed(plan: Plan, extents: Extents) -> Plan:
    """The same plan, of the resources inside of extents alone.

    A contained resource is where its container is, which no filter of its own can tell: in a plan that looks for
    contained ones, only what it refers to is narrowed here.
    """
    filter_ = _within(plan.filter, extents)
    if plan.population == "resources":
        filter_ = _both(filter_, inside(extents, plan.types))
    return replace(plan, filter=filter_)


def inside(extents: Extents, types: Types = ()) -> Filter:
    """What holds of a top-level resource that is inside; `types` are those that are looked at anyway, none: all."""
    parts = [part for extent in extents if (part := _extent(extent, types)) is not None]
    return EVERYTHING if EVERYTHING in parts else any_of(tuple(parts)) if parts else AnyOf()


def _extent(extent: Extent, types: Types) -> Filter | None:
    """An extent as a filter; None where it has none of the types."""
    parts: list[Filter] = []
    if extent.types is not None:
        common = tuple(sorted(extent.types.intersection(types) if types else extent.types))
        if not common:
            return None
        if set(common) != set(types):
            parts.append(OfType(common))
    if extent.patient is not None:
        parts.append(HasKey((f"compartment=Patient/{extent.patient}",)))
    return all_of(tuple(parts))


def _within(filter_: Filter, extents: Extents) -> Filter:
    """A filter whose steps to other resources lead to none outside. What is contained is inside with its container."""
    match filter_:
        case AllOf(parts):
            return AllOf(tuple(_within(part, extents) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_within(part, extents) for part in parts))
        case Not(part):
            return Not(_within(part, extents))
        case LinksTo(name, types, inner, beyond):
            return LinksTo(name, types, _within(inner, extents), _both(beyond, inside(extents, types)))
        case LinkedFrom(type_, name, inner):
            return LinkedFrom(type_, name, _both(_within(inner, extents), inside(extents, (type_,))))
        case Contains(types, inner):
            return Contains(types, _within(inner, extents))
    return filter_


def _both(one: Filter, other: Filter) -> Filter:
    return all_of(tuple(each for each in (one, other) if each != EVERYTHING))
