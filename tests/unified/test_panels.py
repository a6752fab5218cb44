"""A panel of one source and the single measurements of another: told to be parts of it, and never taken for it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import group
from fhirstore.unified.judgements import NO_JUDGEMENTS, Judgements, pair
from fhirstore.unified.panels import parts
from tests.unified.resources import LOINC, coded, fact, pressure, pulse, quantity

AT, LATER, DAY = "2015-02-07T13:28:17Z", "2015-02-07T13:40:00Z", "2015-02-07"


def high(at: str, value: int, **more: Any) -> dict[str, Any]:
    return pulse(at, valueQuantity=quantity(value, "mmHg"), code=coded(LOINC, "8480-6"), **more)


def low(at: str, value: int, **more: Any) -> dict[str, Any]:
    return pulse(at, valueQuantity=quantity(value, "mm[Hg]", "mm[Hg]"), code=coded(LOINC, "8462-4"), **more)


def told(source: str, *resources: dict[str, Any]) -> list[Fact]:
    return [fact(source, each, str(number)) for number, each in enumerate(resources, 1)]


def found(*facts: list[Fact], judgements: Judgements = NO_JUDGEMENTS) -> dict[str, str]:
    every = [fact for each in facts for fact in each]
    groups = group(every, judgements)
    assert sum(map(len, groups)) == len(every)
    return {
        single.partition("/")[2]: part.panel.partition("/")[2] for single, part in parts(groups, judgements).items()
    }


PANEL = told("a", pressure(AT, 120, 80))


def test_both_singles_are_parts_of_the_panel_and_stay_facts_of_their_own() -> None:
    singles = told("b", high(AT, 120), low(AT, 80))
    groups = group([*PANEL, *singles])
    assert [len(each) for each in groups] == [1, 1, 1]
    of = parts(groups)
    assert {name: part.panel for name, part in of.items()} == {
        "Observation/b1": "Observation/a1",
        "Observation/b2": "Observation/a1",
    }
    assert {part.reason for part in of.values()} == {"same code and value as a part of it, at the same time"}


def test_at_the_same_time_one_is_enough_and_by_the_day_all_are_needed() -> None:
    assert found(PANEL, told("b", high(AT, 120))) == {"b1": "a1"}
    assert found(PANEL, told("b", high(DAY, 120))) == {}
    assert found(PANEL, told("b", high(DAY, 120), low(DAY, 80))) == {"b1": "a1", "b2": "a1"}


@pytest.mark.parametrize(
    "singles",
    [
        (high(AT, 120), low(AT, 82)),
        (high(AT, 121),),
        (high(LATER, 120), low(LATER, 80)),
        (high(DAY, 120), low(DAY, 82)),
        (low(AT, 120), high(AT, 80)),
        (high(AT, 120, status="entered-in-error"),),
        (pulse(AT, 120),),
    ],
)
def test_what_differs_in_anything_is_no_part(singles: tuple[dict[str, Any], ...]) -> None:
    """Where one of a source's values is another, its equal ones are equal by chance."""
    assert found(PANEL, told("b", *singles)) == {}


def test_of_two_that_might_be_a_part_neither_is_taken_and_the_other_part_is() -> None:
    assert found(PANEL, told("b", high(DAY, 120), low(DAY, 80), low(DAY, 80))) == {"b1": "a1"}


def test_the_parts_of_a_day_are_of_one_time() -> None:
    day = told("a", pressure(DAY, 120, 80))
    assert found(day, told("b", high(AT, 120), low(LATER, 80))) == {}
    assert found(day, told("b", high(AT, 120), low(AT, 80), low(LATER, 80))) == {"b1": "a1", "b2": "a1"}


def test_of_two_panels_that_might_be_meant_neither_is_taken() -> None:
    twice = told("a", pressure("2015-02-07T08:00:00Z", 120, 80), pressure("2015-02-07T17:00:00Z", 120, 80))
    assert found(twice, told("b", high(DAY, 120), low(DAY, 80))) == {}
    exact = told("b", high("2015-02-07T17:00:00Z", 120), low("2015-02-07T17:00:00Z", 80))
    assert found(twice, exact) == {"b1": "a2", "b2": "a2"}


def test_what_several_sources_tell_alike_is_one_part_of_one_panel() -> None:
    panels = [*PANEL, *told("d", pressure(AT, 120, 80))]
    singles = [*told("b", high(AT, 120), low(AT, 80)), *told("c", high(AT, 120))]
    assert found(panels, singles) == {"b1": "a1", "b2": "a1"}


def test_a_source_that_tells_both_says_nothing_of_its_own_twice() -> None:
    assert found(told("a", pressure(AT, 120, 80), high(AT, 120), low(AT, 80))) == {}


def test_what_was_judged_different_or_is_about_another_is_no_part() -> None:
    singles = told("b", high(AT, 120), low(AT, 80))
    judged = Judgements(other=frozenset({pair("Observation/a1", "Observation/b1")}))
    assert found(PANEL, singles, judgements=judged) == {"b2": "a1"}
    others = [replace(each, person="Patient/other") for each in singles]
    assert found(PANEL, others) == {}


def test_thousands_of_one_time_are_a_crowd_and_cost_no_more_than_they_are() -> None:
    crowd = [fact(f"s{number}", high(AT, 120, method={"text": f"m{number}"})) for number in range(2000)]
    assert found(PANEL, crowd) == {}
