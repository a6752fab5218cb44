"""Values in plain words, one table for each sort of value."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from fhirstore.presentation.cards import card_of
from fhirstore.presentation.codes import coding_name, concept_words, measure_name
from fhirstore.presentation.kinds import kind_of
from fhirstore.presentation.moments import age_words, date_words, period_words, when_of
from fhirstore.presentation.origin import origin_of
from fhirstore.presentation.series import series_of
from fhirstore.presentation.values import best_name, words

LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2015", "2015"),
        ("2015-02", "February 2015"),
        ("2015-02-07", "7 February 2015"),
        ("2015-02-07T13:28:17.239-05:00", "7 February 2015, 13:28"),
        ("2015-02-07T00:00:00Z", "7 February 2015"),
        ("2015-99-07", "7 99 2015"),
        ("last spring", "last spring"),
        (None, ""),
    ],
)
def test_dates_keep_their_precision_and_the_clock_they_were_written_by(written: Any, said: str) -> None:
    assert date_words(written) == said


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2015-01-01", "2015-01-03", "1 January 2015 to 3 January 2015"),
        ("2015-01-01T10:00:00Z", "2015-01-01T10:25:00Z", "1 January 2015, 10:00 to 10:25"),
        ("2015-01-01", "2015-01-01", "1 January 2015"),
        ("2015", None, "since 2015"),
        (None, "2015", "until 2015"),
        (None, None, ""),
    ],
)
def test_periods_may_be_open_on_either_side(start: Any, end: Any, said: str) -> None:
    assert period_words(start, end) == said


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("1968-11-22", "58 years"),
        ("1968-11-23", "57 years"),
        ("2025-10-01", "13 months"),
        ("2026-11-01", "0 months"),
        ("1968", "about 58 years"),
        ("2027-01-01", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_ages_count_whole_years_and_of_the_smallest_whole_months(born: Any, age: str) -> None:
    assert age_words(born, date(2026, 11, 22)) == age


@pytest.mark.parametrize(
    ("type", "value", "said"),
    [
        ("Quantity", {"value": Decimal("6.30"), "unit": "mmol/l"}, "6.30 mmol/l"),
        ("Quantity", {"value": Decimal(0), "unit": "mg"}, "0 mg"),
        ("Quantity", {"value": 120, "code": "mm[Hg]"}, "120 mmHg"),
        ("Quantity", {"value": 11002, "unit": "steps"}, "11,002 steps"),
        ("Quantity", {"value": Decimal("6.9"), "unit": "%"}, "6.9%"),
        ("Quantity", {"value": 5, "comparator": "<", "unit": "IU"}, "less than 5 IU"),
        ("Quantity", {"value": Decimal("1E+40")}, "1E+40"),
        ("Quantity", {"value": Decimal("10.226877417360429"), "unit": "fL"}, "10.227 fL"),
        ("Quantity", {"value": Decimal("0.000012345678"), "unit": "g"}, "0.0000123 g"),
        ("Quantity", {"value": Decimal("1.00000000"), "unit": "g"}, "1.00000000 g"),
        ("Timing", {"repeat": {"frequency": 1, "period": Decimal("8.0"), "periodUnits": "h"}}, "every 8 hours"),
        ("Timing", {"repeat": {"frequency": 2, "period": Decimal("1.0"), "periodUnits": "d"}}, "2 times a day"),
        ("Range", {"low": {"value": 3, "unit": "g"}, "high": {"value": 5, "unit": "g"}}, "3 to 5 g"),
        ("Range", {"high": {"value": 5, "unit": "g"}}, "up to 5 g"),
        (
            "Ratio",
            {"numerator": {"value": 1, "unit": "mg"}, "denominator": {"value": 2, "unit": "ml"}},
            "1 mg per 2 ml",
        ),
        ("HumanName", {"prefix": ["Dr."], "given": ["Ana", None], "family": ["Díaz"]}, "Dr. Ana Díaz"),
        ("Address", {"line": ["1 High St"], "postalCode": "AB1", "city": "Leith"}, "1 High St, AB1 Leith"),
        ("ContactPoint", {"value": "555", "use": "home"}, "555 (home)"),
        ("Reference", {"reference": "Practitioner/3"}, "Practitioner"),
        ("Reference", {"reference": "MedicationOrder/3", "display": "Aspirin"}, "Aspirin"),
        ("Timing", {"repeat": {"frequency": 3, "period": 1, "periodUnits": "d"}}, "3 times a day"),
        ("Timing", {"repeat": {"frequency": 1, "period": 8, "periodUnits": "h"}}, "every 8 hours"),
        ("Timing", {"repeat": {"period": 1, "periodUnits": "d", "when": "HS"}}, "every day, at bedtime"),
        ("SampledData", {"data": "1 2 E 3"}, "a curve of 4 samples"),
        ("boolean", False, "No"),
        ("base64Binary", "AAAA", "3 bytes"),
        ("Quantity", "120", ""),
        ("Period", [], ""),
    ],
)
def test_values_are_said_as_people_say_them(type: str, value: Any, said: str) -> None:
    assert words(value, type) == said


@pytest.mark.parametrize(
    ("concept", "said"),
    [
        ({"text": "Sugar", "coding": [{"system": LOINC, "code": "2339-0", "display": "Glucose"}]}, "Sugar"),
        ({"coding": [{"system": LOINC, "code": "13457-7", "display": "Cholesterol in LDL"}]}, "LDL cholesterol"),
        (
            {"text": "Body weight", "coding": [{"system": LOINC, "code": "29463-7", "display": "Body weight"}]},
            "Weight",
        ),
        ({"coding": [{"system": SNOMED, "code": "1"}, {"system": SNOMED, "code": "2", "display": "Two"}]}, "Two"),
        ({"coding": [{"system": "http://hl7.org/fhir/v2/0078", "code": "H"}]}, "High"),
        ({"coding": [{"system": "urn:private", "code": "X7"}]}, "X7"),
        ({"coding": [{"display": "Only a display"}]}, "Only a display"),
        ({"coding": [{}]}, ""),
        ({}, ""),
    ],
)
def test_a_concept_is_said_in_words_wherever_there_are_any(concept: Any, said: str) -> None:
    assert concept_words(concept) == said


def test_bound_codes_are_said_by_what_they_mean() -> None:
    card = card_of({"resourceType": "Encounter", "status": "in-progress", "class": "inpatient"})
    assert (card.title, card.status) == ("Inpatient", "In Progress")


def test_blood_pressure_is_said_as_one() -> None:
    parts = [
        {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}
        for code, value in (("8462-4", 84), ("8480-6", 125))
    ]
    card = card_of({"resourceType": "Observation", "component": parts})
    assert (card.value, card.parts) == ("125/84 mmHg", ())


def test_what_was_not_done_is_said_first() -> None:
    assert card_of({"resourceType": "Immunization", "status": "completed", "wasNotGiven": True}).status == "Not given"


def test_a_medication_is_called_by_what_is_contained() -> None:
    card = card_of(
        {
            "resourceType": "MedicationOrder",
            "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Aspirin"}}],
            "medicationReference": {"reference": "#m"},
        }
    )
    assert card.title == "Aspirin"


def test_observations_are_lab_results_by_their_category_alone() -> None:
    laboratory = {"coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "laboratory"}]}
    assert kind_of({"resourceType": "Observation", "category": laboratory}).key == "labs"
    assert kind_of({"resourceType": "Observation"}).key == "measurements"
    assert kind_of({"resourceType": "Claim"}).key == "other"


@pytest.mark.parametrize(
    ("resource", "text", "month"),
    [
        ({"resourceType": "Condition", "onsetDateTime": "2012-03"}, "March 2012", "March 2012"),
        ({"resourceType": "Condition", "onsetString": "in youth", "dateRecorded": "2013"}, "2013", "2013"),
        (
            {"resourceType": "Encounter", "period": {"start": "2014-01-02", "end": "2014-02-01"}},
            "2 January 2014",
            "January 2014",
        ),
        ({"resourceType": "Encounter", "period": {"end": "2014-02-01"}}, "1 February 2014", "February 2014"),
    ],
)
def test_a_resource_took_place_when_it_began(resource: dict[str, Any], text: str, month: str) -> None:
    when = when_of(resource)
    assert when is not None
    assert (when.text, when.month) == (text, month)


def test_a_person_has_no_moment() -> None:
    assert when_of({"resourceType": "Patient", "birthDate": "1974-12-25"}) is None


def test_the_official_name_is_the_best() -> None:
    names = [{"use": "nickname", "text": "Peg"}, {"use": "official", "text": "Margaret Hill"}, {"text": "M. Hill"}]
    assert best_name(names) == "Margaret Hill"
    assert best_name([{"use": "official"}, {"text": "M. Hill"}]) == "M. Hill"
    assert best_name(None) == ""


def test_a_source_is_called_by_its_name_or_its_host() -> None:
    def tagged(**tag: str) -> dict[str, Any]:
        return {"meta": {"tag": [{"system": "urn:fhirstore:source", **tag}]}}

    assert origin_of(tagged(code="https://h.example/fhir", display="Hospital")).name == "Hospital"
    assert origin_of(tagged(code="https://h.example/fhir")).name == "h.example"
    assert origin_of(tagged(code="urn:fhirstore:application:abc")).client_id == "abc"
    assert origin_of({}).name == "Unknown source"


TAKEN = {"repeat": {"frequency": 1, "period": 8, "periodUnits": "h", "boundsPeriod": {"start": "2015-11-07"}}}


@pytest.mark.parametrize(
    ("dosage", "said"),
    [
        (
            {"text": "Take 1 tablet every 8 hours.", "timing": TAKEN},
            "Take 1 tablet every 8 hours, since 7 November 2015",
        ),
        ({"text": "Take 1 tablet every 8 hours."}, "Take 1 tablet every 8 hours."),
        ({"timing": TAKEN}, "every 8 hours, since 7 November 2015"),
        ({"text": " ", "timing": TAKEN}, "every 8 hours, since 7 November 2015"),
        ({"text": 5, "timing": "x"}, ""),
        ("x", ""),
    ],
)
def test_how_to_take_something_is_said_once_in_the_words_of_who_ordered_it(dosage: Any, said: str) -> None:
    order = {"resourceType": "MedicationOrder", "dosageInstruction": [dosage, dosage]}
    assert card_of(order).value == said
    assert card_of({"resourceType": "MedicationStatement", "dosage": [dosage]}).value == said


def test_a_reference_that_names_nobody_is_not_said() -> None:
    place = {"location": {"reference": "Location/1", "display": "Ward A"}}
    visit = {"resourceType": "Encounter", "serviceProvider": {"reference": "Organization/1"}}
    assert (card_of(visit).about, card_of({**visit, "location": [place]}).about) == ("", "Ward A")


def test_what_laboratories_call_each_their_way_is_one_measure() -> None:
    loud = {"text": "HEMOGLOBIN [G/DL] IN BLOOD", "coding": [{"system": LOINC, "code": "718-7"}]}
    own = {"text": "Hgb", "coding": [{"system": "urn:own", "code": "1"}, {"system": LOINC, "code": "718-7"}]}
    assert {measure_name(each) for each in (loud, own)} == {"Hemoglobin"}
    assert measure_name({"text": "Walk", "coding": [{"system": LOINC, "code": "64098-7"}]}) == "Walk"
    series = series_of(
        {
            "resourceType": "Observation",
            "id": str(n),
            "code": code,
            "effectiveDateTime": f"2015-01-0{n}",
            "valueQuantity": {"value": n, "unit": "g/dL"},
        }
        for n, code in enumerate((loud, own), 1)
    )
    assert [(each.label, len(each.points)) for each in series] == [("Hemoglobin", 2)]


@pytest.mark.parametrize(
    ("system", "said"),
    [
        ("http://hl7.org/fhir/sid/icd-10-cm", "J45.9 (ICD-10-CM)"),
        ("urn:oid:2.16.840.1.113883.6.90", "J45.9 (ICD-10-CM)"),
        ("2.16.840.1.113883.6.90", "J45.9 (ICD-10-CM)"),
        ("urn:private", ""),
        (None, ""),
    ],
)
def test_a_code_is_told_with_the_name_of_its_system(system: Any, said: str) -> None:
    assert coding_name({"system": system, "code": "J45.9"}) == said
