"""history of a resource, a type, or all: http://hl7.org/fhir/DSTU2/http.html#history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec import structs

from fhirstore.errors import BadRequest, NotFound
from fhirstore.interactions.bundles import history_bundle
from fhirstore.interactions.paging import Asked, page_size
from fhirstore.interactions.part import PART, part
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.search.kinds.date import interval
from fhirstore.search.query import PAGE, TRANSPORT
from fhirstore.store.contract import HistoryPage, HistoryPlace, HistoryQuery, Version
from fhirstore.store.cursors import Place

_PARAMETERS = ("_since", "_at", "_count", *PART, PAGE)


async def history(request: Request, context: Context) -> Reply:
    """Versions newest first, deletions too, in pages. Raises NotFound for a resource that never was."""
    given = _given(request)
    asked = _page(request, context, given)
    page = await context.resources.history(_query(request, given, asked.count, asked.place(context)))
    if request.id and page.total == 0 and await context.resources.current(request.type, request.id) is None:
        raise NotFound(f"There is no {request.type} with this id.")
    links = asked.links(context, _following(page), len(page.versions))
    page = replace(page, versions=[_shown(version, given) for version in page.versions])
    return Reply(200, history_bundle(page, context.base, links))


def _shown(version: Version, given: Mapping[str, str]) -> Version:
    return version if version.deleted else structs.replace(version, body=part(version.body, given))


def _page(request: Request, context: Context, given: Mapping[str, str]) -> Asked:
    address = "/".join(part for part in (context.base, request.type, request.id, "_history") if part)
    pairs = [(name, value) for name, value in given.items() if name != PAGE]
    limits = context.limits
    # A resource's own history is asked for as a whole; those of a type or of everything may be long.
    default = limits.page if request.id else limits.default_history
    return Asked(address, pairs, page_size(given.get("_count"), default, limits), given.get(PAGE))


def _query(request: Request, given: Mapping[str, str], count: int, place: Place | None) -> HistoryQuery:
    at = _interval("_at", given["_at"]) if "_at" in given else None
    return HistoryQuery(
        type=request.type or None,
        id=request.id or None,
        since=_interval("_since", given["_since"])[0] if "_since" in given else None,
        before=at[1] if at else None,
        until=at[0] if at else None,
        after=HistoryPlace(*place) if place else None,  # type: ignore[arg-type]
        count=count,
    )


def _following(page: HistoryPage) -> Place | None:
    if not page.more or not page.versions:
        return None
    last = page.versions[-1]
    return last.updated, last.type, last.id, last.number


def _given(request: Request) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in request.query:
        if name in TRANSPORT:
            continue
        if name not in _PARAMETERS:
            raise BadRequest(f"A history has no parameter {name[:64]!r}; it has _since, _at and _count.")
        given[name] = value
    return given


def _interval(name: str, text: str) -> tuple[int, int]:
    """The milliseconds that a date or time covers, the end excluded. Raises BadRequest."""
    covered = interval(text)
    if covered is None:
        raise BadRequest(f"{name} must be a date, a dateTime or an instant.")
    return covered[0] // 1000, -(-covered[1] // 1000)
