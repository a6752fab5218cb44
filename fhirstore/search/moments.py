"""When what a resource tells of took place, for every type: the order of a record's timeline.

DSTU2 has a date parameter of its own name for each type, and for some types none. Here all types share one range,
`WHEN`, so that a record is walked along by one index, whatever is in it. A period counts by its beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fhirstore.search.entries import Collector, Range
from fhirstore.search.kinds.date import Interval, interval

WHEN = "when"

MOMENTS: Mapping[str, tuple[str, ...]] = {
    "Account": ("activePeriod", "coveragePeriod"),
    "AllergyIntolerance": ("onset", "recordedDate", "lastOccurence"),
    "Appointment": ("start",),
    "AppointmentResponse": ("start",),
    "AuditEvent": ("event.dateTime",),
    "Basic": ("created",),
    "CarePlan": ("period", "modified"),
    "Claim": ("created",),
    "ClaimResponse": ("created",),
    "ClinicalImpression": ("date",),
    "Communication": ("sent", "received"),
    "CommunicationRequest": ("scheduledDateTime", "scheduledPeriod", "requestedOn"),
    "Composition": ("date",),
    "Condition": ("onsetDateTime", "onsetPeriod", "dateRecorded"),
    "Contract": ("applies", "issued"),
    "Coverage": ("period",),
    "DetectedIssue": ("date",),
    "DeviceComponent": ("lastSystemChange",),
    "DeviceUseRequest": ("timingDateTime", "timingPeriod", "timingTiming", "orderedOn", "recordedOn"),
    "DeviceUseStatement": ("whenUsed", "timingDateTime", "timingPeriod", "timingTiming", "recordedOn"),
    "DiagnosticOrder": ("event.dateTime", "item.event.dateTime"),
    "DiagnosticReport": ("effectiveDateTime", "effectivePeriod", "issued"),
    "DocumentManifest": ("created",),
    "DocumentReference": ("context.period", "created", "indexed"),
    "EligibilityRequest": ("created",),
    "EligibilityResponse": ("created",),
    "Encounter": ("period",),
    "EnrollmentRequest": ("created",),
    "EnrollmentResponse": ("created",),
    "EpisodeOfCare": ("period",),
    "ExplanationOfBenefit": ("created",),
    "FamilyMemberHistory": ("date",),
    "Flag": ("period",),
    "Goal": ("startDate", "statusDate", "targetDate"),
    "ImagingObjectSelection": ("authoringTime",),
    "ImagingStudy": ("started",),
    "Immunization": ("date",),
    "ImmunizationRecommendation": ("recommendation.date",),
    "List": ("date",),
    "Media": ("content.creation",),
    "MedicationAdministration": ("effectiveTimeDateTime", "effectiveTimePeriod"),
    "MedicationDispense": ("whenHandedOver", "whenPrepared"),
    "MedicationOrder": ("dateWritten",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "MessageHeader": ("timestamp",),
    "NutritionOrder": ("dateTime",),
    "Observation": ("effectiveDateTime", "effectivePeriod", "issued"),
    "Order": ("date",),
    "OrderResponse": ("date",),
    "PaymentNotice": ("created",),
    "PaymentReconciliation": ("period", "created"),
    "Procedure": ("performedDateTime", "performedPeriod"),
    "ProcedureRequest": ("scheduledDateTime", "scheduledPeriod", "scheduledTiming", "orderedOn"),
    "ProcessRequest": ("created",),
    "ProcessResponse": ("created",),
    "Provenance": ("period", "recorded"),
    "QuestionnaireResponse": ("authored",),
    "ReferralRequest": ("date", "dateSent"),
    "RiskAssessment": ("date",),
    "Schedule": ("planningHorizon",),
    "Slot": ("start",),
    "Specimen": ("collection.collectedDateTime", "collection.collectedPeriod", "receivedTime"),
    "SupplyDelivery": ("time", "whenPrepared"),
    "SupplyRequest": ("date",),
    "VisionPrescription": ("dateWritten",),
}
"""The properties that tell it, the best first. What describes a person, a thing or a rule has no moment."""

_SPLIT = {
    type: [(first, tuple(further)) for first, *further in (path.split(".") for path in paths)]
    for type, paths in MOMENTS.items()
}


def moment(resource_type: str, document: Mapping[str, Any]) -> tuple[Interval, str] | None:
    """When it took place or began, as an interval and as it is written; None where nothing says so."""
    for first, further in _SPLIT.get(resource_type, ()):
        held = document.get(first)
        if held is not None:
            for text in _dates(held, further):
                found = interval(text)
                if found is not None:
                    return found, text
    return None


def index_moment(resource_type: str, document: Mapping[str, Any], into: Collector) -> None:
    found = moment(resource_type, document)
    if found is not None:
        into.ranges.append(Range(WHEN, *found[0]))


def _dates(value: Any, path: tuple[str, ...]) -> Iterable[str]:
    """The dates at the end of a path, earlier ones of a list first as they stand."""
    return (value,) if type(value) is str and not path else _dates_along(value, path)


def _dates_along(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    if type(value) is list:
        for each in value:
            yield from _dates(each, path)
    elif type(value) is not dict:
        return
    elif path:
        yield from _dates(value.get(path[0]), path[1:])
    else:
        yield from _dates_within(value)


def _dates_within(value: Mapping[str, Any]) -> Iterator[str]:
    """Of a Period its beginning, or its end where it has none; of a Timing its events, or its bounds."""
    repeat = value.get("repeat")
    bounds = repeat.get("boundsPeriod") if type(repeat) is dict else None
    for each in (value.get("start"), value.get("end"), value.get("event"), bounds):
        if each is not None:
            yield from _dates(each, ())
