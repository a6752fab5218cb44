"""$everything: the record of a patient, of all a user's patients, or of an encounter, in pages.

http://hl7.org/fhir/DSTU2/patient-operations.html#everything. Types come in alphabetical order. The total counts what
belongs to the record; what that refers to (practitioners, medications …) comes along as included.
"""

from __future__ import annotations

from collections.abc import Mapping

from fhirstore.dstu2.json_format import parse
from fhirstore.errors import BadRequest, NotFound
from fhirstore.interactions.bundles import bundle, search_entry
from fhirstore.interactions.including import included
from fhirstore.interactions.paging import Asked, page_size, whole_number
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.search.extract import extract
from fhirstore.search.includes import Include
from fhirstore.search.kinds.date import interval
from fhirstore.search.plan import AllOf, AnyOf, Filter, HasKey, HasPrefix, InRange, Limit, Not, OfType, Plan
from fhirstore.search.query import PAGE, TRANSPORT
from fhirstore.store.contract import Page, Version

CARE_DATES: Mapping[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("onset", "date"),
    "Appointment": ("date",),
    "CarePlan": ("date",),
    "ClinicalImpression": ("date",),
    "Communication": ("sent",),
    "Composition": ("period", "date"),
    "Condition": ("onset", "date-recorded"),
    "DetectedIssue": ("date",),
    "DeviceUseRequest": (),
    "DiagnosticReport": ("date",),
    "DocumentReference": ("period", "created"),
    "Encounter": ("date",),
    "EpisodeOfCare": ("date",),
    "FamilyMemberHistory": ("date",),
    "Flag": ("date",),
    "Goal": ("targetdate",),
    "ImagingStudy": ("started",),
    "Immunization": ("date",),
    "List": ("date",),
    "MedicationAdministration": ("effectivetime",),
    "MedicationDispense": ("whenhandedover", "whenprepared"),
    "MedicationOrder": ("datewritten",),
    "MedicationStatement": ("effectivedate",),
    "Observation": ("date",),
    "Procedure": ("date",),
    "QuestionnaireResponse": ("authored",),
    "ReferralRequest": ("date",),
    "RiskAssessment": ("date",),
    "Specimen": ("collected",),
    "VisionPrescription": ("datewritten",),
}
"""Search parameters that say when the care took place, for `start` and `end`; other types are always included."""

_ALL_REFERENCES = (Include(None, "*"),)


async def everything(request: Request, context: Context) -> Reply:
    """Raises NotFound where the patient or encounter is not there."""
    given = _given(request)
    filter = await _record(request, context)
    dates = _care_between(given.get("start"), given.get("end"))
    plan = Plan((), AllOf((filter, dates)) if dates else filter)
    page = _page(request, context, given)
    found = await context.resources.find(plan, Page(page.count, page.place(context), page.skip or 0))
    matches = [match.version for match in found.matches]
    entries = [search_entry(version, version.body, context.base, "match") for version in matches]
    also = [version for version in await included(matches, _ALL_REFERENCES, context) if not _belongs(version, request)]
    entries += [search_entry(version, version.body, context.base, "include") for version in also]
    links = page.links(context, found.next, len(matches))
    return Reply(200, bundle("searchset", entries, links, found.total))


def _belongs(version: Version, request: Request) -> bool:
    """Whether a resource is itself part of the record, and so has its own place on some page."""
    keys = extract(version.type, parse(version.body)).keys
    if request.id:
        return f"compartment={request.type}/{request.id}" in keys
    return any(key.startswith(f"compartment={request.type}/") for key in keys)


def _page(request: Request, context: Context, given: Mapping[str, str]) -> Asked:
    address = "/".join(part for part in (context.base, request.type, request.id, "$everything") if part)
    pairs = [(name, value) for name, value in given.items() if name not in {"_skip", PAGE}]
    skip = whole_number("_skip", given["_skip"]) if "_skip" in given else None
    return Asked(
        address,
        pairs,
        page_size(given.get("_count"), context.limits.default_page, context.limits),
        given.get(PAGE),
        skip,
    )


def _given(request: Request) -> dict[str, str]:
    known = {"start", "end", "_count", "_skip", PAGE}
    given = {name: value for name, value in request.query if name not in TRANSPORT}
    for name in given:
        if name not in known:
            raise BadRequest(f"$everything has no parameter {name[:64]!r}; it has start, end and _count.")
    return given


async def _record(request: Request, context: Context) -> Filter:
    if not request.id:
        return HasPrefix(f"compartment={request.type}/")
    version = await context.resources.current(request.type, request.id)
    if version is None or version.deleted:
        raise NotFound(f"There is no {request.type} with this id.")
    return HasKey((f"compartment={request.type}/{request.id}",))


def _care_between(start: str | None, end: str | None) -> Filter | None:
    """Care that took place between two dates, both included; and all that has no such date."""
    limits = []
    for name, text in (("start", start), ("end", end)):
        if text is None:
            continue
        covered = interval(text)
        if covered is None:
            raise BadRequest(f"{name} must be a date.")
        limits.append(Limit("high", ">", covered[0]) if name == "start" else Limit("low", "<", covered[1]))
    if not limits:
        return None
    return AllOf(tuple(_dated(type, names, tuple(limits)) for type, names in CARE_DATES.items() if names))


def _dated(type: str, names: tuple[str, ...], limits: tuple[Limit, ...]) -> Filter:
    """Of another type, or within the limits by one of its dates, or without any of them."""
    keys = [f"{type}.{name}" for name in names]
    undated = Not(AnyOf(tuple(InRange(key) for key in keys)))
    return AnyOf((Not(OfType((type,))), *(InRange(key, limits) for key in keys), undated))
