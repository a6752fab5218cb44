"""`_filter`: text, resources, which are found."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.errors import BadRequest
from tests.search.finding import asked, found, patients

DOCUMENTS: list[dict[str, Any]] = [
    *patients(
        peter={"name": [{"given": ["Peter"], "family": ["Van Pet"]}], "gender": "male", "birthDate": "1980-05-01"},
        petra={"name": [{"given": ["Petra"]}], "gender": "female", "birthDate": "1990"},
        alma={"name": [{"given": ["Alma"]}], "identifier": [{"system": "urn:x", "value": "a b"}]},
    ),
    {
        "resourceType": "Observation",
        "id": "o",
        "subject": {"reference": "Patient/peter"},
        "code": {"coding": [{"code": "x"}]},
    },
]


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ('given eq "peter"', ["peter"]),
        ('given eq "pet"', []),
        ('given co "et"', ["peter", "petra"]),
        ('given sw "pet"', ["peter", "petra"]),
        ('given ew "ra"', ["petra"]),
        ('family eq "van pet"', ["peter"]),
        ("gender eq male", ["peter"]),
        ("gender ne male", ["alma", "petra"]),
        ("not (gender eq male)", ["alma", "petra"]),
        ("gender pr true", ["peter", "petra"]),
        ("gender pr false", ["alma"]),
        ("birthdate gt 1985", ["petra"]),
        ("birthdate po 1990-07", ["petra"]),
        ("birthdate eq 1990-07", []),
        ('given sw "pet" and gender eq male or identifier eq "urn:x|a b"', ["alma", "peter"]),
        ('given sw "pet" and (gender eq male or gender eq female)', ["peter", "petra"]),
        ("_id eq alma", ["alma"]),
    ],
)
def test_expressions_find_patients(expression: str, ids: list[str]) -> None:
    assert found(f"Patient?_filter={expression}", DOCUMENTS) == ids


def test_paths_go_through_references() -> None:
    assert found('Observation?_filter=subject:Patient.given eq "peter" and code eq x', DOCUMENTS) == ["o"]
    assert found('Observation?_filter=subject:Patient.given eq "petra"', DOCUMENTS) == []
    assert found("Observation?_filter=subject re Patient/peter", DOCUMENTS) == ["o"]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "given",
        "given eq",
        'given is "x"',
        '(given eq "x"',
        'given eq "x")',
        'given eq "x',
        "foo eq 1",
        "gender gt male",
        "birthdate co 19",
        "name.x eq 1",
        "related[a eq b].c eq d",
        "(" * 100 + "gender eq male" + ")" * 100,
        "not " * 100 + "gender eq male",
        "gender eq male " * 400,
    ],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(BadRequest):
        asked(f"Patient?_filter={expression}")
