"""A scope in words for people who have never heard of scopes: what an application asks for, sentence by sentence."""

from __future__ import annotations

import re

from fhirstore.auth.scopes import LAUNCH, LAUNCH_PATIENT, OFFLINE, OPENID, opens
from fhirstore.auth.tokens import ACCESS_SECONDS, REFRESH_SECONDS

_READ, _WRITE = "read", "add, change and delete"
_SIGNING = {
    OPENID: "Recognise you when you come back, by a number that stands for you here",
    "fhirUser": "Know which person of your record you are",
    "profile": "Know which person of your record you are",
    LAUNCH: "Know which person you had chosen in the application that opened it",
    LAUNCH_PATIENT: "Know which person of your record it is about",
    OFFLINE: "Keep its access while you are away, without asking you again",
}

_THINGS = {
    "AllergyIntolerance": "allergies and intolerances",
    "Appointment": "appointments",
    "AuditEvent": "the log of who looked at your record",
    "Binary": "attached files",
    "CarePlan": "care plans",
    "Claim": "insurance claims",
    "ClinicalImpression": "doctors' assessments",
    "Communication": "messages about care",
    "Composition": "clinical documents",
    "Condition": "health problems and diagnoses",
    "Coverage": "insurance coverage",
    "Device": "medical devices",
    "DiagnosticOrder": "orders for tests",
    "DiagnosticReport": "reports of tests and examinations",
    "DocumentReference": "documents",
    "Encounter": "visits to doctors and hospitals",
    "ExplanationOfBenefit": "what insurance has paid",
    "FamilyMemberHistory": "illnesses in the family",
    "Goal": "health goals",
    "ImagingStudy": "X-rays and other images",
    "Immunization": "vaccinations",
    "Location": "places of care",
    "Media": "photographs, films and recordings",
    "Medication": "medicines",
    "MedicationAdministration": "medicines that were given",
    "MedicationDispense": "medicines that a pharmacy handed out",
    "MedicationOrder": "prescriptions",
    "MedicationStatement": "medicines that are taken",
    "NutritionOrder": "diets that were ordered",
    "Observation": "measurements and laboratory results",
    "Organization": "hospitals, practices and insurers",
    "Patient": "name, birth date, address and other particulars",
    "Practitioner": "doctors and others who give care",
    "Procedure": "operations and other procedures",
    "Provenance": "where entries came from",
    "QuestionnaireResponse": "answers to questionnaires",
    "RelatedPerson": "relatives and others close by",
    "RiskAssessment": "assessments of risks",
    "Specimen": "samples that were taken",
    "VisionPrescription": "prescriptions for glasses and lenses",
}

_WORD_START = re.compile(r"(?<=[a-z])(?=[A-Z])")


def sentence(word: str, whose: str = "the person you choose") -> str:
    """One word of a scope, known here, as a sentence; `whose` names the patient that `patient/…` is about."""
    if word in _SIGNING:
        return _SIGNING[word]
    opened = opens(word)
    (extent,) = opened.readable or opened.writable
    verbs = [verb for verb, open in ((_READ, opened.readable), (_WRITE, opened.writable)) if open]
    things = "everything" if extent.types is None else " and ".join(map(thing, sorted(extent.types)))
    record = "your record" if extent.patient is None else f"the record of {whose}"
    return f"{', '.join(verbs).capitalize()} {things} in {record}"


def thing(resource_type: str) -> str:
    """What resources of a type are to the person whose they are."""
    return _THINGS.get(resource_type) or f"entries of the kind “{_WORD_START.sub(' ', resource_type).lower()}”"


def lasting(scope: str) -> str:
    """For how long a grant of a scope is good."""
    if OFFLINE in scope.split():
        days = REFRESH_SECONDS // (24 * 3600)
        return f"Until you take it back, or the application has not asked for {days} days"
    return f"For {ACCESS_SECONDS // 3600} hours; then it has to send you here again"
