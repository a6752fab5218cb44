"""Who the record is about, as each source knows them, and what several sources say of one and the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response

from fhirstore.dstu2.json_format import parse
from fhirstore.interactions.same import SAME
from fhirstore.presentation.cards import card_of
from fhirstore.web.health_history.comparing import Compared, compare
from fhirstore.web.health_history.overview import today
from fhirstore.web.health_history.reading import Document, found_in, search, with_names
from fhirstore.web.health_history.summary import person_of
from fhirstore.web.pages import UserPage
from fhirstore.web.record import Record, RecordOf
from fhirstore.web.rendering import page

_PATIENTS = "50"

router = APIRouter(prefix="/health-history", route_class=UserPage)


@router.get("/about")
async def about(request: Request, record: RecordOf) -> Response:
    """Each person in the record, whom most sources know first: a record may tell of children too."""
    patients = await search(record, "Patient", ("_count", _PATIENTS))
    groups = await _persons(record, patients)
    people = [(person_of(documents, today(request)), compared) for documents, compared in groups]
    return page(request, "health_history/about.html", people=people)


@router.get("/entries/{type}/{id}/same")
async def same(request: Request, record: RecordOf, type: str, id: str) -> Response:
    """Raises NotFound for what is not in the record."""
    told: dict[str, Any] = msgspec.json.decode((await record.carry_out(SAME, type, id)).body)
    # Once more, by the reader that keeps the digits of numbers.
    members = [parse(msgspec.json.encode(each["resource"])) for each in told["members"]]
    documents = await with_names(record, members)
    reasons = [each["reason"] for each in told["members"]]
    return page(
        request, "health_history/same.html", card=card_of(documents[0]), compared=compare(documents, told["elements"]),
        reasons=[reason for reason in dict.fromkeys(reasons) if reason],
    )  # fmt: skip


async def _persons(record: Record, patients: Sequence[Document]) -> list[tuple[Sequence[Document], Compared]]:
    """The Patients of each person together, by what `$unified` says of them."""
    if len(patients) < 2:
        return [([each], compare([each])) for each in patients]
    facts = found_in(
        await record.ask("GET", "Patient/$unified", [("kind", "Patient"), ("_count", _PATIENTS)])
    ).documents
    by_address = {f"Patient/{each.get('id')}": each for each in patients}
    persons: list[tuple[Sequence[Document], Compared]] = []
    for fact in facts:
        held = [by_address[each] for each in _contributions(fact) if each in by_address]
        if held:
            persons.append((held, compare(held, _conflicts(fact))))
    return persons


def _contributions(fact: Document) -> list[str]:
    parts = (part for each in fact.get("parameter", ()) if each["name"] == "contribution" for part in each["part"])
    return [part["valueReference"]["reference"] for part in parts if part["name"] == "resource"]


def _conflicts(fact: Document) -> list[str]:
    parts = (part for each in fact.get("parameter", ()) if each["name"] == "conflict" for part in each["part"])
    return [part["valueString"] for part in parts if part["name"] == "element"]
