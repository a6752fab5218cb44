"""What a scope's words open, for reading and for writing."""

from __future__ import annotations

import pytest

from fhirstore.extents import NOTHING, WHOLE, Extent, Extents, Opened, has_type, is_about_a_patient, opened


def only(*types: str, patient: str | None = None) -> Extents:
    return (Extent(frozenset(types), patient),)


SCOPES: list[tuple[str, Opened]] = [
    ("user", Opened(WHOLE, WHOLE)),
    ("user/*.*", Opened(WHOLE, WHOLE)),
    ("user/*.read", Opened(WHOLE, NOTHING)),
    ("user/*.write", Opened(NOTHING, WHOLE)),
    ("user/Observation.read", Opened(only("Observation"), NOTHING)),
    ("user/Observation.*", Opened(only("Observation"), only("Observation"))),
    ("user/Observation.read user/Patient.read", Opened(only("Observation", "Patient"), NOTHING)),
    ("user/Observation.read user/*.read", Opened(WHOLE, NOTHING)),
    ("user/*.read user/Observation.read", Opened(WHOLE, NOTHING)),
    ("patient/*.read", Opened((Extent(None, "p"),), NOTHING)),
    ("patient/Observation.write", Opened(NOTHING, only("Observation", patient="p"))),
    ("patient/*.read user/*.write", Opened((Extent(None, "p"),), WHOLE)),
    ("patient/*.read user/*.read", Opened(WHOLE, NOTHING)),
    (
        "patient/*.read user/Medication.read",
        Opened((Extent(None, "p"), Extent(frozenset({"Medication"}))), NOTHING),
    ),
    ("launch/patient offline_access openid fhirUser profile", Opened()),
    ("launch/patient patient/*.read", Opened((Extent(None, "p"),), NOTHING)),
    ("application", Opened()),
    ("", Opened()),
    ("system/*.read", Opened()),
    ("*/*.*", Opened()),
    ("user/*", Opened()),
    ("user/.read", Opened()),
    ("user/Observation.delete", Opened()),
    ("USER/*.*", Opened()),
]


@pytest.mark.parametrize(("scope", "meant"), SCOPES, ids=[row[0] or "none" for row in SCOPES])
def test_a_scope_opens_what_its_words_open_together(scope: str, meant: Opened) -> None:
    assert opened(scope, "p") == meant


def test_without_a_patient_the_words_about_one_open_nothing() -> None:
    assert opened("patient/*.* user/Observation.read", None) == Opened(only("Observation"), NOTHING)


@pytest.mark.parametrize(
    ("scope", "is_about"),
    [("patient/*.read", True), ("user/*.* patient/Observation.write", True), ("launch/patient user", False)],
)
def test_only_words_that_open_something_depend_on_the_patient(scope: str, is_about: bool) -> None:
    assert is_about_a_patient(scope) == is_about


def test_of_no_type_in_particular_anything_at_all_counts() -> None:
    assert has_type(only("Observation"), "")
    assert not has_type(only("Observation"), "Patient")
    assert not has_type(NOTHING, "")
