"""Plain names of types and elements; what has none of its own is called by its FHIR name, spelt out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_TYPES: Mapping[str, str] = {
    "AllergyIntolerance": "Allergy",
    "AuditEvent": "Access record",
    "Basic": "Note",
    "BodySite": "Body site",
    "Binary": "Document",
    "ClinicalImpression": "Assessment",
    "Communication": "Message",
    "CommunicationRequest": "Request for a message",
    "Composition": "Document",
    "Condition": "Problem",
    "Coverage": "Insurance",
    "DetectedIssue": "Warning",
    "DeviceUseRequest": "Request for a device",
    "DeviceUseStatement": "Use of a device",
    "DiagnosticOrder": "Order for a test",
    "DiagnosticReport": "Report",
    "DocumentManifest": "Set of documents",
    "DocumentReference": "Document",
    "Encounter": "Visit",
    "EpisodeOfCare": "Course of care",
    "ExplanationOfBenefit": "Benefits statement",
    "FamilyMemberHistory": "Family history",
    "ImagingObjectSelection": "Selection of images",
    "ImagingStudy": "Imaging",
    "ImmunizationRecommendation": "Recommended immunization",
    "Media": "Picture or recording",
    "MedicationAdministration": "Medication given",
    "MedicationDispense": "Medication handed out",
    "MedicationOrder": "Prescription",
    "MedicationStatement": "Medication taken",
    "NutritionOrder": "Diet",
    "Observation": "Measurement",
    "OperationOutcome": "Outcome of an operation",
    "ProcedureRequest": "Request for a procedure",
    "Provenance": "Origin of data",
    "QuestionnaireResponse": "Answers to a questionnaire",
    "ReferralRequest": "Referral",
    "RelatedPerson": "Relative or carer",
    "RiskAssessment": "Risk",
    "VisionPrescription": "Prescription for glasses",
}

_ELEMENTS: Mapping[str, str] = {
    "abatement": "Ended",
    "asserter": "Stated by",
    "birthDate": "Born",
    "careProvider": "Cared for by",
    "clinicalStatus": "State",
    "code": "What",
    "comments": "Comment",
    "contained": "Included",
    "criticality": "How serious",
    "daysSupply": "Lasts for",
    "dateAsserted": "Stated on",
    "dateRecorded": "Recorded on",
    "dateWritten": "Written on",
    "deceased": "Died",
    "dosageInstruction": "How to take it",
    "effective": "When",
    "effectiveTime": "When",
    "encounter": "During visit",
    "expirationDate": "Use by",
    "extension": "Also stated",
    "identifier": "Number",
    "interpretation": "Meaning",
    "issued": "Published on",
    "lastOccurence": "Last reaction",
    "manifestation": "Symptom",
    "medication": "Medication",
    "modifierExtension": "Changes the meaning",
    "multipleBirth": "Twin or more",
    "onset": "Began",
    "patient": "Person",
    "performed": "When",
    "performer": "Done by",
    "period": "When",
    "prescriber": "Prescribed by",
    "recordedDate": "Recorded on",
    "recorder": "Recorded by",
    "referenceRange": "Usual range",
    "serviceProvider": "At",
    "subject": "Person",
    "telecom": "Phone and e-mail",
    "vaccineCode": "Vaccine",
    "value": "Result",
    "verificationStatus": "Certainty",
    "wasNotGiven": "Was not given",
    "wasNotTaken": "Is not taken",
}

_PATHS: Mapping[str, str] = {
    "Composition.class": "Kind",
    "DocumentReference.class": "Kind",
    "Encounter.class": "Kind of visit",
    "Goal.start": "Began",
    "Observation.component.code": "What",
    "Patient.contact": "In an emergency",
    "Patient.link": "The same person as",
}

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


def type_words(type: str) -> str:
    return _TYPES.get(type) or spelt_out(type)


def label(path: str) -> str:
    """The name of an element by its path ("Observation.value[x]")."""
    plain = path.removesuffix("[x]")
    return _PATHS.get(plain) or _ELEMENTS.get(plain.rpartition(".")[2]) or spelt_out(plain.rpartition(".")[2])


@lru_cache(maxsize=8192)  # names of extensions are anybody's, so there may be any number
def spelt_out(name: str) -> str:
    """A name in camel case, in words: "lotNumber" becomes "Lot number"."""
    words = _WORD.findall(name)
    joined = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return joined[:1].upper() + joined[1:]
