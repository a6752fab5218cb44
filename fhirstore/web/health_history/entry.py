"""One resource in full: its lines in plain words, its documents, where it came from, who changed what, what refers to
it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from fhirstore.dstu2.json_format import reread_each
from fhirstore.errors import Failure
from fhirstore.interactions.unified_record import kinds
from fhirstore.interactions.versions import VERSIONS
from fhirstore.presentation.cards import Card, card_of
from fhirstore.presentation.changes import Change, changes
from fhirstore.presentation.lines import lines_of
from fhirstore.presentation.origin import origin_of
from fhirstore.store.accounts import Accounts
from fhirstore.web.health_history.documents import documents_of, open_document
from fhirstore.web.health_history.measurements import Graph, address_of, graphs_of, readings_like
from fhirstore.web.health_history.narrative import narrative_of
from fhirstore.web.health_history.people import people_in
from fhirstore.web.health_history.reading import Document, read, timeline
from fhirstore.web.health_history.targets import with_targets
from fhirstore.web.pages import UserPage
from fhirstore.web.record import Record, RecordOf
from fhirstore.web.rendering import page

_REFERRING = "25"

router = APIRouter(prefix="/health-history", route_class=UserPage)


@dataclass(frozen=True, slots=True)
class Written:
    """One version: who wrote it, when (milliseconds), and what it changed; nothing is said of the first."""

    number: int
    updated: int
    author: str
    deleted: bool
    first: bool
    changes: Sequence[Change]


@router.get("/entries/{type}/{id}")
async def show(request: Request, record: RecordOf, type: str, id: str) -> Response:
    """Raises NotFound for what is not in the record, and Gone for what was deleted."""
    document = await read(record, f"{type}/{id}")
    written, referring, graphs, lines = await asyncio.gather(
        _written(record, document, request.app.state.store.accounts),
        _referring(record, document),
        _graphs(record, document),
        with_targets(record, lines_of(document)),
    )
    return page(
        request, "health_history/entry.html", card=card_of(document), lines_shown=lines,
        narrative=narrative_of(document), documents=documents_of(document), origin=origin_of(document),
        versions=written, referring=referring, graphs=graphs,
        all_readings=address_of(document) if graphs else "",
        can_be_same=type in kinds(),
    )  # fmt: skip


@router.get("/entries/{type}/{id}/documents/{number}")
async def document(record: RecordOf, type: str, id: str, number: int) -> Response:
    """What a resource carries, or refers to in this record, as a file. Raises NotFound."""
    return await open_document(record, await read(record, f"{type}/{id}"), number)


async def _written(record: Record, document: Document, accounts: Accounts) -> list[Written]:
    reply = await record.carry_out(VERSIONS, str(document["resourceType"]), str(document["id"]))
    told = reread_each(reply.body)
    bodies = [each["resource"] for each in told]
    names = await _application_names(accounts, {each["client_id"] for each in told})
    older = [*bodies[1:], None]
    return [
        Written(
            each["number"],
            each["updated"],
            names.get(each["client_id"], ""),
            each["method"] == "DELETE",
            each["number"] == 1,
            changes(before, after) if before and after else (),
        )
        for each, after, before in zip(told, bodies, older, strict=True)
    ]


async def _application_names(accounts: Accounts, client_ids: set[str | None]) -> dict[str | None, str]:
    found = [await accounts.application(each) for each in client_ids if each]
    return {each.client_id: each.name for each in found if each is not None}


async def _referring(record: Record, document: Document) -> Sequence[Card]:
    """Not asked for a person: nearly everything refers to them."""
    if document["resourceType"] == "Patient":
        return ()
    try:
        about = f"{document['resourceType']}/{document['id']}"
        found = await timeline(record, [("about", about), ("_count", _REFERRING)])
    except Failure:
        return ()
    return [card_of(each) for each in found.documents]


async def _graphs(record: Record, document: Document) -> Sequence[Graph]:
    if document["resourceType"] != "Observation":
        return ()
    people = await people_in(record)
    number = people.number_of(document)
    readings = [each for each in await readings_like(record, document) if people.number_of(each) == number]
    return [graph for graph in graphs_of(readings) if graph.drawn]
