"""Measurements of one kind over time: series of numbers with units, out of Observations and their components."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhirstore.presentation.cards import usual_range
from fhirstore.presentation.codes import LOINC, measure_name
from fhirstore.presentation.moments import When, when_of
from fhirstore.presentation.values import number_words, quantity_words, unit_words

_LARGEST = Decimal(10) ** 12
_YEARS = ("1800", "2200")
"""Measurements dated outside of these are mistakes, which would leave nothing to be seen of the others."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement: `value` in the series' unit, `text` as it is read, `address` its resource's "Type/id"."""

    when: When
    value: Decimal
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class Series:
    """Measurements of one thing in one unit, oldest first, and the newest range that such values usually lie in."""

    label: str
    unit: str
    points: Sequence[Point]
    low: Decimal | None = None
    high: Decimal | None = None
    usual: str = ""

    @property
    def latest(self) -> Point:
        return self.points[-1]


@dataclass(frozen=True, slots=True)
class Measure:
    """What people follow over years: its name and the codes that it is measured under."""

    name: str
    codes: Sequence[str]

    @property
    def tokens(self) -> str:
        """As a search for them has it."""
        return ",".join(f"{LOINC}|{code}" for code in self.codes)


MEASURES = (
    Measure("Blood pressure", ("55284-4", "85354-9", "55417-0")),
    Measure("Weight", ("29463-7", "3141-9")),
    Measure("Heart rate", ("8867-4",)),
    Measure("Blood glucose", ("2339-0", "2345-7", "41653-7", "1558-6", "15074-8")),
    Measure("HbA1c", ("4548-4",)),
    Measure("LDL cholesterol", ("13457-7", "18262-6")),
    Measure("Steps in a day", ("41950-7",)),
    Measure("Body temperature", ("8310-5",)),
)


def series_of(observations: Iterable[Mapping[str, Any]]) -> tuple[Series, ...]:
    """One series for each thing and unit, those with most points first; what has no number or date is left out."""
    gathered: dict[tuple[str, str], list[tuple[Point, Mapping[str, Any]]]] = {}
    for document in observations:
        when = when_of(document)
        for node in _measured(document) if when else ():
            quantity = node["valueQuantity"]
            value = _number(quantity.get("value"))
            if when is None or value is None or not _YEARS[0] <= when.written < _YEARS[1]:
                continue
            address = f"Observation/{document.get('id', '')}"
            point = Point(when, value, quantity_words(quantity), address)
            gathered.setdefault((measure_name(node.get("code")), unit_words(quantity)), []).append((point, node))
    found = [_series(label, unit, each) for (label, unit), each in gathered.items()]
    return tuple(sorted(found, key=lambda each: -len(each.points)))


def together(series: Sequence[Series]) -> str:
    """The newest numbers of series that were measured at once: 132/84, the greater one first, as it is said."""
    values = sorted((each.latest.value for each in series), reverse=True)
    return "/".join(number_words(value) for value in values)


def by_unit(series: Iterable[Series]) -> tuple[tuple[Series, ...], ...]:
    """Series that can share an axis, together."""
    groups: dict[str, list[Series]] = {}
    for each in series:
        groups.setdefault(each.unit, []).append(each)
    return tuple(tuple(group) for group in groups.values())


def _measured(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    components = document.get("component")
    for node in (document, *(components if isinstance(components, list) else ())):
        if isinstance(node, dict) and isinstance(node.get("valueQuantity"), dict):
            yield node


def _series(label: str, unit: str, gathered: Sequence[tuple[Point, Mapping[str, Any]]]) -> Series:
    ordered = sorted(gathered, key=lambda each: each[0].when.low)
    ranged: Mapping[str, Any] = next((node for _, node in reversed(ordered) if usual_range(node)), {})
    low, high = _limits(ranged, unit)
    return Series(label, unit, tuple(point for point, _ in ordered), low, high, usual_range(ranged))


def _limits(node: Mapping[str, Any], unit: str) -> tuple[Decimal | None, Decimal | None]:
    """The ends of its first reference range, where they are in the series' own unit."""
    held = node.get("referenceRange")
    first = held[0] if isinstance(held, list) and held and isinstance(held[0], dict) else {}
    low, high = (first.get(end) for end in ("low", "high"))
    return tuple(
        _number(end.get("value")) if isinstance(end, dict) and unit_words(end) in {"", unit} else None
        for end in (low, high)
    )  # type: ignore[return-value]


def _number(value: Any) -> Decimal | None:
    if not number_words(value):
        return None
    number = Decimal(value)
    return number if abs(number) < _LARGEST else None
