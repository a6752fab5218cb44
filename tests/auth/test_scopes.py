"""Scopes compared by what they mean, and told in plain words."""

from __future__ import annotations

import pytest

from fhirstore.auth.plain_words import lasting, sentence, thing
from fhirstore.auth.scopes import (
    SUPPORTED,
    covers,
    is_about_a_patient,
    known,
    only,
    opens_something,
    overlaps,
    without_patient,
)
from fhirstore.dstu2.catalog import resource_types


def test_words_that_mean_nothing_here_are_dropped_and_so_are_repetitions() -> None:
    asked = (
        "openid patient/*.read user/Observation.write online_access launch/encounter patient/*.read user/Nothing.read"
    )
    assert known(asked) == "openid patient/*.read user/Observation.write"
    for nothing in ("", "application", "patient/Patient", "user/*.", "/*.read", "user/*.delete", "system/*.read"):
        assert known(nothing) == "", nothing
    assert known(" ".join(SUPPORTED)).split() == list(SUPPORTED)
    assert known("user") == "user", "1upHealth's"


COVERED = [
    ("user/*.*", "user/Observation.read"),
    ("user/*.*", "patient/*.*"),
    ("user/*.*", "user"),
    ("user", "user/*.*"),
    ("patient/*.read", "patient/Patient.read patient/Observation.read"),
    ("patient/*.read patient/*.write", "patient/*.*"),
    ("user/Patient.read user/Observation.read", "patient/Observation.read"),
    ("patient/Observation.*", "patient/Observation.write patient/Observation.read"),
    ("patient/*.read openid offline_access", "offline_access"),
    ("patient/*.read", ""),
]
NOT_COVERED = [
    ("user/*.read", "user/*.*"),
    ("patient/*.*", "user/Observation.read"),
    ("patient/Observation.read", "patient/*.read"),
    ("patient/Observation.read patient/Patient.write", "patient/Observation.*"),
    ("user/*.*", "offline_access"),
    ("user/*.*", "openid"),
    ("launch/patient patient/*.read", "launch"),
    ("", "user/Patient.read"),
]


@pytest.mark.parametrize(("wide", "narrow"), COVERED)
def test_a_scope_covers_what_it_says_in_other_words(wide: str, narrow: str) -> None:
    assert covers(wide, narrow)


@pytest.mark.parametrize(("wide", "narrow"), NOT_COVERED)
def test_a_scope_covers_nothing_beyond_what_it_says(wide: str, narrow: str) -> None:
    assert not covers(wide, narrow)


def test_scopes_overlap_where_something_is_allowed_by_both() -> None:
    for one, other in (
        ("user/*.read", "user/Patient.read"),
        ("patient/*.*", "user/Patient.write"),
        ("openid user/Patient.read", "user/Observation.read openid"),
        ("patient/Observation.*", "user/*.read"),
    ):
        assert overlaps(one, other)
        assert overlaps(other, one)
    for one, other in (
        ("user/*.read", "user/*.write"),
        ("user/Patient.*", "user/Observation.*"),
        ("openid", "offline_access"),
        ("user/*.*", ""),
        ("user/*.*", "launch/patient"),
    ):
        assert not overlaps(one, other)
        assert not overlaps(other, one)


def test_a_scope_is_about_a_patient_where_one_of_its_words_is() -> None:
    for word in ("patient/*.read", "launch", "launch/patient"):
        assert is_about_a_patient(f"openid {word}")
        assert without_patient(f"openid {word} user/*.read") == "openid user/*.read"
    assert not is_about_a_patient("openid user/*.read offline_access")
    assert opens_something("openid patient/*.read")
    assert not opens_something("openid launch/patient offline_access")


def test_chosen_words_are_those_of_the_scope_in_its_order() -> None:
    assert (
        only("openid user/*.read offline_access", ["offline_access", "user/*.*", "openid"]) == "openid offline_access"
    )


SENTENCES = [
    ("patient/*.read", "Read everything in the record of Ann"),
    ("patient/*.*", "Read, add, change and delete everything in the record of Ann"),
    ("user/*.*", "Read, add, change and delete everything in your record"),
    ("user", "Read, add, change and delete everything in your record"),
    ("user/*.write", "Add, change and delete everything in your record"),
    ("user/Observation.write", "Add, change and delete measurements and laboratory results in your record"),
    ("patient/Immunization.read", "Read vaccinations in the record of Ann"),
    ("user/NamingSystem.read", "Read entries of the kind “naming system” in your record"),
    ("offline_access", "Keep its access while you are away, without asking you again"),
    ("openid", "Recognise you when you come back, by a number that stands for you here"),
    ("launch/patient", "Know which person of your record it is about"),
]


@pytest.mark.parametrize(("word", "expected"), SENTENCES)
def test_a_word_of_a_scope_is_a_sentence(word: str, expected: str) -> None:
    assert sentence(word, "Ann") == expected


def test_every_word_that_is_known_has_a_sentence_that_a_person_can_read() -> None:
    words = [*SUPPORTED, *(f"{whose}/{type}.*" for whose in ("user", "patient") for type in resource_types())]
    for word in words:
        told = sentence(word)
        assert told[0].isupper()
        assert "/" not in told
        assert "None" not in told
    assert "Patient" not in thing("Patient")
    things = [thing(type) for type in resource_types()]
    assert len(set(things)) == len(things), "no two types are called the same"


def test_who_may_come_while_the_user_is_away_is_told_for_how_long() -> None:
    assert "90 days" in lasting("patient/*.read offline_access")
    assert lasting("patient/*.read").startswith("For 2 hours")
