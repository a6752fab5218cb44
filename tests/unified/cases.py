"""Pairs of resources of two sources: those that state the same, and those that are as near as can be without it."""

from __future__ import annotations

from typing import Any

from fhirstore.dstu2.json_format import dump, parse
from fhirstore.unified.facts import Fact
from fhirstore.unified.stating import state

LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"


def fact(source: str, resource: dict[str, Any], id: str = "1") -> Fact:
    tag = {"system": "urn:fhirstore:source", "code": f"urn:{source}"}
    document = {"id": f"{source}{id}", "meta": {"tag": [tag]}, **resource}
    return state(parse(dump(document)))


def coded(system: str, code: str, display: str = "", text: str = "") -> dict[str, Any]:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def quantity(value: Any, unit: str, code: str = "") -> dict[str, Any]:
    return {"value": value, "unit": unit} | ({"system": UCUM, "code": code} if code else {})


def patient(given: str, born: str = "1960-05-14", **more: Any) -> dict[str, Any]:
    named = {"resourceType": "Patient", "name": [{"family": ["Chalmers"], "given": given.split()}]}
    return named | ({"birthDate": born} if born else {}) | {"gender": "male"} | more


def pulse(at: str | None, value: Any = 72, **more: Any) -> dict[str, Any]:
    told = {"resourceType": "Observation", "status": "final", "code": coded(LOINC, "8867-4", "Heart rate")}
    return told | {"valueQuantity": quantity(value, "/min", "/min")} | ({"effectiveDateTime": at} if at else {}) | more


def pressure(at: str, high: int, low: int) -> dict[str, Any]:
    parts = (("8480-6", high), ("8462-4", low))
    component = [{"code": coded(LOINC, code), "valueQuantity": quantity(value, "mmHg")} for code, value in parts]
    code = coded(LOINC, "55284-4", "Blood pressure")
    return {"resourceType": "Observation", "status": "final", "code": code, "component": component} | {
        "effectiveDateTime": at
    }


def condition(code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "code": code, "verificationStatus": "confirmed"} | more


def order(name: str, at: str, **dose: Any) -> dict[str, Any]:
    told = {"resourceType": "MedicationOrder", "medicationCodeableConcept": {"text": name}, "dateWritten": at}
    return told | ({"dosageInstruction": [{"doseQuantity": dose}]} if dose else {})


def typed(type: str, **members: Any) -> dict[str, Any]:
    return {"resourceType": type} | members


MEMBER: dict[str, Any] = {"identifier": [{"system": "urn:insurance", "value": "W1"}]}
HYPERTENSION = coded(SNOMED, "38341003", "Hypertensive disorder")
FLU = coded("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal, injectable, preservative free")

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

OTHER: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
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
