"""timeline: a record as pages of what took place, newest first, over all types; for the pages that people read.

It is no interaction of FHIR's, and no row of the table: `perform(TIMELINE, …)` carries it out like any other, and
`perform(SOURCES, …)` tells who wrote the record. Both answer with a searchset. What has no date comes last, by type
and id.
"""

from __future__ import annotations

from asyncio import gather
from collections.abc import Sequence
from functools import cache

from fhirstore.dstu2.catalog import is_resource_type, resource_types
from fhirstore.dstu2.references import target_type
from fhirstore.dstu2.sources import SOURCE_SYSTEM
from fhirstore.errors import BadRequest
from fhirstore.interactions.bundles import bundle, search_entries
from fhirstore.interactions.paging import Asked, page_size
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.shown import addressed
from fhirstore.interactions.table import Interaction
from fhirstore.presentation.kinds import LABORATORY, LABS, MEASUREMENTS, OTHER, Kind, kind_named, types_of_no_kind
from fhirstore.search.entries import escape
from fhirstore.search.kinds.date import interval
from fhirstore.search.moments import WHEN
from fhirstore.search.parameters import parameters
from fhirstore.search.plan import (
    AnyOf,
    ByRange,
    Filter,
    HasKey,
    InRange,
    KeyScan,
    Limit,
    Not,
    OfType,
    Plan,
    all_of,
)
from fhirstore.search.query import PAGE
from fhirstore.store.contract import Page

_PARAMETERS = frozenset({"kind", "type", "source", "from", "to", "about", "_count", PAGE})
_SOURCES_LIMIT = 50
_SOURCE_KEY = f"_tag={SOURCE_SYSTEM}|"
_NEWEST_FIRST = (ByRange(WHEN, "low", "high", descending=True),)
_LABORATORY = HasKey((f"Observation.category={escape(LABORATORY[0])}|{LABORATORY[1]}",))


async def timeline(request: Request, context: Context) -> Reply:
    """Parameters are `kind` (of `presentation.kinds`), `type`, `source` (a URI), `from` and `to` (dates, both
    included), `about` (the "Type/id" that an entry must refer to), `_count`. Raises BadRequest for others, and for
    values that are none."""
    given = dict(request.query)
    if unknown := given.keys() - _PARAMETERS:
        raise BadRequest(f"A timeline has no parameter {min(unknown)[:64]!r}.")
    types, filters = _wanted(given.get("kind"), given.get("type"))
    if source := given.get("source"):
        filters.append(HasKey((_SOURCE_KEY + escape(source),)))
    if about := given.get("about"):
        filters.append(_referring(about))
    filters += _between(given.get("from"), given.get("to"))
    pairs = [(name, value) for name, value in given.items() if name != PAGE]
    count = page_size(given.get("_count"), context.limits.default_page, context.limits)
    page = Asked(f"{context.base}/timeline", pairs, count, given.get(PAGE))
    plan = Plan(types, all_of(tuple(filters)), _NEWEST_FIRST)
    found = await context.resources.find(plan, Page(count, page.place(context), total=False))
    entries = search_entries(context.base, addressed(match.version for match in found.matches), "match")
    return Reply(200, bundle("searchset", entries, page.links(context, found.next, len(found.matches))))


async def sources(request: Request, context: Context) -> Reply:
    """One resource of each source, in no order: its tags name the source, and may tell what it is called."""
    keys: dict[str, None] = {}

    def note(key: str) -> bool:
        keys[key] = None
        return False

    # The store lists the distinct keys to whoever accepts some of them: no resource need be looked at.
    await context.resources.find(Plan((), KeyScan(_SOURCE_KEY, note)), Page(1, total=False))
    found = await gather(
        *(
            context.resources.find(Plan((), HasKey((key,))), Page(1, total=False))
            for key in sorted(keys)[:_SOURCES_LIMIT]
        )
    )
    versions = [match.version for each in found for match in each.matches]
    return Reply(200, bundle("searchset", search_entries(context.base, addressed(versions), "match")))


TIMELINE = Interaction("search-system", "GET", "timeline", "read", timeline)
SOURCES = Interaction("search-system", "GET", "sources", "read", sources)


def _wanted(key: str | None, type: str | None) -> tuple[tuple[str, ...], list[Filter]]:
    """The types that a kind and a type leave, and what else the kind asks for."""
    if type and not is_resource_type(type):
        raise BadRequest("type needs a resource type.")
    if not key:
        return ((type,) if type else ()), []
    kind = kind_named(key)
    if kind is None:
        raise BadRequest("There is no such kind.")
    types = types_of_no_kind(resource_types()) if kind is OTHER else kind.types
    return ((type,) if type and type in types else types), _within(kind)


def _within(kind: Kind) -> list[Filter]:
    """Observations are of two kinds, by their category."""
    if kind is MEASUREMENTS:
        return [Not(_LABORATORY)]
    return [AnyOf((_LABORATORY, OfType(tuple(set(kind.types) - {"Observation"}))))] if kind is LABS else []


def _referring(address: str) -> Filter:
    type = target_type(address)
    if type is None or address.count("/") != 1:
        raise BadRequest("about needs a type and an id, such as Encounter/12.")
    return HasKey(tuple(f"{key}={address}" for key in _links_to(type)))


@cache
def _links_to(type: str) -> tuple[str, ...]:
    """The keys of all parameters of all types that may refer to this one; more than it can be do no harm."""
    return tuple(
        found.key
        for each in resource_types()
        for found in parameters(each).values()
        if found.kind == "reference" and (not found.targets or type in found.targets)
    )


def _between(first: str | None, last: str | None) -> Sequence[Filter]:
    limits = []
    for name, text in (("from", first), ("to", last)):
        if not text:
            continue
        covered = interval(text)
        if covered is None:
            raise BadRequest(f"{name} must be a date.")
        limits.append(Limit("high", ">", covered[0]) if name == "from" else Limit("low", "<", covered[1]))
    return [InRange(WHEN, tuple(limits))] if limits else []
