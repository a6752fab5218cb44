"""timeline: a record as pages of what took place, newest first, over all types; for the pages that people read.

It is no interaction of FHIR's, and no row of the table: `perform(TIMELINE, …)` carries it out like any other. Its
answer is a searchset. What has no date comes last, by type and id.
"""

from __future__ import annotations

from collections.abc import Sequence

from fhirstore.dstu2.catalog import is_resource_type, resource_types
from fhirstore.errors import BadRequest
from fhirstore.interactions.bundles import bundle, search_entry
from fhirstore.interactions.paging import Asked, page_size
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction
from fhirstore.presentation.kinds import LABORATORY, LABS, MEASUREMENTS, OTHER, Kind, kind_named, types_of_no_kind
from fhirstore.search.entries import escape
from fhirstore.search.kinds.date import interval
from fhirstore.search.moments import WHEN
from fhirstore.search.plan import AnyOf, ByRange, Filter, HasKey, InRange, Limit, Not, OfType, Plan, all_of
from fhirstore.search.query import PAGE
from fhirstore.store.contract import Page

SOURCE_SYSTEM = "urn:fhirstore:source"
_PARAMETERS = frozenset({"kind", "type", "source", "from", "to", "_count", PAGE})
_NEWEST_FIRST = (ByRange(WHEN, "low", "high", descending=True),)
_LABORATORY = HasKey((f"Observation.category={escape(LABORATORY[0])}|{LABORATORY[1]}",))


async def timeline(request: Request, context: Context) -> Reply:
    """Parameters are `kind` (of `presentation.kinds`), `type`, `source` (a URI), `from` and `to` (dates, both
    included), `_count`. Raises BadRequest for others, and for values that are none."""
    given = dict(request.query)
    if unknown := given.keys() - _PARAMETERS:
        raise BadRequest(f"A timeline has no parameter {min(unknown)[:64]!r}.")
    types, filters = _wanted(given.get("kind"), given.get("type"))
    if source := given.get("source"):
        filters.append(HasKey((f"_tag={SOURCE_SYSTEM}|{escape(source)}",)))
    filters += _between(given.get("from"), given.get("to"))
    pairs = [(name, value) for name, value in given.items() if name != PAGE]
    count = page_size(given.get("_count"), context.limits.default_page, context.limits)
    page = Asked(f"{context.base}/timeline", pairs, count, given.get(PAGE))
    plan = Plan(types, all_of(tuple(filters)), _NEWEST_FIRST)
    found = await context.resources.find(plan, Page(count, page.place(context), total=False))
    entries = [
        search_entry(f"{context.base}/{match.version.type}/{match.version.id}", match.version.body, "match")
        for match in found.matches
    ]
    return Reply(200, bundle("searchset", entries, page.links(context, found.next, len(found.matches))))


TIMELINE = Interaction("search-system", "GET", "timeline", "read", timeline)


def _wanted(key: str | None, type: str | None) -> tuple[tuple[str, ...], list[Filter]]:
    if type:
        if not is_resource_type(type):
            raise BadRequest("type needs a resource type.")
        return (type,), []
    if not key:
        return (), []
    kind = kind_named(key)
    if kind is None:
        raise BadRequest("There is no such kind.")
    if kind is OTHER:
        return types_of_no_kind(resource_types()), []
    return kind.types, _within(kind)


def _within(kind: Kind) -> list[Filter]:
    """Observations are of two kinds, by their category."""
    if kind is MEASUREMENTS:
        return [Not(_LABORATORY)]
    return [AnyOf((_LABORATORY, OfType(tuple(set(kind.types) - {"Observation"}))))] if kind is LABS else []


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
