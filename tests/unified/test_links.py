"""A source may say itself which of its Patients are one person: http://hl7.org/fhir/DSTU2/patient.html#links."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import group
from fhirstore.unified.judgements import Judgements, pair
from fhirstore.unified.people import people
from tests.unified.resources import fact, patient


def linked(to: Fact, type: str = "replace", **members: Any) -> Fact:
    document = {"resourceType": "Patient", "active": False, **members}
    return fact("a", {**document, "link": [{"other": {"reference": to.reference}, "type": type}]}, "old")


@pytest.mark.parametrize("type", ["replace", "refer", "seealso"])
def test_a_patient_that_is_linked_to_another_is_the_same_person(type: str) -> None:
    new = fact("a", patient("Peter"), "new")
    old = linked(new, type)
    (found,) = group([old, new])
    assert [(each.fact.reference, each.reason) for each in found] == [
        (new.reference, ""),
        (old.reference, "linked as the same"),
    ]
    told = people([found])
    assert told.of_patient[old.reference] == told.of_patient[new.reference]


def test_another_source_joins_them_as_it_joins_the_one() -> None:
    new = fact("a", patient("Peter"), "new")
    assert len(group([linked(new), new, fact("b", patient("Peter"))])) == 1


def test_a_link_to_nobody_here_or_to_itself_or_of_another_form_changes_nothing() -> None:
    new = fact("a", patient("Peter"), "new")
    nobody = linked(fact("a", patient("Peter"), "gone"))
    itself = linked(fact("a", patient("Peter"), "old"))
    odd = fact("a", {"resourceType": "Patient", "link": [{"other": 5}, "x", {"other": {"reference": 7}}]}, "old")
    for other in (nobody, itself, odd):
        assert len(group([other, new])) == 2


def test_a_link_between_two_who_cannot_be_one_is_a_mistake_and_a_judgement_goes_before_it() -> None:
    new = fact("a", patient("Peter"), "new")
    stranger = linked(new, name=[{"family": ["Okafor"], "given": ["Ngozi"]}], birthDate="1931-01-02", gender="female")
    assert len(group([stranger, new])) == 2
    old = linked(new)
    judged = Judgements(other=frozenset({pair(old.reference, new.reference)}))
    assert len(group([old, new], judged)) == 2
