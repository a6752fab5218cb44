"""Pairs of resources of two sources that are as near as can be, and do not state the same."""

from __future__ import annotations

from typing import Any

from tests.unified.resources import (
    ASPIRIN,
    CBC,
    FLU,
    HYPERTENSION,
    ICD10,
    LISINOPRIL,
    LISINOPRIL_10,
    LOINC,
    MEMBER,
    PHONE,
    RX,
    SNOMED,
    SUMMARY,
    coded,
    condition,
    dose,
    order,
    patient,
    pressure,
    pulse,
    quantity,
    typed,
)

OTHER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "sisters called alike": (patient("Katherine"), patient("Christina")),
    "namesakes of one birth date who share nothing else": (
        patient("Anna"),
        patient("Anna", name=[{"text": "Anna Solo"}]),
    ),
    "twins of whom one has married": (
        patient("Anna", telecom=PHONE),
        patient("Paula", name=[{"text": "Paula Solo"}], telecom=PHONE),
    ),
    "the same number by mass and by moles": (
        pulse("2015-02-07T13:28Z", code=coded(LOINC, "2345-7"), valueQuantity=quantity(98, "mg/dL", "mg/dL")),
        pulse("2015-02-07T13:28Z", code=coded(LOINC, "14749-6"), valueQuantity=quantity(98, "mmol/L", "mmol/L")),
    ),
    "whether somebody smokes, and how much": (
        pulse("2015-02-07", code=coded(LOINC, "72166-2"), valueQuantity=None, valueString="Current every day smoker"),
        pulse("2015-02-07", code=coded(SNOMED, "229819007"), valueQuantity=quantity(1, "{pack}/d")),
    ),
    "the pain of either knee": (
        condition({"text": "Pain in right knee"}, onsetDateTime="2012-03-04"),
        condition({"text": "Left knee pain"}, onsetDateTime="2012-03-04"),
    ),
    "pain of one knee that began on nobody knows which day": (
        condition({"text": "Pain in right knee"}),
        condition({"text": "Knee pain"}),
    ),
    "a diagnosis made after the illness was over": (
        condition({"text": "Acute bronchitis"}, dateRecorded="2012-05-06"),
        condition({"text": "Acute bronchitis"}, onsetDateTime="2012-03-04", abatementDateTime="2012-03-15"),
    ),
    "a dose that stands in words, and another": (
        typed("MedicationOrder", dosageInstruction=[{"text": "10 mg, 1 tabs, Oral"}], **LISINOPRIL),
        typed("MedicationOrder", dosageInstruction=[{"text": "Take 2 tablets by mouth daily"}], **LISINOPRIL_10),
    ),
    "orders of which one has no date": (
        typed("MedicationOrder", medicationCodeableConcept={"text": "Metformin 500 mg"}),
        order("Metformin 500 mg", "2015-02-07"),
    ),
    "a panel and one of its parts": (
        pressure("2015-02-07T13:28Z", 120, 80),
        pulse("2015-02-07T13:28Z", code=coded(LOINC, "8480-6"), valueQuantity=quantity(120, "mmHg")),
    ),
    "doses of a day": (dose("2015-02-07"), dose("2015-02-07T16:00:00Z")),
    "doses of midnight, which may be the day": (dose("2015-02-07T00:00:00Z"), dose("2015-02-07T00:00:00Z")),
    "doses under the number of their order": (
        dose("2015-02-07T08:00:00Z", identifier=[{"system": "urn:order", "value": "7"}]),
        dose("2015-02-07T16:00:00Z", identifier=[{"system": "urn:order", "value": "7"}]),
    ),
    "refills under the number of their prescription": (
        typed("MedicationDispense", whenHandedOver="2015-02-07", identifier=RX, **ASPIRIN),
        typed("MedicationDispense", whenHandedOver="2015-03-09", identifier=RX, **ASPIRIN),
    ),
    "blood counts under the number of their order": (
        typed("DiagnosticReport", code=CBC, effectiveDateTime="2015-02-07T09:00:00Z", identifier=[RX]),
        typed("DiagnosticReport", code=CBC, effectiveDateTime="2015-02-07T15:00:00Z", identifier=[RX]),
    ),
    "notes of a day": (
        typed("DocumentReference", type={"text": "Progress Notes"}, created="2015-02-07"),
        typed("DocumentReference", type=coded(LOINC, "11506-3"), created="2015-02-07T16:20:00Z"),
    ),
    "what two systems wrote of all that they hold, on one day": (
        typed("DocumentReference", type=SUMMARY, created="2016-10-18T00:00:00Z"),
        typed("DocumentReference", type=SUMMARY, created="2016-10-18T00:00:00Z"),
    ),
    "plans that say no more than that they are plans": (
        typed("CarePlan", category=[coded("http://argonaut.hl7.org", "assess-plan")], period={"start": "2015-02-07"}),
        typed("CarePlan", category=[coded("http://argonaut.hl7.org", "assess-plan")], period={"start": "2015-02-07"}),
    ),
    "plans of which one has no date": (
        typed("CarePlan", category=[{"text": "Diabetes self management plan"}]),
        typed("CarePlan", category=[{"text": "Diabetes self management plan"}], period={"start": "2015-02-07"}),
    ),
    "no known allergies, and none to drugs": (
        typed("AllergyIntolerance", substance=coded(SNOMED, "716186003", "No known allergies")),
        typed("AllergyIntolerance", substance={"text": "NKDA"}),
    ),
    "two vaccines against shingles": (
        typed("Immunization", vaccineCode={"text": "Zostavax"}, date="2014-10-01"),
        typed("Immunization", vaccineCode={"text": "Shingrix"}, date="2014-10-01"),
    ),
    "a number that two systems gave": (
        typed("Procedure", code={"text": "Biopsy"}, identifier=[{"system": "urn:a", "value": "1001"}]),
        typed("Procedure", code={"text": "Colonoscopy"}, identifier=[{"system": "urn:b", "value": "1001"}]),
    ),
    "twins": (patient("Peter", **MEMBER), patient("Paul", **MEMBER)),
    "twins by initials that differ in the middle": (patient("P James"), patient("Peter Robert")),
    "father and son of one name": (patient("Peter", **MEMBER), patient("Peter", "1988-05-14", **MEMBER)),
    "brother and sister": (patient("Kim"), patient("Kim", gender="female")),
    "namesakes of whom one has no birth date": (patient("Peter"), patient("Peter", "")),
    "two of a generation": (patient("Peter"), patient("Peter", name=[{"text": "Peter Solo"}])),
    "measured again minutes later": (pulse("2015-02-07T13:28:17Z"), pulse("2015-02-07T13:33:17Z")),
    "another value at the same time": (pulse("2015-02-07T13:28:17Z"), pulse("2015-02-07T13:28:17Z", 73)),
    "the same number in another unit": (
        pulse("2015-02-07", valueQuantity=quantity(5.4, "mmol/L", "mmol/L")),
        pulse("2015-02-07", valueQuantity=quantity(5.4, "mg/dL", "mg/dL")),
    ),
    "more than a number": (
        pulse("2015-02-07"),
        pulse("2015-02-07", valueQuantity=quantity(72, "/min", "/min") | {"comparator": ">"}),
    ),
    "the other arm": (
        pulse("2015-02-07", bodySite=coded(SNOMED, "368208006")),
        pulse("2015-02-07", bodySite=coded(SNOMED, "368209003")),
    ),
    "a measurement without a date": (pulse("2015-02-07"), pulse(None)),
    "one entered in error": (pulse("2015-02-07"), pulse("2015-02-07", status="entered-in-error")),
    "two pressures of a day": (pressure("2015-02-07", 120, 80), pressure("2015-02-07", 120, 82)),
    "two kinds of diabetes": (
        condition(coded(SNOMED, "44054006"), onsetDateTime="2012-03-04"),
        condition(coded(ICD10, "E10.9", "Type 1 diabetes mellitus"), onsetDateTime="2012-03-04"),
    ),
    "an illness that came again": (
        condition({"text": "Acute bronchitis"}, onsetDateTime="2012-03-04"),
        condition({"text": "Acute bronchitis"}, onsetDateTime="2014-01-09"),
    ),
    "with and without aura": (
        condition({"text": "Migraine with aura"}, onsetDateTime="2012"),
        condition({"text": "Migraine without aura"}, onsetDateTime="2012"),
    ),
    "confirmed and refuted": (
        condition(HYPERTENSION, onsetDateTime="2012"),
        condition(HYPERTENSION, onsetDateTime="2012", verificationStatus="refuted"),
    ),
    "another strength": (order("Lisinopril 10 mg", "2015-02-07"), order("Lisinopril 20 mg", "2015-02-07")),
    "another dose": (
        order("Lisinopril", "2015-02-07", **quantity(10, "mg", "mg")),
        order("Lisinopril", "2015-02-07", **quantity(20, "mg", "mg")),
    ),
    "a refill": (order("Lisinopril 10 mg", "2015-02-07"), order("Lisinopril 10 mg", "2015-03-09")),
    "a cream and a tablet": (order("Diclofenac 1 % gel", "2015-02-07"), order("Diclofenac tablet", "2015-02-07")),
    "slow and fast": (order("Metoprolol 50 mg ER", "2015-02-07"), order("Metoprolol 50 mg tablet", "2015-02-07")),
    "two nuts": (
        typed("AllergyIntolerance", substance={"text": "Peanut"}),
        typed("AllergyIntolerance", substance={"text": "Tree nuts"}),
    ),
    "the next dose": (
        typed("Immunization", vaccineCode=FLU, date="2014-10-01"),
        typed("Immunization", vaccineCode=FLU, date="2014-10-29"),
    ),
    "given and refused": (
        typed("Immunization", vaccineCode=FLU, date="2014-10-01", wasNotGiven=True),
        typed("Immunization", vaccineCode=FLU, date="2014-10-01", wasNotGiven=False),
    ),
    "hepatitis A and B": (
        typed("Immunization", vaccineCode={"text": "Hepatitis A vaccine"}, date="2014-10-01"),
        typed("Immunization", vaccineCode={"text": "Hepatitis B vaccine"}, date="2014-10-01"),
    ),
    "the other knee": (
        typed(
            "Procedure", code={"text": "Arthroscopy"}, performedDateTime="1999-04-05", bodySite=[{"text": "left knee"}]
        )
        | {"bodySite": [coded(SNOMED, "82169009")]},
        typed("Procedure", code={"text": "Arthroscopy"}, performedDateTime="1999-04-05")
        | {"bodySite": [coded(SNOMED, "6757004")]},
    ),
    "clinic and emergency on a day": (
        typed("Encounter", **{"class": "outpatient"}, period={"start": "2015-02-07"}),
        typed("Encounter", **{"class": "emergency"}, period={"start": "2015-02-07"}),
    ),
    "two results of one order": (
        pulse("2015-02-07", code=coded(LOINC, "2951-2"), identifier=[{"system": "urn:order", "value": "A1"}]),
        pulse("2015-02-07", code=coded(LOINC, "2823-3"), identifier=[{"system": "urn:order", "value": "A1"}]),
    ),
    "doctors of one name with two numbers": (
        typed(
            "Practitioner",
            name={"text": "A B"},
            identifier=[{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1"}],
        ),
        typed(
            "Practitioner",
            name={"text": "A B"},
            identifier=[{"system": "http://hl7.org/fhir/sid/us-npi", "value": "2"}],
        ),
    ),
    "a house within a house": (
        typed("Organization", name="General Hospital"),
        typed("Organization", name="General Hospital Radiology"),
    ),
    "two brothers": (
        typed("FamilyMemberHistory", relationship={"text": "brother"}, name="Otto", condition=[{"code": HYPERTENSION}]),
        typed("FamilyMemberHistory", relationship={"text": "brother"}, name="Karl", condition=[{"code": HYPERTENSION}]),
    ),
    "what says next to nothing": (typed("Goal", description="Walk"), typed("Goal", description="Walk")),
    "placeholders for numbers": (
        typed("Location", name="A", identifier=[{"system": "urn:a", "value": "unknown"}]),
        typed("Location", name="B", identifier=[{"system": "urn:a", "value": "unknown"}]),
    ),
}
