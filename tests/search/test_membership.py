"""A document tells of its compartment what its entries tell."""

from __future__ import annotations

from random import Random

import pytest

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import dump
from fhirstore.search.extract import extract
from fhirstore.search.membership import is_about, may_be_about
from tests.builders import observation, patient, smallest
from tests.search import random_records

BASE = "http://here.org/dstu2"


@pytest.mark.parametrize("resource_type", catalog.resource_types())
def test_a_document_and_its_entries_agree_on_the_compartment(resource_type: str) -> None:
    random = Random(resource_type)
    for _ in range(12):
        document = random_records.resource(random, resource_type, random.choice(random_records.IDS))
        keys = extract(resource_type, document, "").keys
        for id_ in (*random_records.IDS, "other"):
            told = is_about(resource_type, document, id_)
            if f"compartment=Patient/{id_}" in keys:
                assert told, document
            elif told:
                assert "://" in str(document), "only an absolute reference may be taken for one of this server"
            assert may_be_about(dump(document), id_) or not told


ABOUT = [
    ("relative", "Patient/a", True),
    ("of a version", "Patient/a/_history/3", True),
    ("absolute", f"{BASE}/Patient/a", True),
    ("another's", "Patient/b", False),
    ("longer", "Patient/ab", False),
    ("of another type", "Group/a", False),
    ("contained", "#a", False),
]


@pytest.mark.parametrize(("reference", "is_it"), [row[1:] for row in ABOUT], ids=[row[0] for row in ABOUT])
def test_a_subject_puts_an_observation_into_a_compartment(reference: str, is_it: bool) -> None:
    assert is_about("Observation", observation(reference), "a") == is_it


def test_a_patient_is_in_its_own_compartment_and_in_that_of_a_patient_it_links_to() -> None:
    linked = patient(id="b", link=[{"other": {"reference": "Patient/a"}, "type": "refer"}])
    assert is_about("Patient", patient(id="a"), "a")
    assert is_about("Patient", linked, "a")
    assert not is_about("Patient", patient(id="a"), "b")


def test_what_is_in_no_compartment_is_about_nobody() -> None:
    assert not is_about("Medication", smallest("Medication", id="a"), "a")


def test_a_reference_that_json_writes_in_another_way_is_not_passed_over() -> None:
    body = rb'{"resourceType":"Observation","subject":{"reference":"Patient\/\u0061"}}'
    assert may_be_about(body, "a")
    assert not may_be_about(b'{"resourceType":"Observation"}', "xyz")
