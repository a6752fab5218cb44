"""Resources of two sources, as small as they can be, for the cases that are compared."""

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


def typed(type: str, /, **members: Any) -> dict[str, Any]:
    return {"resourceType": type} | members


def dose(at: str, **more: Any) -> dict[str, Any]:
    return typed("MedicationAdministration", effectiveTimeDateTime=at, **ASPIRIN, **more)


PULSE, CBC = coded(LOINC, "8867-4"), coded(LOINC, "58410-2")
SUMMARY = coded(LOINC, "34133-9", "Summarization of Episode Note")
PHONE = [{"system": "phone", "value": "555-123-4567"}]
RX = {"system": "urn:pharmacy", "value": "7"}
ASPIRIN: dict[str, Any] = {"medicationCodeableConcept": {"text": "Aspirin 81 mg"}}
LISINOPRIL: dict[str, Any] = {"medicationCodeableConcept": {"text": "lisinopril"}, "dateWritten": "2015-02-07"}
LISINOPRIL_10: dict[str, Any] = LISINOPRIL | {"medicationCodeableConcept": {"text": "Lisinopril 10 mg tablet"}}
MEMBER: dict[str, Any] = {"identifier": [{"system": "urn:insurance", "value": "W1"}]}
HYPERTENSION = coded(SNOMED, "38341003", "Hypertensive disorder")
FLU = coded("http://hl7.org/fhir/sid/cvx", "140", "Influenza, seasonal, injectable, preservative free")
