"""The pieces that resources of the made-up record are built of; where each came from is in its tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

Resource = dict[str, Any]

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM, CVX = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/cvx"
CATEGORIES = "http://hl7.org/fhir/observation-category"
INTERPRETATIONS = "http://hl7.org/fhir/v2/0078"


@dataclass(frozen=True, slots=True)
class Source:
    """Who sent a part of the record: a short word for ids, the address that names it, and what people call it."""

    key: str
    uri: str
    name: str

    @property
    def patient(self) -> Mapping[str, str]:
        return reference(f"Patient/{self.key}-patient")


HOSPITAL = Source("hospital", "https://hospital.example/fhir", "St. Brigid Hospital")
PRACTICE = Source("practice", "https://practice.example/fhir", "Riverside Family Practice")
WEARABLE = Source("wearable", "https://wearable.example/api", "Pulsar watch and scale")


def resource(source: Source, type: str, id: str, /, **elements: Any) -> Resource:
    """A resource with its source in its tags; elements that are None are left out."""
    tags = [
        {"system": "urn:fhirstore:original-id", "code": id},
        {"system": "urn:fhirstore:source", "code": source.uri, "display": source.name},
    ]
    given = {name: value for name, value in elements.items() if value is not None}
    return {"resourceType": type, "id": f"{source.key}-{id}", "meta": {"tag": tags}, **given}


def concept(system: str, code: str, display: str, text: str | None = None) -> Resource:
    coding = {"system": system, "code": code, "display": display}
    return {"coding": [coding], "text": text or display}


def quantity(value: Decimal | int, unit: str, code: str | None = None) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": code or unit}


def reference(target: str, display: str | None = None) -> dict[str, str]:
    return {"reference": target, "display": display} if display else {"reference": target}


def at(day: date, hour: int, minute: int = 0) -> str:
    """A dateTime in UTC."""
    return datetime.combine(day, time(hour, minute), UTC).isoformat().replace("+00:00", "Z")


def days_before(today: date, days: int) -> date:
    return today - timedelta(days=days)
