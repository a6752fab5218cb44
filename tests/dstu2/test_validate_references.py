"""References, contained resources and bundles: what hangs together, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirstore.dstu2 import validate
from fhirstore.dstu2.references import target_type

ORGANIZATION = {"resourceType": "Organization", "id": "org", "name": "Acme"}


def faults(document: Any) -> list[tuple[str, str | None]]:
    return [(issue.code, issue.path) for issue in validate(json.dumps(document).encode()) if issue.refuses]


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}, **elements}


def bundle(kind: str, *resources: Any) -> dict[str, Any]:
    entries = [{"fullUrl": f"urn:uuid:{index}", "resource": r} for index, r in enumerate(resources)]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("Patient/23", "Patient"),
        ("Patient/23/_history/2", "Patient"),
        ("http://example.org/fhir/Patient/23", "Patient"),
        ("https://example.org:8443/a/b/Patient/23/_history/2", "Patient"),
        ("Patient?identifier=http://example.org|23", "Patient"),
        ("http://example.org/fhir/Patient?identifier=23", "Patient"),
        ("http://example.org/fhir/patients/23", None),
        ("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", None),
        ("Patient", None),
        ("Patient/a_b", None),
        ("", None),
    ],
)
def test_a_literal_names_its_type(literal: str, expected: str | None) -> None:
    assert target_type(literal) == expected


@pytest.mark.parametrize(
    "literal",
    [
        "Patient/23",
        "Group/a/_history/1",
        "http://example.org/fhir/Device/23",
        "http://example.org/whatever/23",
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "urn:oid:1.2.3",
        "ABC12345",
        "Location?identifier=1",
    ],
)
def test_a_reference_of_an_allowed_or_unknown_type_is_accepted(literal: str) -> None:
    assert faults(observation(subject={"reference": literal})) == []


@pytest.mark.parametrize(
    ("literal", "code"),
    [
        ("Practitioner/23", "structure"),
        ("http://example.org/fhir/Practitioner/23", "structure"),
        ("Practitioner/23/_history/2", "structure"),
        ("Practitioner?identifier=1", "structure"),
        ("Patent/23", "value"),
        ("Patient/2 3", "value"),
        ("", "required"),
        ("#nobody", "invariant"),
        ("#", "invariant"),
        (23, "structure"),
    ],
)
def test_a_reference_of_a_wrong_type_or_form_is_refused(literal: Any, code: str) -> None:
    assert faults(observation(subject={"reference": literal})) == [(code, "Observation.subject.reference")]


def test_a_reference_may_have_a_display_alone() -> None:
    assert faults(observation(subject={"display": "somebody"})) == []


def test_a_fragment_has_the_type_of_what_is_contained() -> None:
    contained = observation(contained=[ORGANIZATION], performer=[{"reference": "#org"}])
    assert faults(contained) == []
    misplaced = observation(contained=[ORGANIZATION], subject={"reference": "#org"})
    assert faults(misplaced) == [("structure", "Observation.subject.reference")]


def test_what_is_contained_may_be_referred_to_from_what_is_contained() -> None:
    location = {"resourceType": "Location", "id": "ward", "managingOrganization": {"reference": "#org"}}
    document = observation(contained=[ORGANIZATION, location], subject={"reference": "#ward"})
    assert faults(document) == []


@pytest.mark.parametrize(
    ("inner", "place"),
    [
        ({"text": {"status": "empty", "div": "<div xmlns='http://www.w3.org/1999/xhtml'>A</div>"}}, ""),
        ({"contained": [{"resourceType": "Patient", "id": "p"}]}, ".contained"),
        ({"meta": {"versionId": "1"}}, ".meta.versionId"),
        ({"meta": {"lastUpdated": "2015-02-07T13:28:17Z"}}, ".meta.lastUpdated"),
    ],
)
def test_what_is_contained_has_no_narrative_contents_or_version(inner: Any, place: str) -> None:
    document = observation(contained=[{**ORGANIZATION, **inner}], performer=[{"reference": "#org"}])
    found = faults(document)
    assert ("invariant", f"Observation.contained[0]{place or '.text'}") in found
    assert {code for code, _ in found} == {"invariant"}


def test_a_uri_called_reference_refers_too() -> None:
    entity = {"role": "source", "type": {"code": "a"}, "reference": "#org"}
    document = {
        "resourceType": "Provenance",
        "target": [{"display": "x"}],
        "recorded": "2015-02-07T13:28:17Z",
        "contained": [ORGANIZATION],
        "entity": [entity],
    }
    assert faults(document) == []
    assert faults({**document, "entity": [{**entity, "reference": "#other"}]}) == [
        ("invariant", "Provenance.contained[0]")
    ]


def test_what_is_contained_must_be_referred_to() -> None:
    assert faults(observation(contained=[ORGANIZATION])) == [("invariant", "Observation.contained[0]")]
    nameless = observation(contained=[{"resourceType": "Organization", "name": "Acme"}])
    assert faults(nameless) == [("invariant", "Observation.contained[0]")]


def test_what_is_contained_is_judged_by_its_own_type() -> None:
    document = observation(contained=[{**ORGANIZATION, "active": "yes"}], performer=[{"reference": "#org"}])
    assert faults(document) == [("structure", "Observation.contained[0].active")]
    unknown = observation(contained=[{"resourceType": "Clinic", "id": "c"}], performer=[{"reference": "#c"}])
    assert faults(unknown)[0] == ("structure", "Observation.contained[0].resourceType")


def test_each_entry_of_a_bundle_resolves_its_own_fragments() -> None:
    whole = observation(contained=[ORGANIZATION], performer=[{"reference": "#org"}])
    stray = observation(performer=[{"reference": "#org"}])
    assert faults(bundle("collection", whole, stray)) == [
        ("invariant", "Bundle.entry[1].resource.performer[0].reference")
    ]


def test_an_entry_url_has_the_type_of_its_resource() -> None:
    patient = {"resourceType": "Patient"}
    right = observation(subject={"reference": "urn:uuid:0"})
    wrong = observation(encounter={"reference": "urn:uuid:0"})
    assert faults(bundle("collection", patient, right)) == []
    assert faults(bundle("collection", patient, wrong)) == [
        ("structure", "Bundle.entry[1].resource.encounter.reference")
    ]


@pytest.mark.parametrize(("kind", "first"), [("document", "Composition"), ("message", "MessageHeader")])
def test_documents_and_messages_open_with_their_own_resource(kind: str, first: str) -> None:
    assert faults(bundle(kind, {"resourceType": "Patient"})) == [("invariant", "Bundle.entry")]
    assert faults({"resourceType": "Bundle", "type": kind}) == [("invariant", "Bundle.entry")]
    assert ("invariant", "Bundle.entry") not in faults(bundle(kind, {"resourceType": first}))


def test_narrative_is_judged_at_its_place() -> None:
    text = {
        "status": "generated",
        "div": "<div xmlns='http://www.w3.org/1999/xhtml'><script>1</script></div>",
    }
    found = faults({"resourceType": "Patient", "text": text})
    assert found
    assert all((path or "").startswith("Patient.text.div") for _, path in found)
