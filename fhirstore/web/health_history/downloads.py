"""The record taken along: as one Bundle, as NDJSON, or on paper. What is sent is read in pages and never held whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from fhirstore.dstu2.json_format import parse
from fhirstore.interactions.timeline import TIMELINE
from fhirstore.presentation.cards import card_of
from fhirstore.presentation.moments import date_words, when_of
from fhirstore.presentation.origin import origin_of
from fhirstore.search.query import PAGE
from fhirstore.web.health_history.overview import Entry, months_of, today
from fhirstore.web.health_history.people import people_in
from fhirstore.web.health_history.reading import Document, older_than, with_names
from fhirstore.web.health_history.summary import summarize
from fhirstore.web.pages import UserPage
from fhirstore.web.record import Record, RecordOf
from fhirstore.web.rendering import HEADERS, page

_AT_ONCE = "500"
_PRINTED = 1000

router = APIRouter(prefix="/health-history", route_class=UserPage)


@router.get("/download")
async def choose(request: Request, record: RecordOf) -> Response:
    return page(request, "health_history/download.html")


@router.get("/download/bundle.json")
async def bundle(record: RecordOf) -> Response:
    """A Bundle of type collection: http://hl7.org/fhir/DSTU2/bundle.html."""
    return _file(_bundled(record), "application/json", "health-history.json")


@router.get("/download/record.ndjson")
async def ndjson(record: RecordOf) -> Response:
    """One resource on each line."""
    return _file(_lines(record), "application/x-ndjson", "health-history.ndjson")


@router.get("/print")
async def print_view(request: Request, record: RecordOf) -> Response:
    """The summary and the newest thousand entries with a date, on one page."""
    documents: list[Document] = []
    async for body in _resources(record):
        document = parse(body)
        if when_of(document) is None or len(documents) == _PRINTED:
            break
        documents.append(document)
    people = await people_in(record)
    named = await with_names(record, documents)
    entries = [Entry(card_of(each), origin_of(each), people.other(each)) for each in named]
    day = today(request)
    return page(
        request, "health_history/print.html",
        summary=await summarize(record, day, people), months=list(months_of(entries)),
        day=date_words(day.isoformat()), count=len(entries), most=_PRINTED,
    )  # fmt: skip


async def _bundled(record: Record) -> AsyncIterator[bytes]:
    yield b'{"resourceType":"Bundle","type":"collection","entry":['
    joint = b""
    async for body in _resources(record):
        yield joint + b'{"resource":' + body + b"}"
        joint = b","
    yield b"]}"


async def _lines(record: Record) -> AsyncIterator[bytes]:
    async for body in _resources(record):
        yield body + b"\n"


class _Entry(msgspec.Struct):
    resource: msgspec.Raw


class _Bundle(msgspec.Struct):
    """What is needed of a searchset, its resources as the bytes that are stored."""

    entry: list[_Entry] = []


async def _resources(record: Record) -> AsyncIterator[bytes]:
    token = ""
    while True:
        reply = await record.carry_out(TIMELINE, query=[("_count", _AT_ONCE), *([(PAGE, token)] if token else [])])
        for entry in msgspec.json.decode(reply.body, type=_Bundle).entry:
            yield bytes(entry.resource)
        token = older_than(reply)
        if not token:
            return


def _file(content: AsyncIterator[bytes], media_type: str, name: str) -> Response:
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(content, headers=headers, media_type=media_type)
