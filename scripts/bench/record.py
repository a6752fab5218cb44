"""One user's record of any size, made from numbers alone: mostly observations, ten of them unlike all others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any
from uuid import UUID

LOINC = "http://loinc.org"
COMMON = ["8480-6", "8462-4", "29463-7", "8302-2", "2339-0", "718-7", "4548-4"]
FAMILIES = ["Smith", "Jones", "García", "Müller", "Brown", "Ødegård", "Wilson", "Taylor", "Évora", "Zhang"]
COMMON_YEARS = [year for year in range(1990, 2020) if year != 2005]
RARE = 10


def record(size: int, seed: int) -> Iterator[dict[str, Any]]:
    """One user's record: mostly observations; ten of them with a code, a year and a subject that no others have."""
    random = Random(seed)
    patients = [_patient(random, number) for number in range(max(10, size // 50))]
    encounters = [_encounter(random, patients) for _ in range(size // 20)]
    yield from patients
    yield from encounters
    for number in range(size - len(patients) - len(encounters)):
        rare = number % ((size - len(patients) - len(encounters)) // RARE) == 0
        yield _observation(random, patients, encounters, rare)


def _id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _patient(random: Random, number: int) -> dict[str, Any]:
    family = "Quill" if number == 0 else f"{random.choice(FAMILIES)}-{random.choice(FAMILIES)}"
    name = [{"family": [family], "given": [random.choice(FAMILIES)]}]
    return {
        "resourceType": "Patient",
        "id": _id(random),
        "name": name,
        "gender": random.choice(["male", "female"]),
        "birthDate": f"{random.randint(1930, 2015)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}",
        "identifier": [{"system": "http://example.org/mrn", "value": str(random.getrandbits(40))}],
    }


def _encounter(random: Random, patients: Sequence[dict[str, Any]]) -> dict[str, Any]:
    start = f"{random.randint(1990, 2019)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    return {
        "resourceType": "Encounter",
        "id": _id(random),
        "status": "finished",
        "patient": {"reference": f"Patient/{random.choice(patients[1:])['id']}"},
        "period": {"start": start, "end": start},
    }


def _observation(
    random: Random, patients: Sequence[dict[str, Any]], encounters: Sequence[dict[str, Any]], rare: bool
) -> dict[str, Any]:
    code = "99999-9" if rare else random.choice(COMMON)
    year = 2005 if rare else random.choice(COMMON_YEARS)
    moment = f"{year}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}T{random.randint(0, 23):02d}:00:00Z"
    patient = patients[0] if rare else random.choice(patients[1:])
    coding = {"system": LOINC, "code": code, "display": f"Measurement {code}"}
    return {
        "resourceType": "Observation",
        "id": _id(random),
        "status": "final",
        "category": {
            "coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs"}],
            "text": "Vital Signs",
        },
        "code": {"coding": [coding], "text": coding["display"]},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "encounter": {"reference": f"Encounter/{random.choice(encounters)['id']}"},
        "effectiveDateTime": moment,
        "issued": moment,
        "valueQuantity": {
            "value": random.randint(50, 200),
            "unit": "mm[Hg]",
            "system": "http://unitsofmeasure.org",
            "code": "mm[Hg]",
        },
        "comments": "Taken at rest, sitting, on the left arm, after five minutes; repeated where above the limit.",
    }
