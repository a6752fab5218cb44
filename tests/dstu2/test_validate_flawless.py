"""The sweep that settles flawless resources never says more than the walk would."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from typing import Any

import pytest

from fhirstore.dstu2.flawless import is_flawless
from fhirstore.errors import Issue
from tests.dstu2.examples import MISSING, example_names, small_documents
from tests.dstu2.mutations import KINDS, find_sites, mutate
from tests.dstu2.test_fuzz import random_names, random_resource, scramble

SEED = 20151024
NEEDS_EXAMPLES = pytest.mark.skipif(not example_names(), reason=MISSING)

Judge = Callable[[dict[str, Any]], list[Issue]]


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """The gate without the sweep: every resource is walked through."""
    module = importlib.import_module("fhirstore.dstu2.validate")
    monkeypatch.setattr(module, "is_flawless", lambda resource, name: False)
    check: Judge = module.check
    return check


def claims(document: Any) -> bool:
    name = document.get("resourceType")
    return isinstance(name, str) and name not in {"Bundle", "Parameters"} and is_flawless(document, name)


@NEEDS_EXAMPLES
def test_most_examples_are_settled_by_the_sweep_and_the_walk_agrees(walk: Judge) -> None:
    documents = small_documents(20_000)
    settled = [document for document in documents if claims(document)]
    assert len(settled) > len(documents) / 4
    assert all(walk(document) == [] for document in settled)


@NEEDS_EXAMPLES
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_broken_example_is_settled_by_the_sweep(kind: str) -> None:
    chance = random.Random(SEED)
    tried = 0
    for document in chance.sample(small_documents(6000), k=200):
        mutants = [mutant for site in find_sites(document) if (mutant := mutate(document, site, kind))]
        for mutant in chance.choices(mutants, k=2) if mutants else ():
            tried += 1
            assert not claims(mutant.document), (mutant.code, mutant.path)
    assert tried > 0


@NEEDS_EXAMPLES
def test_sweep_and_walk_agree_on_what_nobody_would_write(walk: Judge) -> None:
    chance, names = random.Random(SEED), random_names()
    documents = small_documents(6000)
    settled = 0
    for turn in range(6000):
        document = random_resource(chance, names) if turn % 3 else scramble(chance, names, chance.choice(documents))
        if isinstance(document, dict) and document and claims(document):
            settled += 1
            assert walk(document) == []
    assert settled > 100


@pytest.mark.parametrize(
    "unusual",
    [
        {"_birthDate": {"id": "a"}, "birthDate": "1970"},
        {"fhir_comments": ["a"]},
        {"contained": [{"resourceType": "Organization", "id": "a", "name": "A"}]},
        {"managingOrganization": {"reference": "#a"}},
        {"managingOrganization": {"reference": "urn:uuid:a"}},
        {"managingOrganization": {"reference": "http://example.org/fhir/Organization/1"}},
        {"name": [{"id": "a"}]},
        {"name": [{}]},
        {"deceasedBoolean": True, "deceasedDateTime": "2015"},
        {"gender": "M"},
        {"maritalStatus": {"text": "married"}},
        {"extension": [{"url": "a"}]},
        {"contact": [{"gender": "male"}]},
        {"telecom": [{"value": "555"}]},
        {"name": {"text": "a"}},
        {"multipleBirthInteger": "2"},
    ],
)
def test_what_is_unusual_or_wrong_is_left_to_the_walk(unusual: dict[str, Any]) -> None:
    assert not claims({"resourceType": "Patient", **unusual})
    assert claims({"resourceType": "Patient", "id": "a", "name": [{"family": ["A"]}], "deceasedBoolean": True})
