"""The specification's official examples, where they lie beside the repository, and those that break its
rules.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Any

from fhirstore.dstu2.json_format import parse

PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "dstu2"
MISSING = "the published DSTU2 examples are not beside the repository"

# Example → (issue code, path) of each rule of the specification that it breaks itself: codes without their
# system in required bindings, contained resources that nothing refers to (dom-3), ids of over 64 characters,
# SearchParameters without base or description.
REFUSED: dict[str, set[tuple[str, str]]] = {
    "appointment-example-request.json": {("code-invalid", "Appointment.participant[1].type[0]")},
    "claim-example-institutional.json": {("code-invalid", "Claim.item[0].type")},
    "claim-example-oral-average.json": {
        ("code-invalid", "Claim.item[0].type"),
        ("code-invalid", "Claim.item[1].type"),
        ("code-invalid", "Claim.item[2].type"),
        ("code-invalid", "Claim.item[2].detail[0].type"),
        ("code-invalid", "Claim.item[2].detail[1].type"),
    },
    "claim-example-oral-contained.json": {("code-invalid", "Claim.item[0].type")},
    "claim-example-oral-orthoplan.json": {
        ("code-invalid", "Claim.item[1].type"),
        ("code-invalid", "Claim.item[2].type"),
        ("code-invalid", "Claim.item[2].detail[0].type"),
        ("code-invalid", "Claim.item[2].detail[1].type"),
    },
    "claim-example-pharmacy.json": {("code-invalid", "Claim.item[0].type")},
    "claim-example-vision-glasses.json": {
        ("code-invalid", "Claim.item[0].type"),
        ("code-invalid", "Claim.item[0].detail[0].type"),
        ("code-invalid", "Claim.item[0].detail[1].type"),
        ("code-invalid", "Claim.item[0].detail[2].type"),
    },
    "claim-example-vision.json": {("code-invalid", "Claim.item[0].type")},
    "claim-example.json": {("code-invalid", "Claim.item[0].type")},
    "diagnosticreport-examples-lab-text.json": {("invariant", "Bundle.entry[0].resource.contained[0]")},
    "location-extensions-Location-alias.json": {("required", "SearchParameter.base")},
    "observation-genetics-cg-prf-1a-Observation-chromosome-genomicstart.json": {("value", "SearchParameter.id")},
    "observation-genetics-cg-prf-1a-Observation-gene-amino-acid-change.json": {("value", "SearchParameter.id")},
    "organization-extensions-Organization-alias.json": {("required", "SearchParameter.base")},
    "questionnaire-extensions-Questionnaire-category.json": {("required", "SearchParameter.base")},
    "questionnaire-extensions-Questionnaire-deReference.json": {("required", "SearchParameter.base")},
    "questionnaireresponse-example.json": {("invariant", "QuestionnaireResponse.contained[2]")},
    "valueset-extensions-ValueSet-author.json": {
        ("required", "SearchParameter.base"),
        ("required", "SearchParameter.description"),
    },
    "valueset-extensions-ValueSet-effective.json": {
        ("required", "SearchParameter.base"),
        ("required", "SearchParameter.description"),
    },
    "valueset-extensions-ValueSet-end.json": {
        ("required", "SearchParameter.base"),
        ("required", "SearchParameter.description"),
    },
    "valueset-extensions-ValueSet-keyword.json": {
        ("required", "SearchParameter.base"),
        ("required", "SearchParameter.description"),
    },
    "valueset-extensions-ValueSet-workflow.json": {
        ("required", "SearchParameter.base"),
        ("required", "SearchParameter.description"),
    },
}


@cache
def example_names() -> tuple[str, ...]:
    folder = PUBLISHED / "examples" / "json"
    return tuple(sorted(file.name for file in folder.iterdir())) if folder.is_dir() else ()


def read_example(name: str) -> bytes:
    return (PUBLISHED / "examples" / "json" / name).read_bytes()


@cache
def small_documents(limit: int) -> tuple[dict[str, Any], ...]:
    """The parsed examples of at most `limit` bytes that break no rule."""
    bodies = (read_example(name) for name in example_names() if name not in REFUSED)
    return tuple(parse(body) for body in bodies if len(body) <= limit)


@cache
def known_faults() -> dict[str, list[tuple[str, str, str]]]:
    """What the published table says is wrong with each example: (kind, path, detail)."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    with (PUBLISHED / "tables" / "examples_known_issues.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            found.setdefault(row["example"], []).append((row["kind"], row["path"], row["detail"]))
    return found
