"""The kinds of entries that people know: a dozen, over all 94 types.

A type belongs to one kind, but for observations: those of the category laboratory are lab results, others measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LABORATORY = ("http://hl7.org/fhir/observation-category", "laboratory")
"""The category that tells a lab result from another measurement: http://hl7.org/fhir/DSTU2/valueset-observation-category.html."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`key` is its word in addresses; `types` are those that belong to it."""

    key: str
    name: str
    types: tuple[str, ...]


MEASUREMENTS = Kind("measurements", "Measurements", ("Observation",))
LABS = Kind("labs", "Lab results", ("Observation", "DiagnosticReport", "DiagnosticOrder", "Specimen"))
OTHER = Kind("other", "Other", ())

KINDS = (
    MEASUREMENTS,
    LABS,
    Kind("problems", "Problems", ("Condition", "ClinicalImpression", "DetectedIssue", "RiskAssessment", "Flag")),
    Kind(
        "medications",
        "Medications",
        ("MedicationOrder", "MedicationStatement", "MedicationDispense", "MedicationAdministration", "Medication"),
    ),
    Kind("allergies", "Allergies", ("AllergyIntolerance",)),
    Kind("immunizations", "Immunizations", ("Immunization", "ImmunizationRecommendation")),
    Kind(
        "procedures",
        "Procedures",
        ("Procedure", "ProcedureRequest", "ImagingStudy", "ImagingObjectSelection", "DeviceUseRequest",
         "DeviceUseStatement", "Device"),
    ),
    Kind(
        "visits",
        "Visits",
        ("Encounter", "EpisodeOfCare", "Appointment", "AppointmentResponse", "ReferralRequest", "Schedule", "Slot"),
    ),
    Kind(
        "documents",
        "Documents",
        ("DocumentReference", "Binary", "Composition", "DocumentManifest", "Media", "Bundle", "QuestionnaireResponse",
         "Communication", "CommunicationRequest"),
    ),
    Kind("plans", "Care plans", ("CarePlan", "Goal", "NutritionOrder", "VisionPrescription")),
    Kind(
        "people",
        "People and places",
        ("Patient", "Person", "RelatedPerson", "Practitioner", "Organization", "Location", "HealthcareService",
         "FamilyMemberHistory", "Group"),
    ),
    OTHER,
)  # fmt: skip
"""In the order in which they are offered."""

_BY_KEY = {kind.key: kind for kind in KINDS}
_BY_TYPE = {type: kind for kind in reversed(KINDS) for type in kind.types}


def kind_named(key: str) -> Kind | None:
    return _BY_KEY.get(key)


def kind_of(document: Mapping[str, Any]) -> Kind:
    type = document.get("resourceType")
    if type == "Observation":
        return LABS if _is_laboratory(document.get("category")) else MEASUREMENTS
    return _BY_TYPE.get(str(type), OTHER)


def types_of_no_kind(all_types: tuple[str, ...]) -> tuple[str, ...]:
    """The types that are neither of these, and so are `OTHER`."""
    return tuple(type for type in all_types if type not in _BY_TYPE)


def _is_laboratory(category: Any) -> bool:
    codings = category.get("coding") if isinstance(category, dict) else None
    return isinstance(codings, list) and any(
        isinstance(each, dict) and (each.get("system"), each.get("code")) == LABORATORY for each in codings
    )
