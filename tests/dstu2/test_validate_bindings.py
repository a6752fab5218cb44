"""Required bindings: codes, Codings and CodeableConcepts against the value sets that can be enumerated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirstore.dstu2 import catalog, validate
from fhirstore.dstu2.shapes import shape_of

MARITAL = "http://hl7.org/fhir/v3/MaritalStatus"


def faults(document: Any) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.path) for issue in validate(json.dumps(document).encode()) if issue.refuses]


@pytest.mark.parametrize(
    ("concept", "allowed"),
    [
        ({"coding": [{"system": MARITAL, "code": "M"}]}, True),
        ({"coding": [{"system": "http://example.org", "code": "x"}, {"system": MARITAL, "code": "S"}]}, True),
        ({"coding": [{"system": "http://hl7.org/fhir/v3/NullFlavor", "code": "UNK"}], "text": "?"}, True),
        ({"coding": [{"system": MARITAL, "code": "X"}]}, False),
        ({"coding": [{"system": "http://hl7.org/fhir/marital-status", "code": "M"}]}, False),
        ({"coding": [{"code": "M"}]}, False),
        ({"text": "married"}, False),
    ],
)
def test_a_concept_needs_one_coding_of_a_required_value_set(concept: Any, allowed: bool) -> None:
    found = faults({"resourceType": "Patient", "maritalStatus": concept})
    assert found == ([] if allowed else [("code-invalid", "Patient.maritalStatus")])


@pytest.mark.parametrize(
    ("coding", "allowed"),
    [
        ({"system": "http://hl7.org/fhir/note-type", "code": "print"}, True),
        ({"system": "http://hl7.org/fhir/note-type", "code": "prints"}, False),
        ({"code": "print"}, False),
        ({"display": "Print"}, False),
    ],
)
def test_a_coding_is_one_of_a_required_value_set(coding: Any, allowed: bool) -> None:
    found = faults({"resourceType": "ClaimResponse", "note": [{"type": coding}]})
    assert found == ([] if allowed else [("code-invalid", "ClaimResponse.note[0].type")])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("male", []),
        ("Male", ["code-invalid"]),
        ("M", ["code-invalid"]),
        ("male ", ["value"]),
        ("", ["required"]),
        (1, ["structure"]),
        ([], ["structure"]),
    ],
)
def test_a_code_is_one_of_a_required_value_set(code: Any, expected: list[str]) -> None:
    found = faults({"resourceType": "Patient", "gender": code})
    assert found == [(kind, "Patient.gender") for kind in expected]


def test_codes_of_preferred_and_example_bindings_are_free() -> None:
    assert faults({"resourceType": "Account", "status": "whatever", "type": {"text": "savings"}}) == []


@pytest.mark.parametrize(
    ("system", "allowed"),
    [
        ("http://loinc.org", True),
        ("urn:oid:1.2.3", True),
        ("mailto:a@example.org", True),
        ("LOINC", False),
        ("/systems/1", False),
    ],
)
def test_the_system_of_a_coding_or_an_identifier_is_an_absolute_uri(system: str, allowed: bool) -> None:
    expected = [] if allowed else ["Patient.identifier[0].system", "Patient.animal.species.coding[0].system"]
    animal = {"species": {"coding": [{"system": system, "code": "a"}]}}
    found = faults({"resourceType": "Patient", "identifier": [{"system": system}], "animal": animal})
    assert found == [("code-invalid", path) for path in expected]
    assert faults({"resourceType": "Account", "balance": {"system": system}}) == []


@pytest.mark.parametrize(
    ("language", "allowed"),
    [
        ("en", True),
        ("de-CH", True),
        ("zh-Hans-CN", True),
        ("x-klingon", True),
        ("en_US", False),
        ("english!", False),
    ],
)
def test_languages_are_judged_by_their_syntax(language: str, allowed: bool) -> None:
    found = faults({"resourceType": "Patient", "language": language})
    assert found == ([] if allowed else [("code-invalid", "Patient.language")])


@pytest.mark.parametrize(
    ("media_type", "allowed"),
    [
        ("image/jpeg", True),
        ("application/xml+fhir", True),
        ("text/plain; charset=utf-8", True),
        ("application/vnd.oasis.opendocument.text", True),
        ("jpeg", False),
        ("image/", False),
    ],
)
def test_media_types_are_judged_by_their_syntax(media_type: str, allowed: bool) -> None:
    found = faults({"resourceType": "Patient", "photo": [{"contentType": media_type}]})
    assert found == ([] if allowed else [("code-invalid", "Patient.photo[0].contentType")])


def test_every_enumerated_code_is_accepted_and_nothing_beside_it() -> None:
    """Over every type: each code of each required binding passes its element's check; another does not."""
    judged = 0
    paths = {element.path for name in catalog.type_names() for element in descend(name)}
    for path in sorted(paths):
        parent, _, name = path.rpartition(".")
        prop = shape_of(parent).properties.get(name)
        binding = prop.element.binding if prop else None
        if prop is None or prop.check is None or binding is None or binding.codes is None:
            continue
        assert all(prop.check(code) is None for code in binding.codes), path
        assert prop.check("no-such-code") is not None, path
        judged += 1
    assert judged > 150


def descend(path: str) -> list[catalog.Element]:
    children = list(catalog.elements(path))
    return children + [below for child in children for below in descend(child.path)]
