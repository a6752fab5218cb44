"""The first look at a record: who it is about, what to know about them, and how they are doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fhirstore.presentation.cards import Card, card_of, title_of
from fhirstore.presentation.moments import age_words, date_words
from fhirstore.presentation.origin import origin_of
from fhirstore.presentation.plots import SPARK, Plot, plot
from fhirstore.presentation.series import MEASURES, Measure, series_of, together
from fhirstore.presentation.values import best_name, first_said
from fhirstore.search.folding import words
from fhirstore.web.health_history.people import People
from fhirstore.web.health_history.reading import Document, search_all
from fhirstore.web.record import Record

_MOST = 100
_NEWEST = [("_sort:desc", "_lastUpdated"), ("_count", str(_MOST))]
"""Of a record that has more of a kind, what came last."""
_VOID = frozenset({"resolved", "refuted", "entered-in-error"})
_SHOWN = 8
_SPARK_POINTS = "30"


@dataclass(frozen=True, slots=True)
class Stated:
    """Something that one or several sources say: the card of the first, and the names of all of them; `person` is the
    name of whom it is about, where that is not whom the record is of."""

    card: Card
    sources: Sequence[str]
    person: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """The latest of a measure, and how it went before."""

    measure: Measure
    number: str
    unit: str
    when: str
    usual: str
    plot: Plot | None


@dataclass(frozen=True, slots=True)
class Person:
    """Who the record is about, as far as its Patients tell; `sources` counts those who tell it."""

    name: str = ""
    age: str = ""
    born: str = ""
    gender: str = ""
    sources: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """`partial` where the record has more of a kind than was looked at."""

    person: Person
    others: Sequence[str]
    allergies: Sequence[Stated]
    medications: Sequence[Stated]
    problems: Sequence[Stated]
    tiles: Sequence[Tile]
    partial: bool


async def summarize(record: Record, today: date, people: People) -> Summary:
    allergies, orders, taken, problems, *measured = await search_all(
        record,
        ("AllergyIntolerance", _NEWEST),
        ("MedicationOrder", [("status", "active"), *_NEWEST]),
        ("MedicationStatement", [("status", "active"), *_NEWEST]),
        ("Condition", _NEWEST),
        *(
            ("Observation", [("code", measure.tokens), ("_sort:desc", "date"), ("_count", _SPARK_POINTS)])
            for measure in MEASURES
        ),
    )
    return Summary(
        person_of(people.groups[0].patients if people.groups else (), today),
        people.others,
        stated_once([each for each in allergies if each.get("status") not in _VOID], people),
        stated_once([each for each in [*orders, *taken] if each.get("wasNotTaken") is not True], people),
        stated_once(list(filter(_is_current, problems)), people),
        [tile for measure, held in zip(MEASURES, measured, strict=True) if (tile := _tile(measure, people.own(held)))],
        any(len(each) == _MOST for each in (allergies, orders, taken, problems)),
    )


def person_of(patients: Sequence[Document], today: date) -> Person:
    """Of the Patients of one person the longest name, and the most exact birth date."""
    names = [name for each in patients if (name := best_name(each.get("name")))]
    born = max((str(each.get("birthDate", "")) for each in patients), key=len, default="")
    genders = [text for each in patients if (text := first_said(each, "gender"))]
    return Person(
        max(names, key=len, default=""),
        age_words(born, today),
        date_words(born),
        genders[0] if genders else "",
        len({origin_of(each).uri for each in patients}),
    )


def stated_once(documents: Sequence[Document], people: People) -> list[Stated]:
    """What several sources state of a person by the same code or words, once; newest first."""
    groups: dict[str, list[Document]] = {}
    names: dict[str, str] = {}
    for document in documents:
        keys = [f"{people.number_of(document)} {key}" for key in _keys(document)]
        group = next((names[key] for key in keys if key in names and _goes_with(document, groups[names[key]])), keys[0])
        names |= dict.fromkeys(keys, group)
        groups.setdefault(group, []).append(document)
    stated = [
        Stated(card_of(group[0]), tuple(dict.fromkeys(origin_of(each).name for each in group)), people.other(group[0]))
        for group in groups.values()
    ]
    return sorted(stated, key=lambda each: -(each.card.when.low if each.card.when else -(2**62)))


def _goes_with(document: Document, group: Sequence[Document]) -> bool:
    """Not where one source calls two things by one code, but each by another name: then the code is the mistake."""
    own, name = origin_of(document).uri, set(words(title_of(document)))
    others = (set(words(title_of(each))) for each in group if origin_of(each).uri == own)
    return all(2 * len(name & other) > min(len(name), len(other)) for other in others)


def _keys(document: Document) -> list[str]:
    """Its title, and its codes, by which another source may say the same."""
    keys = [card_of(document).title.casefold()]
    for name in ("code", "substance", "medicationCodeableConcept"):
        concept = document.get(name)
        codings = concept.get("coding") if isinstance(concept, dict) else None
        held = codings if isinstance(codings, list) else ()
        keys += [f"{each.get('system')}|{each['code']}" for each in held if isinstance(each, dict) and each.get("code")]
    return keys


def _is_current(document: Document) -> bool:
    over = document.get("clinicalStatus") in ("resolved", "remission")
    void = document.get("verificationStatus") in ("refuted", "entered-in-error")
    ended = any(name.startswith("abatement") and value is not False for name, value in document.items())
    return not (over or void or ended)


def _tile(measure: Measure, documents: Sequence[Document]) -> Tile | None:
    """The newest value; of two numbers taken together (blood pressure), both."""
    series = series_of(documents)
    if not series:
        return None
    newest = max((each.latest for each in series), key=lambda point: point.when.low)
    at_once = [each for each in series if each.latest.address == newest.address]
    alike = [each for each in at_once if each.unit == at_once[0].unit]
    drawn = plot(alike, SPARK) if len(alike[0].points) > 1 else None
    usual = alike[0].usual if len(alike) == 1 else ""
    return Tile(measure, together(alike), alike[0].unit, newest.when.text.partition(",")[0], usual, drawn)
