"""JSON form, cardinality and companions: each fault is told at its place with its code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirstore.dstu2 import validate
from fhirstore.errors import Issue

EXTENSION = {"url": "http://example.org/note", "valueString": "x"}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}}
PATIENT = {"resourceType": "Patient"}


def judge(document: Any) -> list[Issue]:
    return validate(json.dumps(document).encode())


def faults(document: Any) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.path) for issue in judge(document) if issue.refuses]


@pytest.mark.parametrize(
    "document",
    [
        PATIENT,
        OBSERVATION,
        {
            **PATIENT,
            "fhir_comments": ["a comment"],
            "name": [{"fhir_comments": ["b"], "family": ["Chalmers"]}],
        },
        {**PATIENT, "birthDate": "1970-03-30", "_birthDate": {"extension": [EXTENSION]}},
        {**PATIENT, "_birthDate": {"extension": [EXTENSION]}},
        {**PATIENT, "birthDate": "1970", "_birthDate": {"id": "b1"}},
        {**PATIENT, "birthDate": "1970", "_birthDate": {"fhir_comments": ["roughly"]}},
        {**PATIENT, "name": [{"given": ["A", None], "_given": [None, {"extension": [EXTENSION]}]}]},
        {**PATIENT, "name": [{"_given": [{"extension": [EXTENSION]}]}]},
        {**PATIENT, "_id": {"extension": [EXTENSION]}},
        {**PATIENT, "deceasedBoolean": False},
        {**OBSERVATION, "_valueString": {"extension": [EXTENSION]}},
        {**OBSERVATION, "valueQuantity": {"value": 1, "unit": "kg"}},
        {**OBSERVATION, "component": [{"code": {"text": "a"}, "referenceRange": [{"text": "wide"}]}]},
        {"resourceType": "Observation", "_status": {"extension": [EXTENSION]}, "code": {"text": "Weight"}},
        {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": PATIENT}]},
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "a", "part": [{"name": "b", "valueCode": "c"}]}],
        },
        {"resourceType": "Binary", "contentType": "text/plain", "content": "aGVs\nbG8="},
    ],
)
def test_legal_json_is_accepted(document: Any) -> None:
    assert judge(document) == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, [("structure", "resourceType")]),
        ({"resourceType": "Patent"}, [("structure", "resourceType")]),
        ({"resourceType": "DomainResource"}, [("structure", "resourceType")]),
        ({"resourceType": ["Patient"]}, [("structure", "resourceType")]),
        ({**PATIENT, "colour": "red"}, [("structure", "Patient.colour")]),
        (
            {**PATIENT, "name": [{"resourceType": "HumanName"}]},
            [("structure", "Patient.name[0].resourceType")],
        ),
        ({**PATIENT, "name": {"family": ["A"]}}, [("structure", "Patient.name")]),
        ({**PATIENT, "birthDate": ["1970"]}, [("structure", "Patient.birthDate")]),
        ({**PATIENT, "name": []}, [("structure", "Patient.name")]),
        ({**PATIENT, "name": [{}]}, [("structure", "Patient.name[0]")]),
        ({**PATIENT, "name": [None]}, [("structure", "Patient.name[0]")]),
        ({**PATIENT, "name": ["Peter"]}, [("structure", "Patient.name[0]")]),
        ({**PATIENT, "name": None}, [("structure", "Patient.name")]),
        ({**PATIENT, "active": "true"}, [("structure", "Patient.active")]),
        ({**PATIENT, "active": None}, [("structure", "Patient.active")]),
        ({**PATIENT, "gender": 1}, [("structure", "Patient.gender")]),
        ({**PATIENT, "multipleBirthInteger": "2"}, [("structure", "Patient.multipleBirthInteger")]),
        ({**PATIENT, "multipleBirthInteger": True}, [("structure", "Patient.multipleBirthInteger")]),
        ({**PATIENT, "text": {"status": "empty", "div": 3}}, [("structure", "Patient.text.div")]),
        ({**PATIENT, "contact": [{"id": "a"}]}, [("invariant", "Patient.contact[0]")]),
        ({**PATIENT, "fhir_comments": "a comment"}, [("structure", "Patient.fhir_comments")]),
        ({**PATIENT, "_name": [{"id": "a"}]}, [("structure", "Patient._name")]),
        ({**PATIENT, "_birthDate": "1970"}, [("structure", "Patient.birthDate")]),
        ({**PATIENT, "_birthDate": {}}, [("structure", "Patient.birthDate")]),
        ({**PATIENT, "_birthDate": {"id": "b1"}}, [("invariant", "Patient.birthDate")]),
        (
            {**PATIENT, "birthDate": "1970", "_birthDate": {"value": 1}},
            [("structure", "Patient.birthDate.value")],
        ),
        ({**PATIENT, "name": [{"given": [None]}]}, [("structure", "Patient.name[0].given[0]")]),
        (
            {**PATIENT, "name": [{"given": ["A", None], "_given": [{"id": "a"}]}]},
            [("structure", "Patient.name[0].given[1]"), ("structure", "Patient.name[0].given")],
        ),
        (
            {**PATIENT, "name": [{"given": ["A"], "_given": {"id": "a"}}]},
            [("structure", "Patient.name[0].given")],
        ),
        ({**PATIENT, "name": [{"_given": [None]}]}, [("structure", "Patient.name[0].given[0]")]),
        (
            {**PATIENT, "name": [{"id": "a", "_id": {"id": "b"}, "text": "A"}]},
            [("structure", "Patient.name[0]._id")],
        ),
        (
            {**PATIENT, "extension": [{**EXTENSION, "_url": {"id": "b"}}]},
            [("structure", "Patient.extension[0]._url")],
        ),
        (
            {**PATIENT, "deceasedBoolean": True, "deceasedDateTime": "2015"},
            [("structure", "Patient.deceasedDateTime")],
        ),
        (
            {**PATIENT, "deceasedBoolean": True, "_deceasedDateTime": {"extension": [EXTENSION]}},
            [("structure", "Patient.deceasedDateTime")],
        ),
        ({**PATIENT, "deceasedString": "yes"}, [("structure", "Patient.deceasedString")]),
        ({**PATIENT, "deceased": True}, [("structure", "Patient.deceased")]),
        (
            {"resourceType": "Observation"},
            [("required", "Observation.status"), ("required", "Observation.code")],
        ),
        (
            {"resourceType": "Observation", "status": "final", "code": None},
            [("structure", "Observation.code")],
        ),
        ({"resourceType": "MedicationOrder"}, [("required", "MedicationOrder.medication[x]")]),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "a", "resource": {"resourceType": "Group"}}],
            },
            [
                ("required", "Parameters.parameter[0].resource.type"),
                ("required", "Parameters.parameter[0].resource.actual"),
            ],
        ),
        (
            {**OBSERVATION, "referenceRange": [{"low": {"value": 1, "comparator": "<"}}]},
            [
                ("structure", "Observation.referenceRange[0].low.comparator"),
                ("invariant", "Observation.referenceRange[0].low"),
            ],
        ),
    ],
)
def test_each_fault_is_told_at_its_place(document: Any, expected: list[tuple[str, str]]) -> None:
    found = faults(document)
    assert found[: len(expected)] == expected
    assert {path for _, path in found} == {path for _, path in expected}


def test_every_fault_is_told_and_not_only_the_first() -> None:
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "fullUrl": "http://example.org/Patient/1",
                "resource": {**PATIENT, "gender": "F", "birthDate": "70"},
            },
            {
                "fullUrl": "http://example.org/Patient/2",
                "resource": {**PATIENT, "name": [{"given": ["A", 2]}]},
            },
        ],
    }
    assert faults(document) == [
        ("code-invalid", "Bundle.entry[0].resource.gender"),
        ("value", "Bundle.entry[0].resource.birthDate"),
        ("structure", "Bundle.entry[1].resource.name[0].given[1]"),
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a": NaN}', b"\xff", b'{"a": 1, "a": 2}', b"[" * 9999])
def test_text_that_is_no_json_object_gives_one_fatal_issue(body: bytes) -> None:
    (issue,) = validate(body)
    assert (issue.severity, issue.code) == ("fatal", "structure")


def test_no_more_than_a_thousand_faults_are_told() -> None:
    assert len(judge({**PATIENT, "name": [None] * 5000})) == 1000


def test_messages_and_paths_do_not_repeat_content_at_length() -> None:
    (issue,) = judge({**PATIENT, "x" * 5000: "secret"})
    assert len(issue.path or "") < 100
    assert "secret" not in issue.message


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        ({"url": "http://example.org/a", "extension": [EXTENSION]}, []),
        ({"url": "http://example.org/a", "valueReference": {"display": "x"}}, []),
        ({"url": "http://example.org/a", "_valueString": {"extension": [EXTENSION]}}, []),
        ({"valueString": "x"}, [("required", "Patient.extension[0].url")]),
        ({"url": "", "valueString": "x"}, [("required", "Patient.extension[0].url")]),
        ({"url": "http://example.org/a"}, [("invariant", "Patient.extension[0]")]),
        ({**EXTENSION, "extension": [EXTENSION]}, [("invariant", "Patient.extension[0]")]),
        ({**EXTENSION, "valueCode": "x"}, [("structure", "Patient.extension[0].valueCode")]),
        ({**EXTENSION, "valueNarrative": {}}, [("structure", "Patient.extension[0].valueNarrative")]),
        (
            {**EXTENSION, "modifierExtension": [EXTENSION]},
            [("structure", "Patient.extension[0].modifierExtension")],
        ),
    ],
)
def test_an_extension_has_a_url_and_either_a_value_or_extensions(
    extension: Any, expected: list[tuple[str, str]]
) -> None:
    assert faults({**PATIENT, "extension": [extension]}) == expected


def test_modifier_extensions_stand_only_where_they_are_defined() -> None:
    assert faults({**PATIENT, "modifierExtension": [EXTENSION]}) == []
    assert (
        faults(
            {
                **PATIENT,
                "link": [{"other": {"display": "x"}, "type": "refer", "modifierExtension": [EXTENSION]}],
            }
        )
        == []
    )
    name = {"text": "A", "modifierExtension": [EXTENSION]}
    assert faults({**PATIENT, "name": [name]}) == [("structure", "Patient.name[0].modifierExtension")]
