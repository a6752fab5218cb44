"""The overview: the summary, and the timeline of all that is in the record, newest first, in pages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from fhirstore.presentation.cards import Card, card_of
from fhirstore.presentation.kinds import KINDS, kind_named
from fhirstore.presentation.moments import read_when
from fhirstore.presentation.origin import Origin, origin_of
from fhirstore.search.query import PAGE
from fhirstore.web.health_history.people import people_in
from fhirstore.web.health_history.reading import Found, sources, timeline
from fhirstore.web.health_history.summary import summarize
from fhirstore.web.pages import UserPage
from fhirstore.web.record import Record, RecordOf
from fhirstore.web.rendering import page

ENTRIES = 30

router = APIRouter(prefix="/health-history", route_class=UserPage)


@dataclass(frozen=True, slots=True)
class Entry:
    """`person` is the name of whom it is about, where that is not whom the record is of."""

    card: Card
    origin: Origin
    person: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """What took place on one day; `text` is "" where that is unknown."""

    text: str
    machine: str
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Month:
    """A part of the timeline under one heading."""

    name: str
    days: Sequence[Day]


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the record is shown: "" is no limit."""

    kind: str = ""
    source: str = ""
    start: str = ""
    end: str = ""
    token: str = ""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        given = [("kind", self.kind), ("source", self.source), ("from", self.start), ("to", self.end)]
        return [pair for pair in given if pair[1]]

    def address(self, token: str = "") -> str:
        query = urlencode([*self.pairs, *([("after", token)] if token else [])])
        return f"/health-history?{query}" if query else "/health-history"


@router.get("")
async def overview(
    request: Request, record: RecordOf, kind: str = "", source: str = "", to: str = "", after: str = ""
) -> Response:
    """`from` and `to` are dates; what is none, or no kind, is passed by: it came from a form by hand."""
    wanted = _filter(kind, source, request.query_params.get("from", ""), to, after)
    whole = not wanted.pairs and not after
    people = await people_in(record)
    shown, summary, origins = await asyncio.gather(
        _page(record, wanted), summarize(record, today(request), people) if whole else _nothing(), sources(record)
    )
    entries = [Entry(card_of(each), origin_of(each), people.other(each)) for each in shown.documents]
    return page(
        request, "health_history/overview.html", summary=summary, months=list(months_of(entries)),
        older=wanted.address(shown.older) if shown.older else "", newest=wanted.address() if after else "",
        wanted=wanted, kinds=KINDS, sources=origins,
    )  # fmt: skip


async def _page(record: Record, wanted: Filter) -> Found:
    query = [*wanted.pairs, ("_count", str(ENTRIES)), *([(PAGE, wanted.token)] if wanted.token else [])]
    return await timeline(record, query)


async def _nothing() -> None:
    return None


def _filter(kind: str, source: str, start: str, end: str, token: str) -> Filter:
    return Filter(
        kind if kind_named(kind) else "",
        source,
        start if read_when(start) else "",
        end if read_when(end) else "",
        token,
    )


def today(request: Request) -> date:
    return datetime.fromtimestamp(request.app.state.clock() / 1000, UTC).date()


def months_of(entries: Sequence[Entry]) -> Iterator[Month]:
    """Entries as a timeline shows them; those without a date are in a month without a name."""
    for name, group in groupby(entries, key=lambda each: each.card.when.month if each.card.when else ""):
        yield Month(name, list(_days(list(group))))


def _days(entries: Sequence[Entry]) -> Iterator[Day]:
    for machine, group in groupby(entries, key=lambda each: each.card.when.day if each.card.when else ""):
        held = list(group)
        when = held[0].card.when
        yield Day(when.within_month if when else "", machine, held)
