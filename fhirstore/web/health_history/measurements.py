"""Measurements over time: each of what was measured as a plot, with all of its values in a table below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from fhirstore.errors import NotFound
from fhirstore.presentation.cards import title_of
from fhirstore.presentation.codes import LOINC, measure_name
from fhirstore.presentation.origin import origin_of
from fhirstore.presentation.plots import SPARK, Plot, plot
from fhirstore.presentation.series import Series, by_unit, series_of, together
from fhirstore.web.health_history.people import people_in
from fhirstore.web.health_history.reading import Document, search, timeline
from fhirstore.web.pages import UserPage
from fhirstore.web.record import Record, RecordOf
from fhirstore.web.rendering import page

_LATEST = "400"
_READINGS = "1000"

router = APIRouter(prefix="/health-history", route_class=UserPage)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of values: one Observation."""

    day: str
    text: str
    values: Sequence[str]
    source: str
    address: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Series on one pair of axes, with the same numbers in words; `drawn` is None for a single point. `person` is whom
    they are about, where that is not whom the record is of; and so below."""

    title: str
    unit: str
    series: Sequence[Series]
    rows: Sequence[Row]
    drawn: Plot | None
    usual: str
    person: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, how often, the newest value, and where all of them are shown."""

    title: str
    count: str
    text: str
    day: str
    address: str
    drawn: Plot | None
    person: str = ""


@router.get("/measurements")
async def measurements(request: Request, record: RecordOf) -> Response:
    """All that was measured of late, by what was measured."""
    found = [
        *(await timeline(record, [("kind", "measurements"), ("_count", _LATEST)])).documents,
        *(await timeline(record, [("kind", "labs"), ("type", "Observation"), ("_count", _LATEST)])).documents,
    ]
    people = await people_in(record)
    groups: dict[tuple[str, str], list[Document]] = {}
    for document in found:
        if series_of([document]):
            groups.setdefault((_title(document), people.other(document)), []).append(document)
    listed = [_measured(title, documents, person) for (title, person), documents in groups.items()]
    listed.sort(key=lambda each: (each.title.casefold(), each.person))
    return page(request, "health_history/measurements.html", measured=listed)


@router.get("/measurements/of")
async def one_measure(request: Request, record: RecordOf, code: str = "", text: str = "") -> Response:
    """By `code`, as a search has it, or by the `text` of what has no code. Raises NotFound where there is none."""
    found = await _readings(record, code, text) if code or text else ()
    people = await people_in(record)
    persons = dict.fromkeys(people.other(each) for each in found)
    graphs = [
        replace(graph, person=person)
        for person in sorted(persons)
        for graph in graphs_of([each for each in found if people.other(each) == person])
    ]
    if not graphs:
        raise NotFound("There are no such measurements.")
    return page(request, "health_history/measure.html", title=_title(found[0]), graphs=graphs)


async def readings_like(record: Record, document: Document) -> Sequence[Document]:
    """Measurements of the same thing, newest first."""
    code, text = _asked(document)
    return await _readings(record, code, text) if code or text else ()


def graphs_of(documents: Sequence[Document]) -> list[Graph]:
    """One for each unit; blood pressure's two numbers share one."""
    return [_graph(group, documents) for group in by_unit(series_of(documents))]


def address_of(document: Document) -> str:
    code, text = _asked(document)
    return "/health-history/measurements/of?" + urlencode({"code": code} if code else {"text": text})


async def _readings(record: Record, code: str, text: str) -> Sequence[Document]:
    asked = ("code", code) if code else ("code:text", _escaped(text))
    return await search(record, "Observation", asked, ("_sort:desc", "date"), ("_count", _READINGS))


def _asked(document: Document) -> tuple[str, str]:
    """The token or the text by which others of the same are found."""
    concept = document.get("code")
    if not isinstance(concept, dict):
        return "", ""
    codings = concept.get("coding")
    coded = [each for each in codings if isinstance(each, dict)] if isinstance(codings, list) else []
    # Codes of their own stand before LOINC's in what hospitals send, and nobody else has them.
    for each in sorted(coded, key=lambda coding: coding.get("system") != LOINC):
        if isinstance(each.get("code"), str):
            parts = (str(each.get("system") or ""), str(each["code"]))
            return "|".join(_escaped(part) for part in parts), ""
    return "", str(concept.get("text") or "")


def _title(document: Document) -> str:
    return measure_name(document.get("code")) or title_of(document)


def _escaped(text: str) -> str:
    """As it stands in a search value: http://hl7.org/fhir/DSTU2/search.html#escaping."""
    for character in "\\,|$":
        text = text.replace(character, f"\\{character}")
    return text


def _graph(series: Sequence[Series], documents: Iterable[Document]) -> Graph:
    sources = {f"Observation/{each.get('id')}": origin_of(each).name for each in documents}
    by_address: dict[str, dict[str, str]] = {}
    moments = {}
    for each in series:
        for point in each.points:
            by_address.setdefault(point.address, {})[each.label] = point.text
            moments[point.address] = point.when
    labels = [each.label for each in series]
    rows = [
        Row(moments[address].written, moments[address].text, [values.get(label, "") for label in labels],
            sources.get(address, ""), address)
        for address, values in sorted(by_address.items(), key=lambda each: -moments[each[0]].low)
    ]  # fmt: skip
    title = labels[0] if len(labels) == 1 else ", ".join(labels)
    drawn = plot(series) if any(len(each.points) > 1 for each in series) else None
    return Graph(title, series[0].unit, series, rows, drawn, series[0].usual if len(series) == 1 else "")


def _measured(title: str, documents: Sequence[Document], person: str) -> Measured:
    found = series_of(documents)
    alike = [each for each in found if each.unit == found[0].unit]
    newest = max((each.latest for each in found), key=lambda point: point.when.low)
    at_once = [each for each in alike if each.latest.address == newest.address]
    text = f"{together(at_once)} {at_once[0].unit}" if len(at_once) > 1 else newest.text
    drawn = plot(alike, SPARK) if len(alike[0].points) > 1 else None
    count = "once" if len(documents) == 1 else f"{len(documents)} times"
    return Measured(title, count, text, newest.when.text.partition(",")[0], address_of(documents[0]), drawn, person)
