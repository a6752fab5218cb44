"""Medications ordered, stated, dispensed and given: http://hl7.org/fhir/DSTU2/medicationorder.html and its neighbours.

The same drug at another strength or dose, or begun on another day, is another fact.
"""

from __future__ import annotations

from collections.abc import Callable

from fhirstore.unified import drugs
from fhirstore.unified.agreement import CONTRARY, UNKNOWN, Agreement, Comparison, Likeness
from fhirstore.unified.amounts import amount_of
from fhirstore.unified.drugs import Drug, dose_of, drug
from fhirstore.unified.facts import Fact, Resolve, Stated, Trait, agree, contradict
from fhirstore.unified.kinds.kind import (
    HOURLY,
    Kind,
    Likenesses,
    identified,
    is_void,
    standing,
    subject_of,
    time_in_words,
)
from fhirstore.unified.moments import Moment, Timing, date_of, is_midnight, moment_of, timing
from fhirstore.unified.reading import NOTHING, Document, part, parts, text

_DAILY: Likenesses = {
    Timing.INSTANT: Likeness.STRONG,
    Timing.LOCAL: Likeness.FAIR,
    Timing.DAY: Likeness.FAIR,
    Timing.WITHIN: Likeness.WEAK,
    Timing.UNKNOWN: Likeness.WEAK,
}
_DOSE, _DOSE_IN_WORDS = "dose", "words of a dose"
"""What words say of a dose is shown where it differs, and parts two only where a strength is not told either."""

_AGAIN: Likenesses = {**_DAILY, Timing.UNKNOWN: Likeness.FAINT}
"""For what is ordered and dispensed again and again: without a date it may be any of them."""


def _reader(
    dosage: str, quantity: str, *times: str, when: Callable[..., Moment | None] = date_of
) -> Callable[[Document, Resolve], Stated]:
    """How a type is read, by its names for the dosage, the amount in it, and the time."""

    def read(document: Document, resolve: Resolve) -> Stated:
        medicine, label = medication_of(document, resolve)
        told = next(parts(document, dosage), NOTHING)
        amount = amount_of(part(told, quantity))
        dose = dose_of(part(told, quantity), text(told, "text"), medicine)
        traits = [("strength", medicine.strengths), ("form", medicine.forms), ("slow", frozenset({str(medicine.slow)}))]
        if dose:
            traits.append((_DOSE if amount is not None else _DOSE_IN_WORDS, frozenset({dose})))
        elif amount is not None:
            traits.append((f"dose in {amount.unit}", frozenset({str(amount.low)})))
        return Stated(
            code=medicine.concept,
            moment=when(document, *times),
            traits=tuple(traits),
            about=subject_of(document),
            status=text(document, "status"),
            label=label,
            void=is_void(document) or document.get("wasNotGiven") is True or document.get("wasNotTaken") is True,
        )

    return read


def medication_of(document: Document, resolve: Resolve) -> tuple[Drug, str]:
    """The drug of a resource, wherever it is told: in place, in a Medication, or in the words of a reference."""
    value = document.get("medicationCodeableConcept")
    pointed = part(document, "medicationReference")
    shown = text(pointed, "display")
    if not isinstance(value, dict):
        found = resolve(text(pointed, "reference"))
        value = found.get("code") if found is not None else None
    if not isinstance(value, dict):
        return drug({"text": shown}), shown
    label = text(value, "text") or next((text(each, "display") for each in parts(value, "coding")), "") or shown
    return drug(value), label


def _dose(stated: Stated) -> Trait | None:
    return stated.trait(_DOSE) or stated.trait(_DOSE_IN_WORDS)


def _drug(stated: Stated) -> Drug:
    found = {name: value for name, value in stated.traits if isinstance(value, frozenset)}
    return Drug(stated.code, found["strength"], found["form"], "True" in found["slow"])


def _comparing(levels: Likenesses, *, numbered_once: bool = True) -> Callable[[Fact, Fact], Comparison]:
    """How two are compared. A number that is not given once is that of the order, which every dose and refill has."""

    def compare(one: Fact, other: Fact) -> Comparison:
        a, b = one.stated, other.stated
        same = drugs.agreement(_drug(a), _drug(b))
        when = timing(a.moment, b.moment)
        if levels is HOURLY and when > Timing.DAY and is_midnight(a.moment) and is_midnight(b.moment):
            when = Timing.DAY  # it may be the hour of a dose, or the day alone
        if same is Agreement.DIFFERENT or (when is Timing.DIFFERENT and not numbered_once):
            return CONTRARY
        if one.identifiers & other.identifiers and same is not Agreement.UNLIKE:
            found = identified(one, other)
            return found if numbered_once or when >= Timing.LOCAL else Comparison(Likeness.WEAK, found.words)
        if when is Timing.DIFFERENT or contradict(a, b, *(name for name, _ in a.traits if name.startswith(_DOSE))):
            return CONTRARY
        dose = agree(_dose(a), _dose(b))
        if same is Agreement.CLOSE and dose is Agreement.DIFFERENT:
            return CONTRARY
        if same < Agreement.CLOSE or when not in levels:
            return UNKNOWN
        words = "same medication" if when is Timing.UNKNOWN else f"same medication, {time_in_words(when)}"
        sure = Agreement.EQUAL in {same, dose}
        return Comparison(levels[when] if sure else min(levels[when], Likeness.WEAK), words)

    return compare


ORDER = Kind(_reader("dosageInstruction", "doseQuantity", "dateWritten"), _comparing(_AGAIN), standing)
STATEMENT = Kind(_reader("dosage", "quantityQuantity", "effective"), _comparing(_DAILY), standing)
DISPENSE = Kind(
    _reader("dosageInstruction", "doseQuantity", "whenHandedOver", "whenPrepared"),
    _comparing(_AGAIN, numbered_once=False),
    standing,
)
ADMINISTRATION = Kind(
    _reader("dosage", "quantity", "effectiveTime", when=moment_of),
    _comparing(HOURLY, numbered_once=False),
    standing,
    repeats=True,
    hourly=True,
)


def _read_medication(document: Document, resolve: Resolve) -> Stated:
    found = drug(document.get("code"))
    traits = (("strength", found.strengths), ("form", found.forms), ("slow", frozenset({str(found.slow)})))
    return Stated(code=found.concept, traits=traits, label=text(part(document, "code"), "text"))


def _compare_medications(one: Fact, other: Fact) -> Comparison:
    same = drugs.agreement(_drug(one.stated), _drug(other.stated))
    if same is Agreement.DIFFERENT:
        return CONTRARY
    return Comparison(Likeness.FAIR, "same medication") if same is Agreement.EQUAL else UNKNOWN


MEDICATION = Kind(_read_medication, _compare_medications, lambda stated: stated.code.keys)
