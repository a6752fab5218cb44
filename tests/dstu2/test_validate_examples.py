"""The official examples are accepted, save those that break the specification's own rules."""

from __future__ import annotations

import pytest

from fhirstore.dstu2 import validate
from tests.dstu2.examples import MISSING, REFUSED, example_names, known_faults, read_example

pytestmark = pytest.mark.skipif(not example_names(), reason=MISSING)


@pytest.mark.parametrize("name", example_names())
def test_an_official_example_has_the_faults_that_are_listed_and_no_other(name: str) -> None:
    found = {(issue.code, issue.path) for issue in validate(read_example(name)) if issue.refuses}
    assert found == REFUSED.get(name, set())


def test_the_list_agrees_with_the_published_table_of_known_faults() -> None:
    """The generated questionnaires aside, whose root group is not required: que-3 is told as a warning."""
    published = {
        name: {kind for kind, _, detail in faults if detail != "que-3"} for name, faults in known_faults().items()
    }
    assert {name: {code for code, _ in faults} for name, faults in REFUSED.items()} == {
        name: kinds for name, kinds in published.items() if kinds
    }


def test_the_questionnaires_of_the_published_table_are_warned_of_que_3() -> None:
    listed = {name for name, faults in known_faults().items() if any(detail == "que-3" for *_, detail in faults)}
    warned = {
        name
        for name in example_names()
        if any(issue.severity == "warning" and "que-3" in issue.message for issue in validate(read_example(name)))
    }
    assert warned == listed
