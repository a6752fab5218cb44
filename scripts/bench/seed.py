"""Records to measure with: made from numbers alone, so that every run and every server gets the same ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

UCUM, LOINC = "http://unitsofmeasure.org", "http://loinc.org"

FAMILIES = (
    "Chalmers",
    "Windsor",
    "Lévesque",
    "Solo",
    "Betterhalf",
    "Notsowell",
    "Kowalski",
    "Nguyễn",
    "Okafor",
    "Ivers",
)
GIVENS = ("Peter", "Anna", "Amélie", "Jim", "Sandra", "Tomasz", "Linh", "Chidi", "Eve", "Henry", "Mia", "Noah", "Zoë")
CITIES = ("Springfield", "Riverton", "Fairview", "Ashland", "Clinton", "Salem", "Georgetown", "Dover")
MEASURES = (
    ("29463-7", "Body Weight", "kg", "kg", 48, 60),
    ("8302-2", "Body Height", "cm", "cm", 150, 45),
    ("8867-4", "Heart rate", "beats/minute", "/min", 52, 60),
    ("9279-1", "Respiratory rate", "breaths/minute", "/min", 10, 14),
    ("8310-5", "Body temperature", "C", "Cel", 36, 3),
    ("2339-0", "Glucose", "mg/dL", "mg/dL", 70, 110),
    ("718-7", "Hemoglobin", "g/dL", "g/dL", 10, 7),
    ("2093-3", "Total Cholesterol", "mg/dL", "mg/dL", 140, 120),
)
_BEGINNING = datetime(2010, 1, 1, 8, 30, tzinfo=UTC)


def patient(number: int) -> dict[str, Any]:
    """A person of about 600 bytes; names repeat, identifiers do not."""
    given, family = GIVENS[number % len(GIVENS)], FAMILIES[number * 7 % len(FAMILIES)]
    born = _BEGINNING - timedelta(days=365 * 20 + number * 97 % 20_000)
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": f"{number:08d}"}],
        "active": True,
        "name": [{"use": "official", "family": [family], "given": [given, GIVENS[number * 3 % len(GIVENS)]]}],
        "telecom": [{"system": "phone", "value": f"(03) 5555 {number % 10_000:04d}", "use": "home"}],
        "gender": ("female", "male")[number % 2],
        "birthDate": f"{born:%Y-%m-%d}",
        "address": [
            {"line": [f"{number % 900 + 1} Erewhon St"], "city": CITIES[number % len(CITIES)], "postalCode": "3999"}
        ],
    }


def observation(number: int, subject: str) -> dict[str, Any]:
    """A blood pressure, or for every other number a single measurement; about one kilobyte."""
    at = _BEGINNING + timedelta(minutes=number * 263 % 3_000_000, seconds=number % 60)
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "category": concept("http://hl7.org/fhir/observation-category", "vital-signs", "Vital Signs"),
        "subject": {"reference": subject},
        "effectiveDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
    if number % 2 == 0:
        return {
            **resource,
            "code": concept(LOINC, "55284-4", "Blood pressure systolic and diastolic"),
            "component": [
                measured("8480-6", "Systolic blood pressure", "mmHg", "mm[Hg]", 95 + number % 70),
                measured("8462-4", "Diastolic blood pressure", "mmHg", "mm[Hg]", 55 + number % 45),
            ],
        }
    code, display, unit, symbol, least, span = MEASURES[number // 2 % len(MEASURES)]
    value = least + number * 31 % (span * 10) / 10
    return {**resource, **measured(code, display, unit, symbol, value), "comments": "Taken at rest, sitting upright."}


def concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def measured(code: str, display: str, unit: str, symbol: str, value: float) -> dict[str, Any]:
    """What was measured and how much of it, as it stands in an Observation or in one of its components."""
    quantity = {"value": value, "unit": unit, "system": UCUM, "code": symbol}
    return {"code": concept(LOINC, code, display), "valueQuantity": quantity}


def bundle(type: str, resources: list[dict[str, Any]]) -> dict[str, Any]:
    """A Bundle that creates each resource under an id of the server's choice."""
    entries = [
        {
            "fullUrl": f"urn:uuid:{at:08d}-0000-4000-8000-000000000000",
            "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        for at, resource in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": type, "entry": entries}
