"""$everything: the record of a patient, of all a user's patients, or of an encounter, in pages.

http://hl7.org/fhir/DSTU2/patient-operations.html#everything. Types come in alphabetical order. The total counts what
belongs to the record; what that refers to (practitioners, medications …) comes along as included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fhirstore.dstu2.json_format import reread
from fhirstore.errors import BadRequest, NotFound
from fhirstore.interactions.bundles import bundle, search_entries
from fhirstore.interactions.including import included
from fhirstore.interactions.paging import Asked, skip_of
from fhirstore.interactions.part import cut_all
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.search import search_context
from fhirstore.interactions.shown import addressed
from fhirstore.interactions.simple_parameters import asked_of
from fhirstore.search.extract import extract
from fhirstore.search.includes import Include
from fhirstore.search.kinds.date import interval
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    Filter,
    HasKey,
    HasPrefix,
    InRange,
    Limit,
    Not,
    OfType,
    Plan,
    Updated,
    all_of,
)
from fhirstore.search.query import PAGE, Pair, Search, read_search
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

_OWN = ("start", "end", "_since")
_SEARCH = ("_lastUpdated", "_sort", "_type", "_count", "_skip", "_summary", "_elements", PAGE)
"""Parameters of search that narrow, order and page the record, as common servers have it."""

_ALL_REFERENCES = (Include(None, "*", iterate=True),)


async def everything(request: Request, context: Context) -> Reply:
    """Raises NotFound where the patient or encounter is not there."""
    given = _given(request)
    own = dict(given)
    changed = [("_lastUpdated", f"ge{own['_since']}")] if "_since" in own else []
    searched = [*(pair for pair in given if pair[0] not in _OWN), *changed]
    asked = read_search(None, searched, await search_context(None, searched, context))
    filters = (await _record(request, context), _care_between(own.get("start"), own.get("end")), asked.plan.filter)
    plan = replace(asked.plan, filter=all_of(tuple(filter for filter in filters if filter is not None)))
    page = _page(request, context, given, asked)
    found = await context.resources.find(plan, Page(page.count, page.place(context), page.skip or 0))
    matches = [match.version for match in found.matches]
    also = [
        version
        for version in (await included(matches, _ALL_REFERENCES, context)).versions
        if _is_wanted(version, asked.plan) and not _belongs(version, request, context)
    ]

    entries = [
        *search_entries(context.base, cut_all(addressed(matches), asked.summary, asked.elements), "match"),
        *search_entries(context.base, cut_all(addressed(also), asked.summary, asked.elements), "include"),
    ]
    links = page.links(context, found.next, len(matches))
    return Reply(200, bundle("searchset", entries, links, found.total))


def _is_wanted(version: Version, plan: Plan) -> bool:
    """Whether what would come along is of the types and times that were asked for."""
    return (not plan.types or version.type in plan.types) and _was_updated(version, plan.filter)


def _was_updated(version: Version, filter: Filter) -> bool:
    match filter:
        case Updated(from_, before):
            return (from_ is None or from_ <= version.updated) and (before is None or version.updated < before)
        case AllOf(parts):
            return all(_was_updated(version, part) for part in parts)
        case AnyOf(parts):
            return any(_was_updated(version, part) for part in parts)
    return True


def _belongs(version: Version, request: Request, context: Context) -> bool:
    """Whether a resource is itself part of the record, and so has its own place on some page."""
    keys = extract(version.type, reread(version.body), context.base).keys
    if request.id:
        return f"compartment={request.type}/{request.id}" in keys
    return any(key.startswith(f"compartment={request.type}/") for key in keys)


def _page(request: Request, context: Context, given: Sequence[Pair], asked: Search) -> Asked:
    address = "/".join(part for part in (context.base, request.type, request.id, "$everything") if part)
    pairs = [(name, value) for name, value in given if name not in {"_skip", PAGE}]
    count = 0 if asked.summary == "count" else asked.count
    return Asked(address, pairs, count, asked.page, skip_of(asked, context))


def _given(request: Request) -> Sequence[Pair]:
    given = asked_of(request)
    for name, _ in given:
        if name.partition(":")[0] not in {*_OWN, *_SEARCH}:
            raise BadRequest(f"$everything has no parameter {name[:64]!r}; it has start, end, _since and _count.")
    return given


async def _record(request: Request, context: Context) -> Filter:
    if not request.id:
        return HasPrefix(f"compartment={request.type}/")
    version = await context.resources.current(request.type, request.id)
    # To whom the type itself is not open, whether it is there is not told either.
    if (version is None or version.deleted) and context.caller.may("read", request.type):
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
