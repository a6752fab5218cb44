"""Measurements of six years: what a watch and a scale send every week, and what was measured at visits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random

from fhirstore.demo.building import (
    CATEGORIES,
    INTERPRETATIONS,
    LOINC,
    PRACTICE,
    WEARABLE,
    Resource,
    Source,
    at,
    concept,
    days_before,
    quantity,
    resource,
)

WEEKS = 104
"""So long the watch has been worn."""


def readings(today: date, random: Random) -> Iterator[Resource]:
    for week in range(WEEKS):
        day = days_before(today, (WEEKS - week) * 7 - 5)
        yield from _week(day, week, random)


def blood_pressure(source: Source, id: str, day: date, hour: int, systolic: int, diastolic: int) -> Resource:
    notable = systolic >= 140 or diastolic >= 90
    return _vital(
        source, id, day, hour,
        code=concept(LOINC, "55284-4", "Blood pressure systolic and diastolic", "Blood pressure"),
        interpretation=concept(INTERPRETATIONS, *(("H", "High") if notable else ("N", "Normal"))),
        component=[
            {"code": concept(LOINC, "8480-6", "Systolic blood pressure"),
             "valueQuantity": quantity(systolic, "mmHg", "mm[Hg]")},
            {"code": concept(LOINC, "8462-4", "Diastolic blood pressure"),
             "valueQuantity": quantity(diastolic, "mmHg", "mm[Hg]")},
        ],
    )  # fmt: skip


def weight(source: Source, id: str, day: date, hour: int, kilograms: Decimal) -> Resource:
    return _vital(
        source, id, day, hour, code=concept(LOINC, "29463-7", "Body weight"), valueQuantity=quantity(kilograms, "kg")
    )


def lab(
    source: Source, id: str, day: date, code: tuple[str, str], value: Decimal, unit: str, usual: tuple[str, str]
) -> Resource:
    """A lab result; `usual` are the ends of its reference range, "" where it is open."""
    low, high = (Decimal(end) if end else None for end in usual)
    letter = ("L", "Low") if low is not None and value < low else ("N", "Normal")
    if high is not None and value > high:
        letter = ("H", "High")
    ends = {name: quantity(end, unit) for name, end in (("low", low), ("high", high)) if end is not None}
    return resource(
        source, "Observation", id, status="final", subject=source.patient,
        category=concept(CATEGORIES, "laboratory", "Laboratory"),
        code=concept(LOINC, *code), effectiveDateTime=at(day, 8, 15), issued=at(day, 16, 40),
        valueQuantity=quantity(value, unit), interpretation=concept(INTERPRETATIONS, *letter),
        referenceRange=[ends],
    )  # fmt: skip


def visit_readings(id: str, day: date, progress: float, random: Random) -> Iterator[Resource]:
    """What is measured whenever the family doctor is seen; `progress` is 0 at the first visit and 1 now."""
    yield blood_pressure(
        PRACTICE, f"{id}-bp", day, 10, round(152 - 20 * progress + random.gauss(0, 5)),
        round(94 - 10 * progress + random.gauss(0, 3)),
    )  # fmt: skip
    yield weight(PRACTICE, f"{id}-weight", day, 10, tenths(84.5 - 9 * progress + random.gauss(0, 0.5)))


def tenths(value: float) -> Decimal:
    return Decimal(f"{value:.1f}")


def _week(day: date, week: int, random: Random) -> Iterator[Resource]:
    progress = week / WEEKS
    yield weight(WEARABLE, f"weight-{week}", day, 7, tenths(80.6 - 5.2 * progress + random.gauss(0, 0.4)))
    yield _vital(
        WEARABLE, f"pulse-{week}", day, 6, code=concept(LOINC, "8867-4", "Heart rate", "Resting heart rate"),
        valueQuantity=quantity(round(72 - 8 * progress + random.gauss(0, 2)), "beats/minute", "/min"),
    )  # fmt: skip
    yield _vital(
        WEARABLE, f"steps-{week}", day, 22, code=concept(LOINC, "41950-7", "Number of steps in 24 hour Measured"),
        valueQuantity=quantity(max(900, round(random.gauss(6200 + 2600 * progress, 1700))), "steps", "{steps}/d"),
    )  # fmt: skip
    if week % 2 == 0:
        yield blood_pressure(
            WEARABLE, f"bp-{week}", day, 7, round(141 - 14 * progress + random.gauss(0, 5)),
            round(88 - 8 * progress + random.gauss(0, 3)),
        )  # fmt: skip


def _vital(source: Source, id: str, day: date, hour: int, **elements: object) -> Resource:
    return resource(
        source, "Observation", id, status="final", subject=source.patient,
        category=concept(CATEGORIES, "vital-signs", "Vital Signs", "Vital signs"),
        effectiveDateTime=at(day, hour, 20), **elements,
    )  # fmt: skip
