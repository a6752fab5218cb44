"""Lives of known truth, told by three sources with all their slips: what is found is true, and most of it is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import combinations
from random import Random
from typing import Any

import pytest

from fhirstore.dstu2.json_format import dump, parse
from fhirstore.dstu2.levels import judge, refused
from fhirstore.unified.clocks import find_clocks
from fhirstore.unified.grouping import Group, group
from fhirstore.unified.judgements import Judgements, pair
from fhirstore.unified.kinds import kind_of, same
from tests.unified.lives import bench, documents, facts_of, grouped, together, told

SEEDS = range(40, 48)


@cache
def scores_of_all() -> Mapping[str, Any]:
    found: Mapping[str, Any] = bench("duplicates").total(SEEDS, 3)
    return found


def test_precision_is_99_and_recall_90_in_a_hundred() -> None:
    scores = scores_of_all()
    every = sum(scores.values(), bench("duplicates").Score())
    assert every.right > 2000
    assert every.precision >= 0.99
    assert every.recall >= 0.90


def test_no_type_is_left_out_and_each_is_right_by_itself() -> None:
    """Of what can be decided: a day alone where there were two doses, or no date at all, fits either."""
    scores = scores_of_all()
    assert len(scores) == 18, "and the parts of panels"
    for name, score in scores.items():
        assert score.right > score.right_open, name
        assert score.precision >= 0.99, name
        assert score.recall_of_decidable >= 0.90, name


def test_what_is_left_open_fits_another_event_and_is_the_lesser_part() -> None:
    scores = scores_of_all().values()
    assert 0 < sum(score.missed_open for score in scores) < 0.07 * sum(score.right for score in scores)
    tellings = [each for seed in SEEDS for each in told(seed) if each.document["resourceType"] == "Immunization"]
    timed = [each for each in tellings if "T" in each.document["date"] and "T00:00:00" not in each.document["date"]]
    assert timed
    assert not any(each.open for each in timed)


def test_the_lives_hold_the_near_misses_that_they_promise() -> None:
    """A generator that made none would prove nothing."""
    events = [each for seed in SEEDS[:6] for each in told(seed)]
    twins = [each for each in events if each.reference.endswith("-twin")]
    fathers = [each for each in events if each.reference.endswith("-father")]
    mistaken = [each for each in events if each.event is None]
    assert twins
    assert fathers
    assert mistaken
    times = Counter(
        (each.source, each.document["code"].get("text"), str(each.document.get("effectiveDateTime"))[:10])
        for each in events
        if each.document["resourceType"] == "Observation"
    )
    assert sum(count > 1 for count in times.values()) > 20, "measured again on the same day"


def test_what_is_told_is_valid() -> None:
    for document in documents(SEEDS[0]):
        assert not refused(judge(parse(dump(document)), "official"), "official"), document


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_the_order_in_which_resources_come_changes_nothing(seed: int) -> None:
    facts = facts_of(seed)
    first = grouped(facts)
    for number in range(2):
        Random(number).shuffle(facts)
        again = grouped(facts)
        assert together(again) == together(first)
        assert {each[0].fact.reference: each for each in again} == {each[0].fact.reference: each for each in first}


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_every_resource_is_in_exactly_one_group(seed: int) -> None:
    facts = facts_of(seed)
    counted = Counter(member.fact.reference for each in grouped(facts) for member in each)
    assert counted == Counter(fact.reference for fact in facts)


def test_what_was_grouped_is_grouped_the_same_again() -> None:
    """To unify what is one already changes nothing: neither all of it again, nor a kind's groups without the rest."""
    facts = facts_of(SEEDS[0])
    groups = grouped(facts)
    once_more = [member.fact for each in groups for member in each]
    assert together(grouped(once_more)) == together(groups)
    clocks = find_clocks(once_more)
    several = [each for each in groups if len(each) > 1 and each[0].fact.kind == "Observation"]
    apart = [member.fact for each in several for member in each]
    assert together(group(apart, clocks=clocks)) == together(several)


def test_a_comparison_is_the_same_from_both_sides() -> None:
    facts = [fact for fact in facts_of(SEEDS[0]) if fact.kind != "Organization"]
    for kind in {fact.kind for fact in facts}:
        some = [fact for fact in facts if fact.kind == kind][:25]
        for one, other in combinations(some, 2):
            assert kind_of(kind).compare(one, other) == kind_of(kind).compare(other, one)
            assert same(one, other) == same(other, one)


def test_a_group_has_a_reason_for_each_but_the_first_and_it_leads_to_another_of_them() -> None:
    for each in grouped(facts_of(SEEDS[0])):
        references = [member.fact.reference for member in each]
        assert (each[0].reason, each[0].same_as) == ("", "")
        for place, member in enumerate(each[1:], 1):
            assert member.reason
            assert member.same_as in references[:place]


def test_what_was_entered_in_error_is_with_nothing() -> None:
    wrong = {each.reference for seed in SEEDS[:2] for each in told(seed) if each.event is None}
    assert wrong
    for seed in SEEDS[:2]:
        groups = grouped(facts_of(seed))
        assert all(len(each) == 1 for each in groups for member in each if member.fact.stated.void)


def test_no_group_holds_two_of_one_source_that_differ() -> None:
    for seed in SEEDS[:3]:
        for each in grouped(facts_of(seed)):
            for one, other in combinations((member.fact for member in each), 2):
                if one.source == other.source:
                    assert one.stated.said == other.stated.said or one.identifiers & other.identifiers


def _judged(groups: list[Group]) -> tuple[str, str]:
    """Two members of a group of three, of which the fuller one is not the first."""
    found = next(each for each in groups if len(each) == 3 and each[0].fact.kind == "Observation")
    return pair(found[1].fact.reference, found[2].fact.reference)


def test_what_was_judged_different_is_never_in_one_group() -> None:
    facts = facts_of(SEEDS[0])
    judged = _judged(grouped(facts))
    groups = together(grouped(facts, Judgements(other=frozenset({judged}))))
    assert not any(set(judged) <= each for each in groups)
    assert set().union(*groups) == {fact.reference for fact in facts}


def test_what_was_judged_the_same_is_one_whatever_it_says() -> None:
    facts = facts_of(SEEDS[0])
    alone = [each[0].fact for each in grouped(facts) if len(each) == 1 and not each[0].fact.stated.void]
    odd = sorted(fact.reference for fact in alone if fact.kind == "Observation")[:2]
    groups = grouped(facts, Judgements(same=frozenset({pair(*odd)})))
    found = next(each for each in groups if each[0].fact.reference in odd)
    assert {member.fact.reference for member in found} >= set(odd)
    assert found[-1].reason


def test_judgements_hold_at_random() -> None:
    facts = facts_of(SEEDS[1])
    random = Random(5)
    observations = sorted(fact.reference for fact in facts if fact.kind == "Observation" and not fact.stated.void)
    pairs = [pair(*random.sample(observations, 2)) for _ in range(60)]
    same_, other = frozenset(pairs[:30]), frozenset(pairs[30:]) | {_judged(grouped(facts))}
    groups = together(grouped(facts, Judgements(same_ - other, other)))
    place = {reference: each for each in groups for reference in each}
    assert all(place[one] != place[two] for one, two in other)
    assert sum(place[one] == place[two] for one, two in same_) >= 28, "but where both cannot be"


def test_two_patients_who_were_judged_different_share_nothing() -> None:
    facts = facts_of(SEEDS[0])
    person = next(each for each in grouped(facts) if each[0].fact.kind == "Patient" and len(each) > 1)
    first, other = person[0].fact.reference, person[1].fact.reference
    judged = Judgements(other=frozenset({pair(first, other)}))
    for each in grouped(facts, judged):
        about = {member.fact.stated.about for member in each}
        assert not {first, other} <= about
