"""Who the record is about, as each source knows them, and what several sources say of one and the same thing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from fhirstore.dstu2.json_format import reread
from fhirstore.interactions.same import SAME
from fhirstore.presentation.cards import card_of
from fhirstore.web.health_history.comparing import compare
from fhirstore.web.health_history.overview import today
from fhirstore.web.health_history.people import people_in
from fhirstore.web.health_history.reading import with_names
from fhirstore.web.health_history.summary import person_of
from fhirstore.web.pages import UserPage
from fhirstore.web.record import RecordOf
from fhirstore.web.rendering import page

router = APIRouter(prefix="/health-history", route_class=UserPage)


@router.get("/about")
async def about(request: Request, record: RecordOf) -> Response:
    """Each person in the record, whom most sources know first: a record may tell of children too."""
    groups = (await people_in(record)).groups
    people = [(person_of(each.patients, today(request)), compare(each.patients, each.conflicts)) for each in groups]
    return page(request, "health_history/about.html", people=people)


@router.get("/entries/{type}/{id}/same")
async def same(request: Request, record: RecordOf, type: str, id: str) -> Response:
    """Raises NotFound for what is not in the record."""
    told = reread((await record.carry_out(SAME, type, id)).body)
    documents = await with_names(record, [each["resource"] for each in told["members"]])
    reasons = [each["reason"] for each in told["members"]]
    return page(
        request, "health_history/same.html", card=card_of(documents[0]), compared=compare(documents, told["elements"]),
        reasons=[reason for reason in dict.fromkeys(reasons) if reason],
    )  # fmt: skip
