"""Sources whose clocks are off: found by what many resources tell together, and by nothing less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fhirstore.unified.clocks import TRUE_CLOCKS, find_clocks
from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import group
from tests.unified.lives import together
from tests.unified.resources import dose, fact, order, pulse

START = datetime(2014, 1, 6, 13, 7, 31, tzinfo=UTC)


def moments(count: int = 40) -> list[datetime]:
    """Nine days and some odd minutes between them, over a year."""
    return [START + timedelta(days=9 * number, minutes=37 * number) for number in range(count)]


def at(moment: datetime, hours: int = 0) -> str:
    return (moment + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def told(source: str, times: list[str], **more: Any) -> list[Fact]:
    return [fact(source, pulse(time, 60 + number % 30, **more), str(number)) for number, time in enumerate(times)]


def pairs(facts: list[Fact], clocks: Any) -> int:
    return sum(len(each) == 2 for each in together(group(facts, clocks=clocks)))


def test_hours_that_are_always_the_same_are_a_clock_and_not_a_difference() -> None:
    right = told("a", [at(moment) for moment in moments()])
    local = told("b", [at(moment, -8) for moment in moments()])
    facts = [*right, *local]
    assert pairs(facts, TRUE_CLOCKS) == 0
    assert pairs(facts, find_clocks(facts)) == 40


def test_summer_time_is_an_hour_more_or_less() -> None:
    def hours(moment: datetime) -> int:
        return -4 if 4 <= moment.month <= 9 else -5

    right = told("a", [at(moment) for moment in moments(120)])
    local = told("b", [at(moment, hours(moment)) for moment in moments(120)])
    facts = [*right, *local]
    assert pairs(facts, find_clocks(facts)) > 110


def test_whoever_writes_the_zone_is_believed() -> None:
    """The source with offsets keeps its times; the other's day is then the day of the place, not that of UTC."""
    evening = [moment.replace(hour=22) for moment in moments()]
    offset = told("a", [moment.strftime("%Y-%m-%dT%H:%M:%S-05:00") for moment in evening])
    lost = told("b", [at(moment) for moment in evening])
    clocks = find_clocks([*offset, *lost])
    assert {minutes for (source, _), minutes in clocks.shifts.items() if source == "urn:b"} == {300}
    assert not [source for source, _ in clocks.shifts if source == "urn:a"]
    days = told("c", [moment.strftime("%Y-%m-%d") for moment in evening])
    groups = group([*offset, *lost, *days], clocks=clocks)
    assert sum(len(each) == 3 for each in groups) == 40


def test_doses_eight_hours_apart_are_not_joined_by_a_zone_of_eight_hours() -> None:
    def given(source: str, id: str, time: str) -> Fact:
        medication = {"medicationCodeableConcept": {"text": "Aspirin 81 mg"}}
        document = {"resourceType": "MedicationAdministration", "effectiveTimeDateTime": time, **medication}
        return fact(source, document, id)

    days = [START + timedelta(days=number) for number in range(4)]
    times = [day + timedelta(hours=hour) for day in days for hour in (0, 8)]
    right = [given("a", str(number), at(time)) for number, time in enumerate(times)]
    local = [given("b", str(number), at(time, -8)) for number, time in enumerate(times)]
    visits = [*told("a", [at(moment) for moment in moments()]), *told("b", [at(moment, -8) for moment in moments()])]
    groups = together(group([*right, *local], clocks=find_clocks(visits)))
    expected = {
        frozenset({f"MedicationAdministration/a{number}", f"MedicationAdministration/b{number}"}) for number in range(8)
    }
    assert groups == expected


def test_a_few_coincidences_move_no_clock() -> None:
    right = told("a", [at(moment) for moment in moments(3)])
    other = told("b", [at(moment, -5) for moment in moments(3)])
    assert find_clocks([*right, *other]).shifts == {}
    assert find_clocks(right) == TRUE_CLOCKS
    agreeing = [*told("a", [at(moment) for moment in moments()]), *told("b", [at(moment) for moment in moments()])]
    assert find_clocks(agreeing).shifts == {}


def test_a_clock_changes_when_a_fact_is_taken_to_have_been_and_not_what_is_shown() -> None:
    facts = [*told("a", [at(moment) for moment in moments()]), *told("b", [at(moment, -8) for moment in moments()])]
    known = {each.reference: each for each in facts}
    for each in group(facts, clocks=find_clocks(facts)):
        assert all(known[member.fact.reference] == member.fact for member in each)


def test_what_is_known_by_the_day_stays_where_it_is() -> None:
    facts = [*told("a", [at(moment) for moment in moments()]), *told("b", [at(moment, -8) for moment in moments()])]
    dated = fact("b", order("Aspirin 81 mg", "2014-03-01"))
    assert find_clocks(facts).set([dated]) == [dated]


def test_midnight_of_the_place_is_the_day_but_for_what_is_done_by_the_hour() -> None:
    """Where a source with offsets shows how far the place is from UTC, five o'clock there is a date."""
    offset = told("a", [moment.strftime("%Y-%m-%dT%H:%M:%S-05:00") for moment in moments()])
    clocks = find_clocks([*offset, *told("b", [at(moment, 5) for moment in moments()])])
    midnight = START.strftime("%Y-%m-%dT05:00:00Z")
    measured, given = clocks.set([fact("c", pulse(midnight)), fact("c", dose(midnight))])
    assert measured.stated.moment is not None
    assert given.stated.moment is not None
    assert (measured.stated.moment.timed, given.stated.moment.timed) == (False, True)
    assert TRUE_CLOCKS.set([fact("c", pulse(midnight))])[0].stated.moment != measured.stated.moment
