"""Every official invariant has an element that breaks it and one that keeps it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirstore.dstu2 import catalog, validate
from fhirstore.dstu2.invariants import ENFORCED_BY_THE_WALK, NOT_ENFORCED, TABLES, rules_for
from fhirstore.errors import Issue
from tests.dstu2.invariant_cases import CASES, CONCEPT


def judge(document: Any) -> list[Issue]:
    return validate(json.dumps(document, default=float).encode())


def test_every_official_invariant_is_enforced_or_listed_with_a_reason() -> None:
    written = [place for table in TABLES for place in table]
    assert len(written) == len(set(written))
    assert set(written) | ENFORCED_BY_THE_WALK.keys() == catalog.severities().keys()
    assert set(written) >= NOT_ENFORCED.keys()
    assert all(len(reason) > 20 for reason in NOT_ENFORCED.values())
    assert CASES.keys() == set(written)


@pytest.mark.parametrize(("path", "key"), sorted(CASES))
def test_a_rule_tells_what_breaks_it_from_what_keeps_it(path: str, key: str) -> None:
    rule = next(rule for rule in rules_for(path) if rule.key == key)
    broken, kept = CASES[path, key]
    assert not rule.holds(broken)
    assert rule.holds(kept)


@pytest.mark.parametrize(("path", "key"), sorted(CASES))
def test_only_what_is_listed_or_a_warning_officially_refuses_nothing(path: str, key: str) -> None:
    rule = next(rule for rule in rules_for(path) if rule.key == key)
    official = catalog.severities()[path, key]
    assert rule.severity == ("warning" if (path, key) in NOT_ENFORCED else official)


@pytest.mark.parametrize(
    ("document", "key", "path"),
    [
        ({"resourceType": "Organization", "active": True}, "org-1", "Organization"),
        (
            {"resourceType": "Organization", "name": "A", "telecom": [{"system": "phone"}, {"use": "home"}]},
            "org-3",
            "Organization.telecom[1]",
        ),
        (
            {"resourceType": "Patient", "name": [{"period": {"start": "2015", "end": "2014"}}]},
            "per-1",
            "Patient.name[0].period",
        ),
        (
            {
                "resourceType": "RiskAssessment",
                "prediction": [{"outcome": CONCEPT, "probabilityDecimal": 101}],
            },
            "ras-2",
            "RiskAssessment.prediction[0].probabilityDecimal",
        ),
        (
            {
                "resourceType": "Observation",
                "status": "final",
                "code": CONCEPT,
                "component": [{"code": CONCEPT, "referenceRange": [{"meaning": CONCEPT}]}],
            },
            "obs-3",
            "Observation.component[0].referenceRange[0]",
        ),
        (
            {
                "resourceType": "MedicationOrder",
                "medicationCodeableConcept": CONCEPT,
                "dosageInstruction": [{"timing": {"repeat": {"period": -1, "periodUnits": "d"}}}],
            },
            "tim-5",
            "MedicationOrder.dosageInstruction[0].timing.repeat.period",
        ),
        (
            {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b"}]}]},
            "inv-2",
            "Parameters.parameter[0].part[0]",
        ),
    ],
)
def test_a_broken_rule_is_told_once_where_it_is_broken(document: Any, key: str, path: str) -> None:
    found = [(issue.code, issue.path, issue.message.partition(":")[0]) for issue in judge(document) if issue.refuses]
    assert found == [("invariant", path, key)]


def test_a_rule_that_is_not_enforced_is_told_as_a_warning() -> None:
    (issue,) = judge({"resourceType": "Account", "balance": {"value": 5}})
    assert (issue.severity, issue.path) == ("warning", "Account.balance")


def test_wrong_kinds_within_leave_a_rule_undecided_and_are_told_themselves() -> None:
    document = {"resourceType": "Observation", "status": "final", "code": "x", "component": {"code": 1}}
    assert {issue.code for issue in judge(document)} == {"structure"}
