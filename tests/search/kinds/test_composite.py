"""Composites: text, resources, which are found."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.errors import BadRequest
from tests.search.finding import found, observations

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def _component(code: str, value: int) -> dict[str, Any]:
    return {
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "valueQuantity": {"value": value, "system": UCUM, "code": "mm[Hg]", "unit": "mmHg"},
    }


OBSERVATIONS = observations(
    straight={"component": [_component("8480-6", 140), _component("8462-4", 80)]},
    crossed={"component": [_component("8480-6", 80), _component("8462-4", 140)]},
    single=_component("8480-6", 140),
    text={"code": {"coding": [{"code": "x"}]}, "valueString": "Pósitive result"},
    concept={
        "code": {"coding": [{"system": LOINC, "code": "x"}]},
        "valueCodeableConcept": {"coding": [{"code": "y$z"}]},
    },
    dated={"code": {"coding": [{"system": LOINC, "code": "x"}]}, "valueDateTime": "2014-03"},
    related={
        "related": [
            {"type": "has-member", "target": {"reference": "Observation/1"}},
            {"type": "replaces", "target": {"reference": "Observation/2"}},
        ]
    },
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("component-code-value-quantity=8480-6$gt130", ["straight"]),
        (f"component-code-value-quantity={LOINC}|8480-6$gt130", ["straight"]),
        (f"component-code-value-quantity={LOINC}|8480-6$gt130|{UCUM}|mm[Hg]", ["straight"]),
        (f"component-code-value-quantity=8480-6$gt13|{UCUM}|kPa", ["straight"]),
        ("component-code-value-quantity=8480-6$gt130||mmHg", ["straight"]),
        (f"component-code-value-quantity={LOINC}|$lt100", ["crossed", "straight"]),
        ("component-code-value-quantity=|8480-6$gt130", []),
        ("code-value-quantity=8480-6$140", ["single"]),
        ("code-value-string=x$positive", ["text"]),
        ("code-value-string=|x$posit", ["text"]),
        ("code-value-string=x$result", []),
        (r"code-value-concept=x$y\$z", ["concept"]),
        (r"code-value-concept=http://loinc.org|x$|y\$z", ["concept"]),
        ("code-value-date=x$2014", ["dated"]),
        (f"code-value-date={LOINC}|x$ge2014-02", ["dated"]),
        ("related=Observation/1$has-member", ["related"]),
        ("related=1$has-member", ["related"]),
        ("related=Observation/1$replaces", []),
        ("related=1$replaces,2$replaces", ["related"]),
        ("code-value-quantity:missing=false", ["single"]),
    ],
)
def test_both_values_must_match_within_one_element(query: str, ids: list[str]) -> None:
    assert found(f"Observation?{query}", OBSERVATIONS) == ids


@pytest.mark.parametrize("text", ["8480-6", "a$b$c", "$5", "a$x", "a$", ""])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        found(f"Observation?code-value-quantity={text}", OBSERVATIONS)
