"""A resource as one entry of a timeline: what, when, how much, and in which state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fhirstore.dstu2.catalog import resource_types
from fhirstore.presentation.codes import concept_words
from fhirstore.presentation.kinds import Kind, kind_of
from fhirstore.presentation.labels import type_words
from fhirstore.presentation.moments import When, when_of
from fhirstore.presentation.values import (
    best_name,
    first_said,
    number_words,
    range_words,
    said,
    unit_words,
    words,
)
from fhirstore.search.paths import follow, locate

Tone = Literal["", "normal", "notable"]

_TITLES: Mapping[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("substance",),
    "Appointment": ("type", "reason", "description"),
    "AuditEvent": ("event.subtype", "event.type"),
    "Binary": ("contentType",),
    "CarePlan": ("category", "description", "activity.detail.code"),
    "Claim": ("item.service", "type"),
    "ClinicalImpression": ("description", "summary"),
    "Communication": ("category", "payload.content[x]", "reason"),
    "CommunicationRequest": ("category", "payload.content[x]", "reason"),
    "Composition": ("title", "type"),
    "Coverage": ("plan", "type", "issuer"),
    "DetectedIssue": ("category", "detail"),
    "Device": ("type", "model", "manufacturer"),
    "DeviceUseRequest": ("device", "indication"),
    "DeviceUseStatement": ("device", "indication"),
    "DiagnosticOrder": ("item.code",),
    "DocumentReference": ("description", "type", "content.attachment"),
    "Encounter": ("type", "reason", "class"),
    "FamilyMemberHistory": ("relationship", "name"),
    "Goal": ("description",),
    "Group": ("name", "code"),
    "HealthcareService": ("serviceName", "serviceType.type"),
    "ImagingStudy": ("description", "procedure", "modalityList"),
    "Immunization": ("vaccineCode",),
    "ImmunizationRecommendation": ("recommendation.vaccineCode",),
    "List": ("title", "code"),
    "Media": ("content", "subtype", "type"),
    "Medication": ("code",),
    "MedicationAdministration": ("medication[x]",),
    "MedicationDispense": ("medication[x]",),
    "MedicationOrder": ("medication[x]",),
    "MedicationStatement": ("medication[x]",),
    "NutritionOrder": ("oralDiet.type", "supplement.type", "enteralFormula.baseFormulaType"),
    "Order": ("reason[x]",),
    "ProcedureRequest": ("code",),
    "QuestionnaireResponse": ("questionnaire", "group.title"),
    "ReferralRequest": ("serviceRequested", "type", "specialty", "description"),
    "RiskAssessment": ("prediction.outcome", "condition", "method"),
    "Specimen": ("type",),
    "SupplyDelivery": ("suppliedItem", "type"),
    "SupplyRequest": ("orderedItem", "kind"),
}
_ANY_TITLE = ("code", "title", "name", "display", "type", "description", "category", "kind", "url")

_VALUES: Mapping[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("reaction.manifestation",),
    "ClinicalImpression": ("summary",),
    "Condition": ("severity",),
    "DiagnosticReport": ("conclusion", "codedDiagnosis"),
    "FamilyMemberHistory": ("condition.code",),
    "Goal": ("target[x]",),
    "Immunization": ("vaccinationProtocol.series",),
    "MedicationAdministration": ("dosage.quantity", "dosage.text"),
    "MedicationDispense": ("quantity", "dosageInstruction.text"),
    "Procedure": ("outcome",),
    "RiskAssessment": ("prediction.probability[x]",),
}

_DOSAGES: Mapping[str, str] = {"MedicationOrder": "dosageInstruction", "MedicationStatement": "dosage"}

_STATUSES = ("status", "clinicalStatus", "orderStatus", "participantStatus", "outcome")
_PLACES: Mapping[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("criticality",),
    "Appointment": ("participant.actor",),
    "CarePlan": ("addresses",),
    "DiagnosticReport": ("performer",),
    "DocumentReference": ("author", "custodian"),
    "Encounter": ("serviceProvider", "location.location", "participant.individual"),
    "Immunization": ("performer", "location"),
    "MedicationOrder": ("prescriber", "reason[x]"),
    "MedicationStatement": ("reasonForUse[x]", "informationSource"),
    "Procedure": ("performer.actor", "location", "bodySite"),
    "ReferralRequest": ("recipient", "requester"),
}
_MEDIA: Mapping[str, str] = {
    "application/pdf": "PDF document",
    "application/xml": "XML document",
    "application/json": "JSON document",
    "application/dicom": "Medical image",
    "text/html": "Web page",
    "text/plain": "Text",
    "image": "Picture",
    "audio": "Recording",
    "video": "Video",
    "text": "Text document",
}
_PRESSURE = ("8480-6", "8462-4")
"""LOINC's codes of systolic and diastolic blood pressure."""
_TYPES_IN_WORDS = frozenset(map(type_words, resource_types()))
_UNREMARKABLE = frozenset({"final", "completed", "finished", "active", "current"})
_NEGATIONS: Mapping[str, str] = {
    "wasNotGiven": "Not given",
    "wasNotTaken": "Not taken",
    "notPerformed": "Not done",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A value that belongs to an entry: a component of a measurement."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Card:
    """`value` is its result, `usual` the range it usually lies in, `meaning` what the lab says of it; `status` is
    empty where it is the expected one. `about` tells by whom, where or why."""

    type: str
    id: str
    type_words: str
    kind: Kind
    title: str
    when: When | None
    value: str = ""
    parts: Sequence[Part] = ()
    usual: str = ""
    meaning: str = ""
    tone: Tone = ""
    status: str = ""
    about: str = ""

    @property
    def address(self) -> str:
        return f"{self.type}/{self.id}"


def card_of(document: Mapping[str, Any]) -> Card:
    """Of any stored resource, whatever it lacks."""
    type = str(document.get("resourceType"))
    meaning, tone = _interpretation(document.get("interpretation"))
    kind = kind_of(document)
    return Card(
        type=type,
        id=str(document.get("id", "")),
        type_words="Lab result" if type == "Observation" and kind.key == "labs" else type_words(type),
        kind=kind,
        title=title_of(document),
        when=when_of(document),
        value=_value(type, document),
        parts=() if _pressure(document.get("component")) else _parts(document.get("component")),
        usual=usual_range(document),
        meaning=meaning,
        tone=tone,
        status=_status(document),
        about=_about(type, document),
    )


def title_of(document: Mapping[str, Any]) -> str:
    """What a person would call it; at least the name of its type."""
    type = str(document.get("resourceType"))
    if "name" in document and type in {"Patient", "Person", "Practitioner", "RelatedPerson"}:
        return best_name(document["name"]) or type_words(type)
    if type == "Binary":
        return media_words(document.get("contentType")) or type_words(type)
    for path in _TITLES.get(type, _ANY_TITLE):
        for location in locate(type, f"{type}.{path}"):
            systems = {leaf.type: leaf.systems for leaf in location.leaves}
            for value, type_ in follow(location, document):
                text = _contained_title(value, document) or words(value, type_, systems.get(type_, ()))
                if text:
                    return text
    return type_words(type)


def media_words(content_type: Any) -> str:
    """A media type in words: "PDF document" for application/pdf."""
    text = str(content_type or "").partition(";")[0].strip().lower()
    return _MEDIA.get(text) or _MEDIA.get(text.partition("/")[0]) or text


def result_of(node: Mapping[str, Any]) -> str:
    """The value of an Observation or of one of its components, or why there is none."""
    for name, type in _RESULTS.items():
        if node.get(name) is not None:
            return words(node[name], type)
    return concept_words(node.get("dataAbsentReason"))


def usual_range(node: Mapping[str, Any]) -> str:
    held = node.get("referenceRange")
    for each in held if isinstance(held, list) else ():
        text = range_words(each) or (str(each["text"]) if isinstance(each, dict) and each.get("text") else "")
        if text:
            return text
    return ""


_RESULTS = {
    f"value{type[0].upper()}{type[1:]}": type
    for type in ("Quantity", "CodeableConcept", "string", "Range", "Ratio", "SampledData", "Attachment", "time",
                 "dateTime", "Period")
}  # fmt: skip


def _about(type: str, document: Mapping[str, Any]) -> str:
    """Of a reference without a display the type alone would be told, which says nothing."""
    found = (text for path in _PLACES.get(type, ()) for text in said(document, path))
    return next((text for text in found if text not in _TYPES_IN_WORDS), "")


def _value(type: str, document: Mapping[str, Any]) -> str:
    if type == "Observation":
        return result_of(document) or _pressure(document.get("component"))
    if type in _DOSAGES:
        held = document.get(_DOSAGES[type])
        dosages = [each for each in held if isinstance(each, dict)] if isinstance(held, list) else []
        return ", ".join(text for text in dict.fromkeys(map(_dosage, dosages[:3])) if text)
    found = list(dict.fromkeys(text for path in _VALUES.get(type, ()) for text in said(document, path)))
    return ", ".join(found[:3])


def _dosage(dosage: Mapping[str, Any]) -> str:
    """How to take something: in the words of who ordered it, from when to when; or else by its timing."""
    text, timing = dosage.get("text"), dosage.get("timing")
    if not isinstance(text, str) or not text.strip():
        return words(timing, "Timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    lasting = words(repeat.get("boundsPeriod"), "Period") if isinstance(repeat, dict) else ""
    return f"{text.strip().rstrip('.')}, {lasting}" if lasting else text.strip()


def _parts(components: Any) -> tuple[Part, ...]:
    held = components if isinstance(components, list) else []
    return tuple(
        Part(concept_words(each.get("code")), value)
        for each in held
        if isinstance(each, dict) and (value := result_of(each))
    )


def _pressure(components: Any) -> str:
    """125/84 mmHg, as blood pressure is said; "" where the two numbers are not just that."""
    parts = {
        str(each["code"]["coding"][0].get("code")): each["valueQuantity"]
        for each in (components if isinstance(components, list) else ())
        if _is_coded_quantity(each)
    }
    systolic, diastolic = (parts.get(code) for code in _PRESSURE)
    if systolic is None or diastolic is None or unit_words(systolic) != unit_words(diastolic):
        return ""
    numbers = [number_words(each.get("value")) for each in (systolic, diastolic)]
    return f"{'/'.join(numbers)} {unit_words(systolic)}".strip() if all(numbers) else ""


def _is_coded_quantity(component: Any) -> bool:
    code = component.get("code") if isinstance(component, dict) else None
    codings = code.get("coding") if isinstance(code, dict) else None
    coded = isinstance(codings, list) and bool(codings) and isinstance(codings[0], dict)
    return coded and isinstance(component.get("valueQuantity"), dict)


def _interpretation(concept: Any) -> tuple[str, Tone]:
    """http://hl7.org/fhir/DSTU2/valueset-observation-interpretation.html"""
    text = concept_words(concept)
    codings = concept.get("coding") if isinstance(concept, dict) else None
    codes = [each.get("code") for each in codings if isinstance(each, dict)] if isinstance(codings, list) else []
    if not text:
        return "", ""
    return text, "normal" if "N" in codes or text.lower() == "normal" else "notable"


def _status(document: Mapping[str, Any]) -> str:
    for name, text in _NEGATIONS.items():
        if document.get(name) is True:
            return text
    for name in _STATUSES:
        code = document.get(name)
        if isinstance(code, str) and code not in _UNREMARKABLE:
            return first_said(document, name)
    return ""


def _contained_title(value: Any, document: Mapping[str, Any]) -> str:
    """Of a reference without a display to a contained resource, that resource's own title."""
    reference = value.get("reference") if isinstance(value, dict) and not value.get("display") else None
    held = document.get("contained")
    if not isinstance(reference, str) or not reference.startswith("#") or not isinstance(held, list):
        return ""
    for each in held:
        # A contained resource contains none itself, so this goes one step deep.
        if isinstance(each, dict) and each.get("id") == reference[1:] and "contained" not in each:
            return title_of(each)
    return ""
