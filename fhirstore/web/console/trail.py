"""What was done through an application, and by whom: the trail, filtered, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from fhirstore.errors import BadRequest
from fhirstore.store.accounts import Application
from fhirstore.store.trail import USER_TYPE, Outcome, TrailQuery
from fhirstore.web.console.applications import ApplicationOf
from fhirstore.web.pages import DeveloperPage
from fhirstore.web.rendering import page
from fhirstore.web.visits import store_of

router = APIRouter(prefix="/applications/{client_id}/audit", route_class=DeveloperPage)

PAGE = 50

Text = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class Filters:
    """As they stand in the page's fields; empty for all."""

    user: str = ""
    action: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""


async def filters_of(
    user: Text = "",
    action: Text = "",
    outcome: Literal["", "success", "failure"] = "",
    since: Text = "",
    until: Text = "",
) -> Filters:
    return Filters(user.strip(), action.strip(), outcome, since, until)


@router.get("")
async def show(
    request: Request,
    application: ApplicationOf,
    filters: Annotated[Filters, Depends(filters_of)],
    after: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    try:
        queries, problem = _queries(application, filters, after), ""
    except BadRequest as failure:
        queries, problem = [], failure.reason
    await request.app.state.trail.flush()  # what this process noted is seen at once
    trail = store_of(request).trail
    found = sorted(
        [event for query in queries for event in await trail.events(query)], key=lambda it: it.id, reverse=True
    )
    shown = found[:PAGE]
    return page(
        request,
        "console/audit.html",
        400 if problem else 200,
        application=application,
        filters=filters,
        problem=problem,
        filtered=any(asdict(filters).values()),
        events=shown,
        first_page=not after,
        older=_address(filters, shown[-1].id) if len(found) > PAGE else None,
        newest=_address(filters),
    )


def _queries(application: Application, filters: Filters, after: str) -> Sequence[TrailQuery]:
    """What is asked of the trail; of each one more than a page, to know whether there is another. Raises BadRequest.

    What is about one user is what was done to the record, and to the user.
    """
    if filters.user and not (filters.user.isascii() and filters.user.isdigit() and len(filters.user) < 16):
        raise BadRequest("A user is found by the number, the oneup_user_id.")
    outcomes: Mapping[str, Outcome] = {"success": "success", "failure": "failure"}
    everything = TrailQuery(
        client_id=application.client_id,
        action=filters.action or None,
        outcome=outcomes.get(filters.outcome),
        since=_midnight(filters.since),
        before=_midnight(filters.until, 1),
        after=after or None,
        count=PAGE + 1,
    )
    if not filters.user:
        return [everything]
    return [
        replace(everything, owner=int(filters.user)),
        replace(everything, type=USER_TYPE, target=str(int(filters.user))),
    ]


def _midnight(text: str, days: int = 0) -> int | None:
    """The beginning of a day, or so many days later, in milliseconds. Raises BadRequest."""
    if not text:
        return None
    try:
        begins = datetime.combine(date.fromisoformat(text) + timedelta(days), datetime.min.time(), UTC)
    except (ValueError, OverflowError) as error:
        raise BadRequest("A day is written as 2026-01-31.") from error
    return int(begins.timestamp() * 1000)


def _address(filters: Filters, after: str = "") -> str:
    given = {name: value for name, value in (asdict(filters) | {"after": after}).items() if value}
    return "?" + urlencode(given)
