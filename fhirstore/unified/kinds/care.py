"""What was done: immunizations, procedures, visits, reports, documents, plans.

http://hl7.org/fhir/DSTU2/immunization.html, procedure.html, encounter.html and their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from fhirstore.unified import concepts
from fhirstore.unified.agreement import CONTRARY, UNKNOWN, Agreement, Comparison, Likeness
from fhirstore.unified.concepts import Concept, concept, joined, named, sided
from fhirstore.unified.facts import Fact, Resolve, Stated, Trait, agree, contradict
from fhirstore.unified.kinds.kind import (
    DAILY,
    HOURLY,
    SELDOM,
    TIMED,
    Kind,
    dated,
    happened,
    identified,
    is_void,
    label_of,
    standing,
    subject_of,
    time_in_words,
)
from fhirstore.unified.moments import Moment, Timing, date_of, day_of, hours_after, moment_of, timing
from fhirstore.unified.reading import Document, part, parts, text

_CLASSES = {"ambulatory": "outpatient", "AMB": "outpatient", "IMP": "inpatient", "EMER": "emergency"}


def _concepts(document: Document, name: str) -> Concept:
    return joined(concept(each) for each in parts(document, name))


def _read_immunization(document: Document, resolve: Resolve) -> Stated:
    return Stated(
        code=concept(document.get("vaccineCode")),
        moment=day_of(moment_of(document, "date")),
        traits=(("refused", document.get("wasNotGiven") is True),),
        about=subject_of(document),
        status=text(document, "status"),
        label=label_of(document, "vaccineCode"),
        void=is_void(document),
    )


def _compare_immunizations(one: Fact, other: Fact) -> Comparison:
    return happened(one, other, DAILY, "refused", what="vaccine")


def _read_procedure(document: Document, resolve: Resolve) -> Stated:
    code, side = sided(concept(document.get("code")))
    return Stated(
        code=code,
        moment=date_of(document, "performed"),
        traits=(
            ("site", _concepts(document, "bodySite")),
            ("side", side),
            ("not performed", document.get("notPerformed") is True),
        ),
        about=subject_of(document),
        status=text(document, "status"),
        label=label_of(document, "code"),
        void=is_void(document),
    )


def _compare_procedures(one: Fact, other: Fact) -> Comparison:
    return happened(one, other, SELDOM, "site", "side", "not performed", what="procedure")


def _read_visit(document: Document, resolve: Resolve) -> Stated:
    class_ = text(document, "class")
    traits: list[tuple[str, Trait]] = [("class", _CLASSES.get(class_, class_))] if class_ else []
    if (ends := date_of({"period": {"end": part(document, "period").get("end")}}, "period")) is not None:
        traits.append(("end", ends))
    return Stated(
        code=_concepts(document, "type"),
        moment=date_of(document, "period"),
        traits=tuple(traits),
        about=subject_of(document),
        status=text(document, "status"),
        label=next((label_of({"type": each}, "type") for each in parts(document, "type")), class_),
        void=text(document, "status") in {"cancelled", "entered-in-error"},
    )


def _compare_visits(one: Fact, other: Fact) -> Comparison:
    a, b = one.stated, other.stated
    when, what = timing(a.moment, b.moment), concepts.agreement(a.code, b.code)
    if one.identifiers & other.identifiers:
        return identified(one, other)
    if when is Timing.DIFFERENT or what is Agreement.DIFFERENT or contradict(a, b, "class"):
        return CONTRARY
    if timing(_moment(a.trait("end")), _moment(b.trait("end"))) is Timing.DIFFERENT and when is not Timing.INSTANT:
        return CONTRARY
    alike = what is Agreement.EQUAL or agree(a.trait("class"), b.trait("class")) is Agreement.EQUAL
    if when is Timing.INSTANT or (alike and when in TIMED):
        likeness = TIMED[when] if alike else Likeness.FAIR
        return Comparison(likeness, f"a visit {time_in_words(when)}")
    return UNKNOWN


def _moment(trait: Trait | None) -> Moment | None:
    return trait if isinstance(trait, Moment) else None


_VISIT = named("visit")
"""Visits meet by their times alone."""


def _visit_keys(stated: Stated) -> Iterable[str]:
    return dated(replace(stated, code=_VISIT))


_SOON = 1.0
"""In hours. What is issued within one was hardly made a second time."""


def _read_report(document: Document, resolve: Resolve) -> Stated:
    issued = moment_of(document, "issued")
    return Stated(
        code=concept(document.get("code")),
        moment=date_of(document, "effective") or day_of(issued),
        traits=(("issued", issued),) if issued is not None else (),
        about=subject_of(document),
        status=text(document, "status"),
        label=label_of(document, "code"),
        void=is_void(document) or text(document, "status") == "cancelled",
    )


def _compare_reports(one: Fact, other: Fact) -> Comparison:
    found = happened(one, other, TIMED, numbered_once=False)
    if found.likeness is Likeness.WEAK and _is_issued_soon(one.stated, other.stated):
        return Comparison(Likeness.FAIR, f"{found.words}, issued within the hour")
    return found


def _is_issued_soon(a: Stated, b: Stated) -> bool:
    """Whether one was issued soon after the other was made, or issued. Systems file hours later: that parts nothing."""
    first, second = _moment(a.trait("issued")), _moment(b.trait("issued"))
    apart = hours_after(first, second)
    gaps = [hours_after(first, b.moment), hours_after(second, a.moment), None if apart is None else abs(apart)]
    return any(hours is not None and 0 <= hours <= _SOON for hours in gaps)


def _read_document(document: Document, resolve: Resolve) -> Stated:
    files = [part(each, "attachment") for each in parts(document, "content")]
    hashes = frozenset(found for each in files if (found := text(each, "hash")))
    urls = frozenset(found for each in files if (found := text(each, "url")).startswith(("http://", "https://")))
    return Stated(
        code=concept(document.get("type")),
        moment=date_of(document, "created"),
        traits=(("hash", hashes), ("url", urls)),
        about=subject_of(document),
        status=text(document, "status"),
        label=text(document, "description") or label_of(document, "type"),
        void=is_void(document),
    )


_ONCE = joined(map(named, ("discharge summary", "history and physical note", "surgical operation note")))
"""What is written once, so that its day tells which is meant; of progress notes there are several a day."""

_SUMMARY = named("summary of episode note")
"""What each system makes for itself of all that it holds: two of one day are two, unless their content is one."""


def _compare_documents(one: Fact, other: Fact) -> Comparison:
    for trait in ("hash", "url"):
        if agree(one.stated.trait(trait), other.stated.trait(trait)) is Agreement.EQUAL:
            return Comparison(Likeness.CERTAIN, "same content")
    levels = TIMED if _ONCE.codes & one.stated.code.codes & other.stated.code.codes else HOURLY
    found = happened(one, other, levels, "hash", what="type")
    own = _SUMMARY.codes & one.stated.code.codes & other.stated.code.codes
    return UNKNOWN if own and Likeness.CONTRARY < found.likeness < Likeness.CERTAIN else found


def _document_keys(stated: Stated) -> Iterable[str]:
    for name in ("hash", "url"):
        found = stated.trait(name)
        yield from (found if isinstance(found, frozenset) else ())
    yield from dated(stated)


def _read_plan(document: Document, resolve: Resolve) -> Stated:
    said = [each for each in parts(document, "category") if not _is_any_plan(each)]
    return Stated(
        code=joined(map(concept, said)) or named(text(document, "description")),
        moment=date_of(document, "period"),
        about=subject_of(document),
        status=text(document, "status"),
        label=next((label_of({"category": each}, "category") for each in parts(document, "category")), ""),
        void=is_void(document),
    )


def _is_any_plan(category: Document) -> bool:
    """Whether a category says no more than that it is a plan, as that of Argonaut's profile does."""
    return any(text(each, "code") == "assess-plan" for each in parts(category, "coding"))


def _compare_plans(one: Fact, other: Fact) -> Comparison:
    return happened(one, other, DAILY, what="plan")


IMMUNIZATION = Kind(_read_immunization, _compare_immunizations, standing)
PROCEDURE = Kind(_read_procedure, _compare_procedures, standing, repeats=True)
VISIT = Kind(_read_visit, _compare_visits, _visit_keys, repeats=True)
REPORT = Kind(_read_report, _compare_reports, dated, repeats=True)
DOCUMENT = Kind(_read_document, _compare_documents, _document_keys, repeats=True)
PLAN = Kind(_read_plan, _compare_plans, standing)
