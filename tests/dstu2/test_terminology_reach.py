"""What the code systems at hand do not reach is refused with the reason, and so is what would take too long."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.dstu2.terminology import (
    EXPANSION_LIMIT,
    BeyondReach,
    Budget,
    Terminology,
    TooCostly,
)
from tests.dstu2.test_terminology import (
    ANIMALS,
    FHIR,
    GENDERS,
    SHIPPED,
    codes,
    composed,
    shipped,
    value_set,
)


@pytest.mark.parametrize("system", ["http://snomed.info/sct", "http://loinc.org", "http://example.org/none"])
def test_what_needs_a_system_that_is_not_held_is_refused_naming_it(system: str) -> None:
    with pytest.raises(BeyondReach, match=system) as refusal:
        SHIPPED.expand(composed({"system": system}))
    assert (refusal.value.status, refusal.value.issues[0].code) == (422, "not-supported")


def test_a_code_is_told_of_where_its_part_of_the_value_set_is_within_reach() -> None:
    mixed = composed(
        {"system": "http://snomed.info/sct", "filter": [{"property": "concept", "op": "is-a", "value": "404684003"}]},
        {"system": "http://loinc.org", "concept": [{"code": "1963-8"}]},
        {"system": f"{FHIR}/administrative-gender"},
    )
    with pytest.raises(BeyondReach):
        SHIPPED.expand(mixed)
    assert SHIPPED.find(mixed, "http://loinc.org", "1963-8")
    assert SHIPPED.find(mixed, "http://loinc.org", "1963-9") is None
    assert SHIPPED.find(mixed, f"{FHIR}/administrative-gender", "male")
    with pytest.raises(BeyondReach, match="snomed"):
        SHIPPED.find(mixed, "http://snomed.info/sct", "22298006")


def test_another_version_of_a_system_than_the_one_held_is_beyond_reach() -> None:
    with pytest.raises(BeyondReach, match=r"in version 9\.9"):
        SHIPPED.expand(composed({"system": f"{FHIR}/administrative-gender", "version": "9.9"}))
    assert codes(composed({"system": f"{FHIR}/administrative-gender", "version": "1.0.2"})) != []


def test_an_expansion_that_came_with_a_value_set_answers_where_its_definition_is_beyond_reach() -> None:
    contains = [
        {"display": "Group", "abstract": True, "contains": [{"system": "http://snomed.info/sct", "code": "1"}]},
        {"system": "http://snomed.info/sct", "code": "2"},
    ]
    compose = {"include": [{"system": "http://snomed.info/sct"}]}
    whole = value_set(compose=compose, expansion={"total": 3, "contains": contains})
    assert codes(whole) == ["1", "2"]
    assert SHIPPED.find(whole, "http://snomed.info/sct", "2")
    assert SHIPPED.find(whole, "http://snomed.info/sct", "3") is None
    assert codes(value_set(expansion={"contains": contains})) == ["1", "2"]
    page = value_set(compose=compose, expansion={"total": 9, "contains": contains})
    with pytest.raises(BeyondReach):
        SHIPPED.expand(page)


def test_own_value_sets_go_before_shipped_ones_and_shipped_code_systems_before_own_ones() -> None:
    own = value_set(url=GENDERS, codeSystem={"system": f"{FHIR}/administrative-gender", "concept": [{"code": "robot"}]})
    terminology = Terminology([own])
    assert codes(terminology.value_set(GENDERS) or own) == ["robot"]
    system = terminology.code_system(f"{FHIR}/administrative-gender")
    assert system is not None
    assert system.find("robot") is None


def test_a_value_set_that_imports_itself_is_refused() -> None:
    first = value_set(url="http://example.org/1", compose={"import": ["http://example.org/2"]})
    second = value_set(url="http://example.org/2", compose={"import": ["http://example.org/1"]})
    terminology = Terminology([first, second])
    with pytest.raises(BeyondReach, match="imports itself"):
        terminology.expand(first)
    with pytest.raises(BeyondReach, match="imports itself"):
        terminology.find(first, "http://example.org", "a")


def test_a_value_set_that_imports_nothing_known_is_refused_naming_it() -> None:
    with pytest.raises(BeyondReach, match=r"http://example\.org/none"):
        SHIPPED.expand(value_set(compose={"import": ["http://example.org/none"]}))


def test_a_value_set_that_defines_nothing_is_refused() -> None:
    with pytest.raises(BeyondReach, match="does not say"):
        SHIPPED.expand(value_set(url="http://example.org/empty"))


def test_expansions_have_a_limit() -> None:
    listed = [{"code": str(number)} for number in range(EXPANSION_LIMIT + 1)]
    large = {"system": "http://example.org/many", "concept": listed}
    with pytest.raises(TooCostly) as refusal:
        SHIPPED.expand(composed(large))
    assert (refusal.value.status, refusal.value.issues[0].code) == (422, "too-costly")
    assert SHIPPED.find(composed(large), "http://example.org/many", str(EXPANSION_LIMIT))


def test_imports_that_multiply_are_stopped_before_they_take_long() -> None:
    layers = 30
    doubled = [
        value_set(
            url=f"http://example.org/{layer}/{side}",
            compose={"import": [f"http://example.org/{layer + 1}/{each}" for each in "ab"]},
        )
        for layer in range(layers)
        for side in "ab"
    ]
    last = [
        value_set(
            url=f"http://example.org/{layers}/{side}",
            codeSystem={"system": f"{ANIMALS}/{side}", "concept": [{"code": "cat"}]},
        )
        for side in "ab"
    ]
    terminology = Terminology([*doubled, *last])
    with pytest.raises(TooCostly):
        terminology.expand(doubled[0])
    with pytest.raises(TooCostly):
        terminology.find(doubled[0], ANIMALS, "dog")


def test_many_questions_share_one_budget_where_they_are_given_one() -> None:
    types, budget = shipped(f"{FHIR}/ValueSet/c80-doc-typecodes"), Budget(20_000)
    assert SHIPPED.find(types, "http://loinc.org", "none", budget) is None
    with pytest.raises(TooCostly):
        SHIPPED.find(types, "http://loinc.org", "none", budget)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, None),
        ({"codeSystem": {}}, []),
        ({"codeSystem": {"system": ANIMALS, "concept": [{"display": "No code"}, {"code": "cat"}]}}, ["cat"]),
        ({"compose": {"include": [{"concept": [{"code": "cat"}]}]}}, ["cat"]),
        ({"compose": {"include": [{"system": f"{FHIR}/v2/0136", "concept": [{"display": "No code"}]}]}}, []),
        ({"compose": {"include": [{"concept": [{"code": "cat"}]}], "import": [None]}}, ["cat"]),
        ({"compose": {"include": [{"system": ANIMALS, "filter": [{"property": "concept"}]}]}}, None),
        ({"compose": {"include": [{}]}}, None),
        ({"expansion": {}}, []),
        ({"expansion": {"contains": [{"code": "cat"}]}}, ["cat"]),
    ],
)
def test_an_incomplete_value_set_is_read_as_it_is(document: dict[str, Any], expected: list[str] | None) -> None:
    given = value_set(**document)
    if expected is None:
        with pytest.raises(BeyondReach):
            SHIPPED.expand(given)
    else:
        assert codes(given) == expected
