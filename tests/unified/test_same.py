"""Which two resources state the same, type by type, and which are as near as they can be without doing so."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from fhirstore.dstu2.json_format import dump, parse
from fhirstore.unified.concepts import token
from fhirstore.unified.grouping import group
from fhirstore.unified.kinds import KINDS, same
from fhirstore.unified.people import people
from fhirstore.unified.stating import state
from tests.unified.cases import SAME
from tests.unified.near_misses import OTHER
from tests.unified.resources import LISINOPRIL, LISINOPRIL_10, dose, fact, patient, pulse, typed


def without_nothing(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if value is not None}


@pytest.mark.parametrize("case", SAME)
def test_these_state_the_same_and_the_reason_says_why(case: str) -> None:
    first, second, words = SAME[case]
    one, other = fact("a", without_nothing(first)), fact("b", without_nothing(second))
    reason = same(one, other)
    assert reason, case
    assert words in reason
    assert same(other, one) == reason
    assert len(group([one, other])) == 1, "they meet, and are one"


@pytest.mark.parametrize("case", OTHER)
def test_these_do_not_however_near_they_are(case: str) -> None:
    first, second = OTHER[case]
    one, other = fact("a", first), fact("b", second)
    assert same(one, other) is None
    assert same(other, one) is None
    assert len(group([one, other])) == 2


def test_every_type_that_can_be_compared_has_a_case_of_its_own() -> None:
    shown = {case[0]["resourceType"] for case in SAME.values()}
    assert set(KINDS) - shown == {"Medication", "MedicationDispense", "MedicationAdministration"}
    for type_ in ("MedicationDispense", "MedicationAdministration"):
        when = "whenHandedOver" if type_ == "MedicationDispense" else "effectiveTimeDateTime"
        told = typed(type_, medicationCodeableConcept={"text": "Aspirin 81 mg"}, **{when: "2015-02-07T09:00:00Z"})
        assert same(fact("a", told), fact("b", told))
        assert same(fact("a", told), fact("b", told | {when: "2015-02-07T17:00:00Z"})) is None


def test_one_source_does_not_repeat_itself() -> None:
    """Two equal resources of one source are two until another source tells the same."""
    twice = [fact("a", pulse("2015-02-07T13:28:17Z"), id) for id in "12"]
    assert same(*twice) is None
    assert len(group(twice)) == 2
    assert len(group([*twice, fact("b", pulse("2015-02-07T13:28:17Z"))])) == 1


def test_what_is_about_two_people_is_two_things() -> None:
    one, other = (replace(fact(source, pulse("2015-02-07")), person=f"Patient/{source}") for source in "ab")
    assert same(one, other) is None
    assert len(group([one, other])) == 2


def test_of_two_that_may_be_meant_neither_is_taken() -> None:
    """One source knows the day alone; in the other the same was measured twice on that day."""
    morning, evening = (pulse(f"2015-02-07T{hour}:28:17Z") for hour in ("08", "17"))
    facts = [fact("a", pulse("2015-02-07")), fact("b", morning, "1"), fact("b", evening, "2")]
    assert len(group(facts)) == 3
    assert len(group(facts[:2])) == 1


def test_what_is_told_as_often_here_as_there_is_paired_in_order() -> None:
    """Twice the same on one day in either: which is which makes no difference, and two are two."""
    days = [fact("a", pulse("2015-02-07"), id) for id in "12"]
    times = [fact("b", pulse(f"2015-02-07T{hour}:28:17Z"), id) for hour, id in (("08", "1"), ("17", "2"))]
    groups = group([*days, *times])
    assert sorted(sorted(member.fact.reference for member in each) for each in groups) == [
        ["Observation/a1", "Observation/b1"],
        ["Observation/a2", "Observation/b2"],
    ]
    assert all(each[1].reason.endswith("as often in both") for each in groups)
    assert len(group([*days, *times, fact("b", pulse("2015-02-07T20:28:17Z"), "3")])) == 5


def test_doses_of_a_day_are_paired_where_either_tells_as_many_and_there_are_several() -> None:
    """One by the day and one by the hour may be two doses; two and two are the same two."""
    days = [fact("a", dose("2015-02-07"), id) for id in "12"]
    hours = [fact("b", dose(f"2015-02-07T{hour}:00:00Z"), id) for hour, id in (("08", "1"), ("16", "2"))]
    assert len(group([days[0], hours[0]])) == 2
    assert len(group([days[0], *hours])) == 3
    groups = group([*days, *hours])
    assert [len(each) for each in groups] == [2, 2]
    assert {each[1].reason for each in groups} == {"same medication, on the same day, as often in both"}


def test_words_of_a_dose_are_shown_where_they_differ_and_part_no_order() -> None:
    """But where a strength is not told either, they are all that there is."""
    told = [{"dosageInstruction": [{"text": f"{count} tablets daily"}]} for count in (1, 2)]
    one, other = (
        fact(source, each | typed("MedicationOrder", **LISINOPRIL_10)) for source, each in zip("ab", told, strict=True)
    )
    assert same(one, other)
    assert same(fact("a", typed("MedicationOrder", dosageInstruction=[{"text": "20 mg"}], **LISINOPRIL)), one) is None


def test_who_has_both_family_names_joins_those_who_have_one() -> None:
    before, after = patient("Anna"), patient("Anna", name=[{"text": "Anna Solo"}])
    both = patient("Anna", name=[{"text": "Anna Chalmers"}, {"text": "Anna Solo"}])
    facts = [fact(source, each) for source, each in zip("abc", (before, after, both), strict=True)]
    assert len(group(facts[:2])) == 2
    assert len(group(facts)) == 1


def test_a_chain_of_near_misses_does_not_join_its_ends() -> None:
    """The day agrees with both times, the times not with each other."""
    day = fact("a", pulse("2015-02-07"))
    ends = [fact("b", pulse("2015-02-07T08:28:17Z")), fact("c", pulse("2015-02-07T17:28:17Z"))]
    groups = group([day, *ends])
    assert not any(
        {member.fact.reference for member in each} >= {ends[0].reference, ends[1].reference} for each in groups
    )


def test_a_medication_is_read_wherever_it_is_named() -> None:
    contained = {
        "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Aspirin 81 mg"}}],
        "medicationReference": {"reference": "#m"},
    }
    plain = typed("MedicationOrder", medicationCodeableConcept={"text": "aspirin 81 MG"}, dateWritten="2015-02-07")
    for named in (contained, {"medicationReference": {"reference": "urn:x", "display": "Aspirin 81 MG Tablet"}}):
        assert same(fact("a", plain), fact("b", typed("MedicationOrder", dateWritten="2015-02-07", **named)))
    elsewhere = parse(dump(typed("MedicationOrder", id="b", medicationReference={"reference": "Medication/7"})))
    known = {"Medication/7": {"code": {"text": "Aspirin 81 mg"}}}
    assert state(elsewhere, resolve=known.get).stated.code.names == {"aspirin"}


def test_a_reference_leads_to_a_person_by_its_id_at_the_source_or_where_there_is_but_one() -> None:
    peter = fact("a", patient("Peter") | {"id": "1"})
    original = {"system": "urn:fhirstore:original-id", "code": "p9"}
    tags = [{"system": "urn:fhirstore:source", "code": "urn:b"}, original]
    other = fact("b", patient("Peter") | {"id": "2", "meta": {"tag": tags}})
    child = fact("b", patient("Mary", "1990-01-02") | {"id": "3"})
    known = people(group([peter, other, child]))
    person = known.of_patient["Patient/1"]
    assert known.of_patient["Patient/2"] == person != known.of_patient["Patient/3"]

    def whose(source: str, reference: str | None) -> str:
        told = pulse("2015-02-07") | ({"subject": {"reference": reference}} if reference else {})
        return known.person(fact(source, told))

    assert whose("a", "Patient/1") == person
    assert whose("a", "https://a.example.org/Patient/77/_history/3") == person, "the only patient of this source"
    assert whose("b", "https://b.example.org/Patient/p9") == person, "by what the source calls them"
    assert whose("b", "Patient/3") == known.of_patient["Patient/3"]
    assert whose("a", None) == ""
    unknown = [whose("b", "Patient/77"), whose("c", "Patient/77"), whose("a", "Group/1")]
    assert len({*unknown, person, ""}) == 5, "of each unknown nobody knows whether they are another"


@pytest.mark.parametrize(
    ("written", "system"),
    [
        ("2.16.840.1.113883.6.88", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        ("https://www.nlm.nih.gov/research/umls/rxnorm/", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        ("RxNorm", "http://www.nlm.nih.gov/research/umls/rxnorm"),
        ("2.16.840.1.113883.6.90", "http://hl7.org/fhir/sid/icd-10-cm"),
        ("SNOMED-CT", "http://snomed.info/sct"),
        ("https://www.snomed.org/snomed-ct", "http://snomed.info/sct"),
        ("urn:oid:2.16.840.1.113883.12.292", "http://hl7.org/fhir/sid/cvx"),
    ],
)
def test_a_system_is_known_however_hospitals_write_its_name(written: str, system: str) -> None:
    assert token(written, "1") == token(system, "1")
    assert token(written, "1") != token("http://loinc.org", "1")
