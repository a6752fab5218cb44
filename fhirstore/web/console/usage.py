"""How much an application does: its hour against the limit, and a plot of the hours before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from fhirstore.auth.allowances import window_key
from fhirstore.clock import instant
from fhirstore.store.usage import HOUR, Kind
from fhirstore.web.console.applications import ApplicationOf
from fhirstore.web.console.bars import draw
from fhirstore.web.pages import DeveloperPage
from fhirstore.web.rendering import page
from fhirstore.web.visits import store_of

router = APIRouter(prefix="/applications/{client_id}/usage", route_class=DeveloperPage)

_MANAGEMENT: Sequence[Kind] = ("management", "management-failed", "throttled")
_FHIR: Sequence[Kind] = ("fhir", "fhir-failed")
_HOURS: Mapping[str, int] = {"day": 24, "week": 7 * 24}


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour's counts; `begins` is in milliseconds."""

    begins: int
    counts: Mapping[Kind, int]


@router.get("")
async def show(
    request: Request, application: ApplicationOf, period: Annotated[Literal["day", "week"], Query()] = "day"
) -> Response:
    store, now = store_of(request), request.app.state.clock()
    await request.app.state.usage.flush()  # what this process counted is seen at once
    first = now // HOUR - _HOURS[period] + 1
    counted = await store.usage.since(application.client_id, first)
    found = {(each.hour, each.kind): count for each, count in counted}
    hours = [
        Hour(at * HOUR, {kind: found.get((at, kind), 0) for kind in (*_MANAGEMENT, *_FHIR)})
        for at in range(first, now // HOUR + 1)
    ]
    limit = application.calls_per_hour or request.app.state.allowances.calls_per_hour
    return page(
        request,
        "console/usage.html",
        application=application,
        period=period,
        limit=limit,
        window=await store.accounts.window(window_key(application), now),
        hours=[hour for hour in reversed(hours) if any(hour.counts.values())],
        totals={kind: sum(hour.counts[kind] for hour in hours) for kind in (*_MANAGEMENT, *_FHIR)},
        management=draw([_only(hour, _MANAGEMENT) for hour in hours], _labels(hours), limit),
        fhir=draw([_only(hour, _FHIR) for hour in hours], _labels(hours)),
    )


def _only(hour: Hour, kinds: Sequence[Kind]) -> Mapping[str, int]:
    return {kind: hour.counts[kind] for kind in kinds}


def _labels(hours: Sequence[Hour]) -> Mapping[int, str]:
    """The time every few hours of a day, the date at each midnight of a week."""
    if len(hours) > 24:
        midnights = [number for number, hour in enumerate(hours) if instant(hour.begins)[11:13] == "00"]
        return {number: instant(hours[number].begins)[5:10] for number in midnights}
    return {number: instant(hour.begins)[11:16] for number, hour in enumerate(hours) if number % 4 == 3}
