"""What holds of every record, however its resources came and whatever was judged: tried on small ones made at random.

They are as confusing as can be: few things, few times and values, days without hours, numbers that several share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fhirstore.unified.agreement import Likeness
from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import Group, group
from fhirstore.unified.judgements import Judgements, pair
from fhirstore.unified.kinds import kind_of
from fhirstore.unified.panels import parts
from tests.unified.lives import grouped, together
from tests.unified.resources import (
    HYPERTENSION,
    LOINC,
    coded,
    condition,
    dose,
    fact,
    order,
    patient,
    pressure,
    pulse,
    quantity,
)

SOURCES = "abcd"
small = settings(max_examples=35, deadline=None, derandomize=True)

_times = st.sampled_from(
    [
        None,
        "2015-02-07",
        "2015-02",
        "2015-02-07T08:28:17Z",
        "2015-02-07T03:28:17-05:00",
        "2015-02-07T08:28:00Z",
        "2015-02-07T17:28:17Z",
        "2015-02-08T00:00:00Z",
    ]
)
_dated = _times.filter(bool)
_numbers = st.sampled_from([{}, {}, {}, {"identifier": [{"system": "urn:lab", "value": "7"}]}])
_observations = st.builds(lambda at, value, more: pulse(at, value, **more), _times, st.integers(71, 73), _numbers)
_pressures = st.builds(pressure, _dated, st.integers(120, 121), st.just(80))
_conditions = st.builds(
    lambda began, over: condition(HYPERTENSION, clinicalStatus=over, **({"onsetDateTime": began} if began else {})),
    _times,
    st.sampled_from(["active", "resolved"]),
)
_orders = st.builds(
    lambda name, at: order(name, at) | ({} if at else {"dateWritten": "2015-02-07"}),
    st.sampled_from(["Lisinopril 10 mg tablet", "lisinopril", "Lisinopril 20 mg tablet"]),
    _times,
)
_doses = st.builds(dose, _dated)
_patients = st.builds(
    lambda given, born, more: patient(given, born, **more),
    st.sampled_from(["Peter", "Peter James", "P", "Paul"]),
    st.sampled_from(["1960-05-14", "1960-05-15", "1960", ""]),
    _numbers,
)
_kinds = st.sampled_from([_observations, _observations | _pressures, _conditions, _orders, _doses, _patients])


def _small(kind: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[tuple[str, dict[str, Any]]]]:
    return st.lists(st.tuples(st.sampled_from(SOURCES), kind), min_size=2, max_size=9)


_records = _kinds.flatmap(_small).map(
    lambda told: [fact(source, resource, str(number)) for number, (source, resource) in enumerate(told)]
)


@st.composite
def judged_records(draw: Any) -> tuple[list[Fact], Judgements]:
    """With judgements about any of them: also such as contradict each other over a third."""
    facts = draw(_records | _linked_patients)
    names = [each.reference for each in facts]
    if len(names) < 2:
        return facts, Judgements()
    pairs = st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True).map(lambda two: pair(*two))
    other = draw(st.frozensets(pairs, max_size=4))
    return facts, Judgements(draw(st.frozensets(pairs, max_size=6)) - other, other)


_linked_patients = _small(
    st.builds(
        lambda told, other: {**told, "link": [{"other": {"reference": other}, "type": "refer"}]},
        _patients,
        st.sampled_from(["Patient/a0", "Patient/b1", "Patient/c2"]),
    )
    | _patients
).map(lambda told: [fact(source, resource, str(number)) for number, (source, resource) in enumerate(told)])


def references(groups: Sequence[Group]) -> Counter[str]:
    return Counter(member.fact.reference for each in groups for member in each)


@small
@given(judged_records(), st.randoms(use_true_random=False))
def test_the_order_in_which_resources_come_changes_nothing(record: tuple[list[Fact], Judgements], random: Any) -> None:
    facts, judgements = record
    shuffled = random.sample(facts, len(facts))
    first, again = ({each[0].fact.reference: each for each in group(some, judgements)} for some in (facts, shuffled))
    assert again == first


@small
@given(judged_records())
def test_every_resource_is_told_once_and_each_has_a_reason_that_leads_to_the_first(
    record: tuple[list[Fact], Judgements],
) -> None:
    facts, judgements = record
    groups = group(facts, judgements)
    assert references(groups) == Counter(each.reference for each in facts)
    for each in groups:
        for place, member in enumerate(each[1:], 1):
            assert member.reason
            assert member.same_as in [before.fact.reference for before in each[:place]]


@small
@given(judged_records())
def test_what_was_judged_different_is_never_brought_together_by_a_third(
    record: tuple[list[Fact], Judgements],
) -> None:
    facts, judgements = record
    for each in together(group(facts, judgements)):
        assert not any(two <= each for two in map(frozenset, judgements.other))


@small
@given(judged_records())
def test_what_was_judged_the_same_is_together_unless_that_would_join_what_was_judged_different(
    record: tuple[list[Fact], Judgements],
) -> None:
    facts, judgements = record
    groups = together(group(facts, judgements))
    place = {reference: each for each in groups for reference in each}
    for one, other in judgements.same:
        if place[one] != place[other]:
            assert any({first, second} <= place[one] | place[other] for first, second in judgements.other)


def hang_together(told: Sequence[Fact]) -> bool:
    """Whether what one source tells is one thing by its own numbers, or the same word for word."""
    first, *rest = told
    reached = [first]
    for here in reached:
        same = [each for each in rest if each.stated.said == here.stated.said or is_certain(here, each)]
        reached += same
        rest = [each for each in rest if each not in same]
    return not rest


def is_certain(one: Fact, other: Fact) -> bool:
    return kind_of(one.kind).compare(one, other).likeness is Likeness.CERTAIN


@small
@given(_records, st.sampled_from(SOURCES))
def test_another_source_takes_nothing_away_and_joins_nothing_that_one_source_tells_apart(
    facts: list[Fact], source: str
) -> None:
    before = [each for each in facts if each.source != f"urn:{source}"]
    groups = group(facts)
    assert references(group(before)) <= references(groups)
    for each in groups:
        of_source: dict[str, list[Fact]] = defaultdict(list)
        for member in each:
            of_source[member.fact.source].append(member.fact)
        assert all(hang_together(told) for told in of_source.values())


@small
@given(_records)
def test_nothing_that_contradicts_anything_is_together_with_it(facts: list[Fact]) -> None:
    for each in group(facts):
        for one, other in combinations((member.fact for member in each), 2):
            assert kind_of(one.kind).compare(one, other).likeness is not Likeness.CONTRARY


_halves = st.builds(
    lambda at, half, value: pulse(at) | {"code": coded(LOINC, half), "valueQuantity": quantity(value, "mmHg")},
    _dated,
    st.sampled_from(["8480-6", "8462-4"]),
    st.sampled_from([80, 120, 121]),
)


@small
@given(_small(_halves | _pressures), st.data())
def test_a_part_is_of_a_panel_of_other_sources_whoever_came_first(
    told: list[tuple[str, dict[str, Any]]], data: st.DataObject
) -> None:
    facts = [fact(source, resource, str(number)) for number, (source, resource) in enumerate(told)]
    other = frozenset(data.draw(st.lists(st.sampled_from(_pairs(facts)), max_size=2)))
    judgements = Judgements(other=other)
    groups = {each[0].fact.reference: each for each in group(facts, judgements)}
    found = parts(list(groups.values()), judgements)
    assert parts(group(facts[::-1], judgements), judgements) == found
    for single, part in found.items():
        members, panel = ([member.fact for member in groups[name]] for name in (single, part.panel))
        assert all(each.stated.values[0][0] for each in panel)
        assert any(
            one.source != another.source and pair(one.reference, another.reference) not in other
            for one in members
            for another in panel
        )


def _pairs(facts: Sequence[Fact]) -> list[tuple[str, str]]:
    return [pair(one.reference, other.reference) for one, other in combinations(facts, 2)]


@small
@given(_small(_observations), _small(_patients))
def test_facts_of_two_persons_are_never_one(
    told: list[tuple[str, dict[str, Any]]], persons: list[tuple[str, dict[str, Any]]]
) -> None:
    """Whoever the Patients turn out to be."""
    patients = [fact(source, each, str(number)) for number, (source, each) in enumerate(persons)]
    about = [each.reference for each in patients]
    facts = [
        fact(source, {**each, "subject": {"reference": about[number % len(about)]}}, str(number))
        for number, (source, each) in enumerate(told)
    ]
    groups = grouped([*patients, *facts])
    person = {member.fact.reference: number for number, each in enumerate(groups) for member in each}
    for each in groups:
        if each[0].fact.kind == "Observation":
            assert len({person[member.fact.stated.about] for member in each}) == 1
