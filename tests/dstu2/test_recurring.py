"""What is found out about a value that comes again and again is remembered by its text, and by its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhirstore.dstu2.catalog import resource_types
from fhirstore.dstu2.flawless import is_flawless
from fhirstore.dstu2.recurring import SIGHTS, TEXT_LIMIT, Recurrence, read_text, recurring

CONCEPT = {"coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}], "text": "Pulse"}


def text_of(value: Any) -> bytes | None:
    recurrence = Recurrence()
    assert recurrence.text_of("Observation.code", value) is None
    return recurrence.text_of("Observation.code", value)


@pytest.mark.parametrize(
    "value",
    [
        CONCEPT,
        {"value": Decimal("1.50"), "unit": "Grüße"},
        {"value": Decimal("-1.0E+400")},
        {"value": 2**80, "code": None, "bare": True},
        [{}, [1, "\x00\u2028"]],
    ],
)
def test_the_text_of_a_value_tells_all_of_it(value: Any) -> None:
    text = text_of(value)
    assert text is not None
    assert repr(read_text(text)) == repr(value)


def test_what_python_holds_to_be_equal_has_texts_of_its_own() -> None:
    values = (1, True, Decimal("1.0"), Decimal("1.00"), "1")
    assert len({text_of({"value": value}) for value in values}) == len(values)


def test_long_values_and_what_is_no_json_have_no_such_text() -> None:
    assert text_of({"text": "a" * TEXT_LIMIT}) is None
    assert text_of({"text": "half of a \ud83d"}) is None


def test_a_value_is_remembered_from_the_second_time_at_its_place() -> None:
    recurrence = Recurrence()
    found = [recurrence.text_of(place, CONCEPT) is not None for place in ("a", "b", "a", "a", "b")]
    assert found == [False, False, True, True, True]


def test_of_what_comes_but_once_no_more_is_known_than_its_number_allows() -> None:
    recurrence = Recurrence()
    for number in range(SIGHTS):
        recurrence.text_of("a", number)
    assert recurrence.text_of("a", 0) is not None
    assert recurrence.text_of("a", SIGHTS) is None
    assert recurrence.text_of("a", 0) is None


def test_concepts_and_references_recur_and_identifiers_names_and_moments_do_not() -> None:
    assert {"code", "subject", "component", "valueQuantity"} <= recurring("Observation").keys()
    assert recurring("ValueSet") == {}
    every = set[str]().union(*map(recurring, resource_types()))
    assert every.isdisjoint(
        {"id", "identifier", "name", "telecom", "address", "text", "contained", "effectiveDateTime"}
    )


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": CONCEPT, **more}


def test_a_verdict_on_a_value_holds_at_its_own_place_alone() -> None:
    patient = {"reference": "Patient/a"}
    estimate = {"value": 1, "comparator": "<", "unit": "mg"}
    for _ in range(3):
        assert is_flawless(observation(subject=patient), "Observation")
        assert not is_flawless(observation(encounter=patient), "Observation")
        assert is_flawless(observation(valueQuantity=estimate), "Observation")
        dispensed = {"resourceType": "MedicationDispense", "medicationCodeableConcept": CONCEPT}
        assert is_flawless(dispensed, "MedicationDispense")
        assert not is_flawless({**dispensed, "quantity": estimate}, "MedicationDispense")


def test_a_fault_is_found_each_time_it_comes() -> None:
    faults: list[Any] = [{}, {"coding": []}, {"coding": [{"code": 1}]}, {"text": ""}, {"txt": "a"}, [CONCEPT], None]
    for _ in range(3):
        assert is_flawless(observation(category=CONCEPT), "Observation")
        for wrong in faults:
            assert not is_flawless(observation(category=wrong), "Observation"), wrong
