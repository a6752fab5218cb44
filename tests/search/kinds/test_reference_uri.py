"""References and URIs: text, resources, which are found."""

from __future__ import annotations

import pytest

from fhirstore.errors import BadRequest
from tests.search.finding import BASE, found, observations


def _about(reference: str) -> dict[str, object]:
    return {"subject": {"reference": reference}}


OBSERVATIONS = observations(
    local=_about("Patient/23"),
    own=_about(f"{BASE}/Patient/23"),
    version=_about("Patient/23/_history/4"),
    foreign=_about("http://other.org/fhir/Patient/23"),
    group=_about("Group/23"),
    inside={**_about("#p"), "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": ["Smith"]}]}]},
    named={"subject": {"display": "John"}},
    urn=_about("urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("subject=23", ["group", "local", "own", "version"]),
        ("subject=Patient/23", ["local", "own", "version"]),
        ("subject:Patient=23", ["local", "own", "version"]),
        ("subject:Group=23", ["group"]),
        (f"subject={BASE}/Patient/23", ["local", "own", "version"]),
        ("subject=Patient/23/_history/4", ["version"]),
        ("subject=http://other.org/fhir/Patient/23", ["foreign"]),
        ("subject=urn:uuid:c757873d-ec9a-4326-a141-556f43239520", ["urn"]),
        ("patient=23", ["local", "own", "version"]),
        ("patient=Group/23", []),
        ("subject=Patient/2", []),
        ("subject=Patient/24,Group/23", ["group"]),
        ("subject:missing=true", []),
        ("patient:missing=true", ["group"]),
        ("subject:Patient.name=smith", ["inside"]),
    ],
)
def test_references_are_found_by_id_type_and_id_and_address(query: str, ids: list[str]) -> None:
    assert found(f"Observation?{query}", OBSERVATIONS) == ids


@pytest.mark.parametrize(
    "query", ["subject=", "subject=a/b/c", "subject=Foo/1", "subject:Foo=1", "subject:exact=1", "subject=a%20b"]
)
def test_what_cannot_be_a_reference_is_refused_by_name(query: str) -> None:
    with pytest.raises(BadRequest, match="'subject'"):
        found(f"Observation?{query}", OBSERVATIONS)


URLS = {
    "org": "http://acme.org",
    "fhir": "http://acme.org/fhir",
    "set": "http://acme.org/fhir/ValueSet/1",
    "fhir2": "http://acme.org/fhir2",
    "oid": "urn:oid:1.2.3",
}
VALUE_SETS = [{"resourceType": "ValueSet", "id": id_, "url": url} for id_, url in URLS.items()]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("url=http://acme.org/fhir", ["fhir"]),
        ("url=http://acme.org/FHIR", []),
        ("url=http://acme.org/fhir/", []),
        ("url:below=http://acme.org/fhir", ["fhir", "set"]),
        ("url:below=http://acme.org/fhir/", ["set"]),
        ("url:below=http://acme.org", ["fhir", "fhir2", "org", "set"]),
        ("url:above=http://acme.org/fhir/ValueSet/1/_history/5", ["fhir", "org", "set"]),
        ("url:below=urn:oid:1.2", []),
        ("url=urn:oid:1.2.3,http://acme.org", ["oid", "org"]),
        ("url:missing=true", []),
    ],
)
def test_uris_are_compared_exactly_or_by_path_segments(query: str, ids: list[str]) -> None:
    assert found(f"ValueSet?{query}", VALUE_SETS) == ids
