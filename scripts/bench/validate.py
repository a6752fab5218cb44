"""Measure the gate beside fhir.resources in one run: microseconds for an Observation and for a Bundle of 100.

Usage: python scripts/bench/validate.py [--rounds N] [--json]

Each figure is the median over the rounds; both sides take turns within a round, so that a busy machine burdens
them alike. "text" starts from bytes, "document" from what the JSON parser gave. Both check the same content, which
both accept; the gate judges more of it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from fhirstore.dstu2.json_format import parse
from fhirstore.dstu2.validate import check, validate

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"


def concept(code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": code, "display": display}], "text": display}


def component(code: str, display: str, value: int) -> dict[str, Any]:
    quantity = {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}
    return {"code": concept(code, display), "valueQuantity": quantity}


def observation(number: int) -> dict[str, Any]:
    """A blood pressure of about one kilobyte."""
    return {
        "resourceType": "Observation",
        "id": f"blood-pressure-{number}",
        "meta": {"versionId": "1", "lastUpdated": "2015-02-07T13:28:17.239+02:00"},
        "status": "final",
        "category": concept("vital-signs", "Vital Signs"),
        "code": concept("55284-4", "Blood pressure systolic and diastolic"),
        "subject": {"reference": f"Patient/{number}"},
        "encounter": {"reference": "Encounter/f001"},
        "effectiveDateTime": "2012-09-17T08:30:00Z",
        "performer": [{"reference": "Practitioner/example"}],
        "component": [
            component("8480-6", "Systolic blood pressure", 107),
            component("8462-4", "Diastolic blood pressure", 60),
        ],
    }


def bundle(size: int) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"http://example.org/fhir/Observation/blood-pressure-{number}", "resource": observation(number)}
        for number in range(size)
    ]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def library_models() -> dict[str, Any]:
    from fhir.resources.DSTU2.bundle import Bundle  # heavy, and needed here alone
    from fhir.resources.DSTU2.observation import Observation

    return {"Observation": Observation, "Bundle": Bundle}


def cases(sample: dict[str, Any]) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
    """What is measured for one sample: (gate, library) from text and from a document."""
    body = json.dumps(sample, separators=(",", ":")).encode()
    document = parse(body)
    model = library_models()[sample["resourceType"]]
    assert validate(body) == [], "the sample must be flawless, or the two do different work"
    return {
        "text": (lambda: validate(body), lambda: model.parse_raw(body)),
        "document": (lambda: check(document), lambda: model.parse_obj(document)),
    }


def microseconds(call: Callable[[], Any], repeats: int) -> float:
    began = time.perf_counter_ns()
    for _ in range(repeats):
        call()
    return (time.perf_counter_ns() - began) / repeats / 1000


def measure(rounds: int) -> list[dict[str, Any]]:
    rows = []
    for name, sample, repeats in (("Observation", observation(1), 200), ("Bundle of 100", bundle(100), 2)):
        size = len(json.dumps(sample, separators=(",", ":")))
        for start, (gate, library) in cases(sample).items():
            gate(), library()  # the first call compiles tables and models
            taken = [(microseconds(gate, repeats), microseconds(library, repeats)) for _ in range(rounds)]
            ours, theirs = (statistics.median(column) for column in zip(*taken, strict=True))
            ratio = statistics.median(library / gate for gate, library in taken)
            rows.append({
                "sample": name, "bytes": size, "from": start,
                "gate_us": round(ours, 1), "library_us": round(theirs, 1), "times_faster": round(ratio, 1),
            })  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="measurements per figure (default 15)")
    parser.add_argument("--json", action="store_true", help="print one JSON line instead of a table")
    arguments = parser.parse_args()
    rows = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps(rows))
        return
    print(f"{'sample':14} {'bytes':>7} {'from':9} {'gate µs':>10} {'fhir.resources µs':>18} {'faster':>8}")
    for row in rows:
        print(
            f"{row['sample']:14} {row['bytes']:>7} {row['from']:9} {row['gate_us']:>10,} "
            f"{row['library_us']:>18,} {row['times_faster']:>7}x"
        )


if __name__ == "__main__":
    main()
