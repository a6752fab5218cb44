"""The kinds of facts: one for each type of resource that can be compared by what it says."""

from __future__ import annotations

from collections.abc import Mapping

from fhirstore.unified.agreement import Likeness
from fhirstore.unified.facts import Fact
from fhirstore.unified.kinds import care, medication, people, problems
from fhirstore.unified.kinds.kind import Kind
from fhirstore.unified.kinds.observation import OBSERVATION
from fhirstore.unified.kinds.other import OTHER

KINDS: Mapping[str, Kind] = {
    "AllergyIntolerance": problems.ALLERGY,
    "CarePlan": care.PLAN,
    "Condition": problems.CONDITION,
    "DiagnosticReport": care.REPORT,
    "DocumentReference": care.DOCUMENT,
    "Encounter": care.VISIT,
    "FamilyMemberHistory": problems.RELATIVE,
    "Immunization": care.IMMUNIZATION,
    "Medication": medication.MEDICATION,
    "MedicationAdministration": medication.ADMINISTRATION,
    "MedicationDispense": medication.DISPENSE,
    "MedicationOrder": medication.ORDER,
    "MedicationStatement": medication.STATEMENT,
    "Observation": OBSERVATION,
    "Organization": people.ORGANIZATION,
    "Patient": people.PATIENT,
    "Practitioner": people.PRACTITIONER,
    "Procedure": care.PROCEDURE,
}


def kind_of(type: str) -> Kind:
    return KINDS.get(type, OTHER)


def same(one: Fact, other: Fact) -> str | None:
    """The reason, in words, why two facts of different sources state the same; None where they do not.

    Their persons must be known. It is the same whichever comes first.
    """
    alike = one.kind == other.kind and one.person == other.person and one.source != other.source
    if not alike or one.stated.void or other.stated.void:
        return None
    found = kind_of(one.kind).compare(one, other)
    return found.words if found.likeness > Likeness.FAINT else None
