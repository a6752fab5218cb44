"""Tokens: text, resources, which are found."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from fhirstore.errors import BadRequest
from fhirstore.search.context import Code
from tests.search.finding import found, observations, patients

LOINC = "http://loinc.org"


def _coded(*codings: dict[str, str], text: str | None = None) -> dict[str, object]:
    return {"code": {"coding": list(codings), **({"text": text} if text else {})}}


OBSERVATIONS = observations(
    loinc=_coded({"system": LOINC, "code": "8480-6", "display": "Systolic"}),
    other=_coded({"system": "http://example.org", "code": "8480-6"}),
    bare=_coded({"code": "8480-6"}),
    two=_coded({"system": LOINC, "code": "1-8"}, {"code": "abc"}, text="Héart rate"),
    odd=_coded({"system": "http://a|b", "code": "x,y$z"}),
    final={"status": "final"},
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("code=8480-6", ["bare", "loinc", "other"]),
        ("code=http://loinc.org%7C8480-6", ["loinc"]),
        ("code=%7C8480-6", ["bare"]),
        ("code=http://loinc.org%7C", ["loinc", "two"]),
        ("code=ABC", ["two"]),
        ("code=8480", []),
        ("code=1-8,http://example.org%7C8480-6", ["other", "two"]),
        ("code=1-8&code=abc", ["two"]),
        ("code=1-8&code=8480-6", []),
        (r"code=http://a\%7Cb%7Cx\,y\$z", ["odd"]),
        ("code:not=8480-6", ["final", "odd", "two"]),
        ("code:not=8480-6,abc", ["final", "odd"]),
        ("code:text=heart", ["two"]),
        ("code:text=systolic", ["loinc"]),
        ("code:text=rate", []),
        ("code:missing=true", ["final"]),
        ("code:missing=false", ["bare", "loinc", "odd", "other", "two"]),
        ("status=http://hl7.org/fhir/observation-status%7Cfinal", ["final"]),
        ("status=http://example.org%7Cfinal", []),
        ("status=FINAL", ["final"]),
    ],
)
def test_codes_are_found_with_their_system_without_it_and_by_text(query: str, ids: list[str]) -> None:
    assert found(f"Observation?{query}", OBSERVATIONS) == ids


PATIENTS = patients(
    alive={"deceasedBoolean": False, "active": True},
    dead={"deceasedBoolean": True},
    died={"deceasedDateTime": "2014-01-01"},
    called={"telecom": [{"system": "phone", "value": "555"}, {"system": "email", "value": "a@b.org"}]},
    numbered={"identifier": [{"system": "urn:mrn", "value": "77", "type": {"text": "Medical record"}}]},
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("deceased=true", ["dead", "died"]),
        ("deceased=false", ["alive"]),
        ("active=true", ["alive"]),
        ("telecom=555", ["called"]),
        ("phone=555", ["called"]),
        ("email=555", []),
        ("email=A@B.org", ["called"]),
        ("identifier=urn:mrn%7C77", ["numbered"]),
        ("identifier=77", ["numbered"]),
        ("identifier:text=medical", ["numbered"]),
        ("_id=dead,died,nobody", ["dead", "died"]),
        ("_id=DEAD", []),
    ],
)
def test_booleans_identifiers_and_contact_points_are_tokens_too(query: str, ids: list[str]) -> None:
    assert found(f"Patient?{query}", PATIENTS) == ids


class _Known:
    def codes(self, value_set: str) -> Iterable[Code] | None:
        return [(LOINC, "8480-6"), (LOINC, "1-8")] if value_set in {"http://vs.org/v", "ValueSet/v"} else None

    def below(self, system: str, code: str) -> Iterable[Code] | None:
        return [(LOINC, "1-8"), (LOINC, "8480-6")] if (system, code) == (LOINC, "1-8") else None

    def above(self, system: str, code: str) -> Iterable[Code] | None:
        return [(LOINC, "1-8"), (LOINC, "8480-6")] if (system, code) == (LOINC, "8480-6") else None


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("code:in=http://vs.org/v", ["loinc", "two"]),
        ("code:in=ValueSet/v", ["loinc", "two"]),
        ("code:in=http://here.example.org/fhir/ValueSet/v", ["loinc", "two"]),
        ("code:not-in=http://vs.org/v", ["bare", "final", "odd", "other"]),
        ("code:below=http://loinc.org%7C1-8", ["loinc", "two"]),
        ("code:above=http://loinc.org%7C8480-6", ["loinc", "two"]),
    ],
)
def test_value_sets_and_hierarchies_are_asked_of_who_knows_them(query: str, ids: list[str]) -> None:
    assert found(f"Observation?{query}", OBSERVATIONS, value_sets=_Known()) == ids


@pytest.mark.parametrize(
    "query",
    [
        "code=",
        "code=%7C",
        "code=a%7Cb%7Cc",
        "code:exact=a",
        "code:in=http://unknown.org",
        "code:below=1-8",
        "code=a,,b",
    ],
)
def test_what_cannot_be_a_token_is_refused_by_name(query: str) -> None:
    with pytest.raises(BadRequest, match="'code'"):
        found(f"Observation?{query}", OBSERVATIONS)
