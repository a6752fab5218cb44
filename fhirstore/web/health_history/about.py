"""The person behind the record, as each source knows them: every value is kept, and where they differ it is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from fhirstore.presentation.lines import Line, lines_of
from fhirstore.presentation.origin import Origin, origin_of
from fhirstore.web.health_history.overview import today
from fhirstore.web.health_history.reading import Document, search
from fhirstore.web.health_history.summary import person_of
from fhirstore.web.pages import UserPage
from fhirstore.web.record import RecordOf
from fhirstore.web.rendering import page

_MANY = frozenset({"Number", "Active", "Managing organization", "Also stated", "Phone and e-mail", "Cared for by"})
"""Of these a person has several, or one for each source, so that they are not at odds."""
_NAME = "Name"

router = APIRouter(prefix="/health-history", route_class=UserPage)


@dataclass(frozen=True, slots=True)
class Known:
    """A Patient: who says it, and where it is shown."""

    origin: Origin
    address: str


@dataclass(frozen=True, slots=True)
class Row:
    """One trait, with what each of the Patients says of it, in their order; `differs` where they are at odds."""

    label: str
    values: Sequence[Sequence[str]]
    differs: bool


@router.get("/about")
async def about(request: Request, record: RecordOf) -> Response:
    patients = await search(record, "Patient", ("_count", "50"))
    known = [Known(origin_of(each), f"Patient/{each.get('id')}") for each in patients]
    rows = compared(patients)
    return page(
        request, "health_history/about.html", person=person_of(patients, today(request)), known=known, rows=rows,
        differing=[row.label for row in rows if row.differs],
    )  # fmt: skip


def compared(patients: Sequence[Document]) -> list[Row]:
    """Trait by trait, in the order in which the first that has it states it."""
    stated = [_traits(each) for each in patients]
    labels = dict.fromkeys(label for each in stated for label in each)
    return [_row(label, [each.get(label, []) for each in stated]) for label in labels]


def _row(label: str, values: Sequence[Sequence[str]]) -> Row:
    said = [{_folded(text) for text in each} for each in values if each]
    agree = _share_a_name if label == _NAME else _agree
    differs = label not in _MANY and any(not agree(one, other) for one in said for other in said)
    return Row(label, values, differs)


def _agree(one: set[str], other: set[str]) -> bool:
    """Whether two sources have a value in common; one may tell more of it ("March 1968", "14 March 1968")."""
    return any(first in second or second in first for first in one for second in other)


def _share_a_name(one: set[str], other: set[str]) -> bool:
    """People are called by some of their names here, and by others there."""
    names = [{word for text in each for word in text.split()} for each in (one, other)]
    return not names[0].isdisjoint(names[1])


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _traits(patient: Document) -> Mapping[str, list[str]]:
    traits: dict[str, list[str]] = {}
    for line in lines_of(patient):
        text = "; ".join(_texts([line]))
        if text:
            traits.setdefault(line.label, []).append(text)
    return traits


def _texts(lines: Iterable[Line]) -> Iterable[str]:
    for line in lines:
        if line.text:
            yield line.text
        yield from _texts(line.lines)
