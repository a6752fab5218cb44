"""Pairs of resources of two sources that state the same, and words of the reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.unified.resources import (
    CBC,
    FLU,
    HYPERTENSION,
    ICD10,
    LISINOPRIL,
    LISINOPRIL_10,
    LOINC,
    MEMBER,
    PULSE,
    RXNORM,
    SNOMED,
    coded,
    condition,
    order,
    patient,
    pressure,
    pulse,
    quantity,
    typed,
)

SAME: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a patient by name, birth date and gender": (
        patient("Peter James"),
        patient("PETER J", gender="male"),
        "same name and birth date, same gender",
    ),
    "a patient by a number, with a birth date mistyped": (
        patient("Peter", **MEMBER),
        patient("Peter", "1960-05-15", **MEMBER),
        "same identifier W1 of urn:insurance",
    ),
    "a patient by an initial and the middle name": (patient("P James"), patient("Peter James"), "same name"),
    "an observation": (pulse("2015-02-07T13:28:17Z"), pulse("2015-02-07T13:28:17Z"), "same code and value"),
    "an observation in another zone": (
        pulse("2015-02-07T13:28:17-05:00"),
        pulse("2015-02-07T18:28:17Z"),
        "at the same time",
    ),
    "an observation whose zone was lost": (
        pulse("2015-02-07T13:28:17-05:00"),
        pulse("2015-02-07T13:28:17Z"),
        "at the same local time",
    ),
    "an observation known by the day": (pulse("2015-02-07"), pulse("2015-02-07T23:28:17-05:00"), "on the same day"),
    "an observation that was amended": (pulse("2015-02-07"), pulse("2015-02-07", status="amended"), "same code"),
    "a temperature in other units": (
        pulse("2015-02-07T13:28Z", code=coded(LOINC, "8310-5"), valueQuantity=quantity(98.6, "degF", "[degF]")),
        pulse("2015-02-07T13:28Z", code=coded(SNOMED, "386725007"), valueQuantity=quantity(37, "C")),
        "same code and value",
    ),
    "a weight in other units, without a code for them": (
        pulse("2015-02-07", code={"text": "Body weight"}, valueQuantity=quantity(176.4, "lbs")),
        pulse("2015-02-07", code=coded(LOINC, "29463-7"), valueQuantity=quantity(80.0, "kg")),
        "same code and value",
    ),
    "a finding in words and by code": (
        pulse("2015-02-07", 1, valueQuantity=None, valueString="Former smoker"),
        pulse("2015-02-07", 1, valueQuantity=None, valueCodeableConcept=coded(SNOMED, "8517006")),
        "same code and value",
    ),
    "a panel": (pressure("2015-02-07", 120, 80), pressure("2015-02-07", 120, 80), "same code and value"),
    "a problem by two systems": (
        condition(HYPERTENSION, onsetDateTime="2012-03-04"),
        condition(coded(ICD10, "I10", "Essential (primary) hypertension"), onsetDateTime="2012"),
        "same condition",
    ),
    "a problem by its words": (
        condition({"text": "Chronic sinusitis"}, onsetDateTime="2012-03-04"),
        condition(coded(SNOMED, "40055000", "Chronic sinusitis (disorder)"), onsetDateTime="2012-03-04"),
        "begun on the same day",
    ),
    "an order by another spelling": (
        order("Lisinopril 10 MG Oral Tablet", "2015-02-07"),
        order("LISINOPRIL 10MG TABS", "2015-02-07"),
        "same medication, on the same day",
    ),
    "an order by brand": (order("Zestril 10 mg", "2015-02-07"), order("lisinopril 10 mg tablet", "2015-02-07"), "same"),
    "a statement whose date one lacks": (
        typed("MedicationStatement", medicationCodeableConcept={"text": "Metformin 500 mg"}),
        typed("MedicationStatement", medicationCodeableConcept={"text": "metformin 500 MG"}, effectiveDateTime="2014"),
        "same medication",
    ),
    "an allergy, whenever it was noted": (
        typed("AllergyIntolerance", substance={"text": "PENICILLINS"}, recordedDate="2010-01-01"),
        typed("AllergyIntolerance", substance=coded(RXNORM, "70618", "Penicillin"), recordedDate="2014-01-01"),
        "allergic to the same",
    ),
    "a vaccination under another code of its family": (
        typed("Immunization", vaccineCode=FLU, date="2014-10-01"),
        typed("Immunization", vaccineCode={"text": "Influenza vaccine"}, date="2014-10-01T21:00:00Z"),
        "same vaccine, on the same day",
    ),
    "a procedure": (
        typed("Procedure", code=coded(SNOMED, "80146002", "Appendectomy"), performedDateTime="1999-04-05"),
        typed("Procedure", code={"text": "APPENDECTOMY"}, performedDateTime="1999-04"),
        "same procedure",
    ),
    "a visit": (
        typed("Encounter", **{"class": "ambulatory"}, period={"start": "2015-02-07T09:00:00Z"}),
        typed("Encounter", **{"class": "outpatient"}, period={"start": "2015-02-07T09:00:00Z"}),
        "a visit at the same time",
    ),
    "a document by its content": (
        typed("DocumentReference", content=[{"attachment": {"hash": "2jmj7l5rSw0yVb/vlWAYkK/YBwk="}}]),
        typed("DocumentReference", content=[{"attachment": {"hash": "2jmj7l5rSw0yVb/vlWAYkK/YBwk="}}]),
        "same content",
    ),
    "a doctor by number": (
        typed("Practitioner", name={"text": "Dr. Adam Careful"}, identifier=[{"system": "urn:npi", "value": "12"}]),
        typed("Practitioner", name={"family": ["Careful"]}, identifier=[{"system": "urn:npi", "value": "12"}]),
        "",
    ),
    "a doctor by name": (
        typed("Practitioner", name={"text": "Adam Careful, MD"}),
        typed("Practitioner", name={"family": ["Careful"], "given": ["Adam"]}),
        "same name",
    ),
    "a house": (
        typed("Organization", name="St. Mary Hospital"),
        typed("Organization", name="SAINT MARY HOSPITAL"),
        "same name",
    ),
    "a relative": (
        typed("FamilyMemberHistory", relationship={"text": "mother"}, condition=[{"code": HYPERTENSION}]),
        typed("FamilyMemberHistory", relationship={"text": "Mother"}, condition=[{"code": HYPERTENSION}]),
        "same relative",
    ),
    "a plan": (
        typed("CarePlan", category=[{"text": "Diabetes self management plan"}], period={"start": "2014-01-05"}),
        typed("CarePlan", category=[{"text": "Diabetes self-management plan"}], period={"start": "2014-01-05"}),
        "same plan",
    ),
    "a report": (
        typed("DiagnosticReport", code=coded(LOINC, "58410-2"), effectiveDateTime="2015-02-07T09:00:00Z"),
        typed("DiagnosticReport", code={"text": "CBC"}, effectiveDateTime="2015-02-07T09:00:00Z"),
        "same code",
    ),
    "a patient by what they are called": (patient("William"), patient("BILL"), "the names agree"),
    "a patient by an initial of what they are named": (patient("W"), patient("Bill"), "the names agree"),
    "a patient by another family name, all else and the telephone being the same": (
        patient("Anna Marie", telecom=[{"system": "phone", "value": "+1 (555) 123-4567"}]),
        patient("Anna", name=[{"text": "Anna Solo"}], telecom=[{"system": "phone", "value": "555-123-4567"}]),
        "by another family name",
    ),
    "a glucose by mass and by moles": (
        pulse("2015-02-07T13:28Z", code=coded(LOINC, "2345-7"), valueQuantity=quantity(98, "mg/dL", "mg/dL")),
        pulse("2015-02-07T13:28Z", code=coded(LOINC, "14749-6"), valueQuantity=quantity(Decimal("5.4"), "mmol/L")),
        "same code and value, at the same time",
    ),
    "an observation of midnight, which is a day": (
        pulse("2015-02-07T00:00:00Z"),
        pulse("2015-02-07T13:28:17-05:00"),
        "on the same day",
    ),
    "an observation by a code of its own beside the one that all have": (
        pulse("2015-02-07", code={"coding": [{"system": "urn:oid:1.2.3", "code": "8"}, *PULSE["coding"]]}),
        pulse("2015-02-07", code={"coding": [{"system": "urn:oid:1.2.4", "code": "5"}, *PULSE["coding"]]}),
        "same code and value",
    ),
    "a problem of one knee, of which one does not say which": (
        condition(coded(ICD10, "M25.561", "Pain in right knee"), onsetDateTime="2012-03-04"),
        condition({"text": "Knee pain"}, onsetDateTime="2012-03-04T00:00:00-05:00"),
        "of which one tells the side, begun on the same day",
    ),
    "a diagnosis of a visit, made while the problem lasted": (
        condition({"text": "Acute bronchitis"}, dateRecorded="2012-03-06"),
        condition({"text": "Acute bronchitis"}, onsetDateTime="2012-03-04", abatementDateTime="2012-03-15"),
        "recorded in one while it lasted in the other",
    ),
    "an order whose strength stands in the dose": (
        order("lisinopril (Zestril)", "2015-02-07", **quantity(Decimal("10.0"), "mg", "mg")),
        order("LISINOPRIL 10MG TABS", "2015-02-07", **quantity(1, "tablet", "{tbl}")),
        "same medication, on the same day",
    ),
    "an order whose dose stands in words": (
        typed("MedicationOrder", dosageInstruction=[{"text": "20 mg, 1 tabs, Oral, Daily"}], **LISINOPRIL),
        typed("MedicationOrder", dosageInstruction=[{"text": "Take 2 tablets by mouth daily"}], **LISINOPRIL_10),
        "same medication, on the same day",
    ),
    "a chest radiograph": (
        typed("DiagnosticReport", code={"text": "XR CHEST PORTABLE"}, effectiveDateTime="2015-02-07T09:00:00Z"),
        typed("DiagnosticReport", code={"text": "Chest X-ray"}, effectiveDateTime="2015-02-07T09:00:00Z"),
        "same code",
    ),
    "a report known by the day, issued when the other was made": (
        typed("DiagnosticReport", code=CBC, effectiveDateTime="2015-02-07", issued="2015-02-07T09:40:00Z"),
        typed("DiagnosticReport", code=CBC, effectiveDateTime="2015-02-07T09:00:00Z"),
        "on the same day, issued within the hour",
    ),
    "a summary that was written once, by its day": (
        typed("DocumentReference", type={"text": "Discharge Summary"}, created="2015-02-07"),
        typed("DocumentReference", type=coded(LOINC, "18842-5"), created="2015-02-07T16:20:00Z"),
        "same type, on the same day",
    ),
    "a document by a number that is unique in the world": (
        typed("DocumentReference", masterIdentifier={"value": "1.2.840.114350.1.13.0.1.7.8.688883.11147"}),
        typed("DocumentReference", masterIdentifier={"value": "urn:oid:1.2.840.114350.1.13.0.1.7.8.688883.11147"}),
        "same identifier",
    ),
    "a vaccination by its brand": (
        typed("Immunization", vaccineCode=coded("http://hl7.org/fhir/sid/cvx", "115", "Tdap"), date="2014-10-01"),
        typed("Immunization", vaccineCode={"text": "Boostrix"}, date="2014-10-01T00:00:00Z"),
        "same vaccine, on the same day",
    ),
    "anything else by its content": (
        typed(
            "Goal", description="Walk", status="in-progress", startDate="2015-01-01", addresses=[{"reference": "C/1"}]
        ),
        typed(
            "Goal", description="Walk", status="in-progress", startDate="2015-01-01", addresses=[{"reference": "C/2"}]
        ),
        "same content",
    ),
}
