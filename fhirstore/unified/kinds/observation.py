"""Observations: the same code, time and value, part by part. http://hl7.org/fhir/DSTU2/observation.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhirstore.unified import concepts
from fhirstore.unified.agreement import CONTRARY, UNKNOWN, Agreement, Comparison, Likeness
from fhirstore.unified.amounts import Amount, amount_in, amount_of, range_of
from fhirstore.unified.concepts import NONE, Concept, concept
from fhirstore.unified.facts import Fact, Resolve, Stated, Trait, agree, contradict
from fhirstore.unified.kinds.kind import (
    LOOSE,
    TIMED,
    Kind,
    dated,
    identified,
    is_void,
    label_of,
    subject_of,
    time_in_words,
)
from fhirstore.unified.molar import by_mass
from fhirstore.unified.moments import Timing, date_of, day_of, moment, moment_of, timing
from fhirstore.unified.reading import Document, chosen, part, parts

_PARTS_LIMIT = 50
Values = tuple[tuple[Concept, Trait], ...]


def _read(document: Document, resolve: Resolve) -> Stated:
    code = concept(document.get("code"))
    return Stated(
        code=code,
        moment=date_of(document, "effective") or day_of(moment_of(document, "issued")),
        values=tuple(_values(document, code)),
        traits=(("site", concept(document.get("bodySite"))), ("method", concept(document.get("method")))),
        about=subject_of(document),
        status=str(document.get("status", "")),
        label=label_of(document, "code"),
        void=is_void(document) or document.get("status") == "cancelled",
    )


def _values(document: Document, code: Concept) -> Iterator[tuple[Concept, Trait]]:
    own = value_of(*chosen(document, "value"))
    if own is not None:
        yield NONE, by_mass(own, code) if isinstance(own, Amount) else own
    for number, component in enumerate(parts(document, "component")):
        if number == _PARTS_LIMIT:
            return
        found = value_of(*chosen(component, "value"))
        if found is not None:
            yield concept(component.get("code")), found


def value_of(type_: str, value: Any) -> Trait | None:
    """The value of a choice as it is compared; a text that is an amount is one."""
    match type_:
        case "Quantity":
            return amount_of(value)
        case "CodeableConcept":
            return concept(value) or None
        case "String":
            return (amount_in(value) or concepts.named(value)) if isinstance(value, str) else None
        case "Range":
            return range_of(value)
        case "DateTime":
            return moment(value) if isinstance(value, str) else None
        case "Time" | "Integer" | "Boolean":
            return str(value)
        case "Period":
            return moment_of({"period": value}, "period")
        case "Ratio":
            over, under = (amount_of(part(value, each)) for each in ("numerator", "denominator"))
            return f"{over.number}:{under.number}" if over and under else None
    return repr(sorted(value.items()))[:4000] if isinstance(value, dict) else None


def _compare(one: Fact, other: Fact) -> Comparison:
    a, b = one.stated, other.stated
    code = concepts.agreement(a.code, b.code)
    if code is Agreement.DIFFERENT or contradict(a, b, "site"):
        return CONTRARY
    when = timing(a.moment, b.moment)
    if when is Timing.DIFFERENT:
        return CONTRARY
    if one.identifiers & other.identifiers and code is not Agreement.UNLIKE:
        return identified(one, other)
    value = compare_values(a.values, b.values)
    if value is Agreement.DIFFERENT:
        return CONTRARY
    if code is not Agreement.EQUAL or value is Agreement.UNLIKE:
        return UNKNOWN
    if when is Timing.UNKNOWN and value is Agreement.EQUAL and _is_telling(a.values) and _is_telling(b.values):
        return Comparison(Likeness.WEAK, f"same code and value, {time_in_words(when)}")
    if when not in TIMED:
        return UNKNOWN
    if value is Agreement.UNKNOWN:
        likeness = Likeness.FAIR if when is Timing.INSTANT and not a.values and not b.values else Likeness.WEAK
        return Comparison(likeness, f"same code, {time_in_words(when)}")
    return Comparison(TIMED[when], f"same code and value, {time_in_words(when)}")


def compare_values(one: Values, other: Values) -> Agreement:
    """DIFFERENT where any two parts of one code are; UNKNOWN where there is nothing to compare."""
    found = [
        agree(value, value_there)
        for code, value in one
        for code_there, value_there in other
        if (not code and not code_there) or concepts.agreement(code, code_there) is Agreement.EQUAL
    ]
    return min(found, default=Agreement.UNKNOWN)


def _is_telling(values: Values) -> bool:
    """Whether values are so many, or so precise, that others are hardly the same by chance."""
    amounts = [value for _, value in values if isinstance(value, Amount)]
    precise = (each.number.as_tuple() for each in amounts)
    return len(amounts) > 1 or any(len(each.digits) > 2 and each.exponent in {-1, -2, -3} for each in precise)


def _keys(stated: Stated) -> Iterator[str]:
    yield from dated(stated)
    if _is_telling(stated.values):
        amount = next(value for _, value in stated.values if isinstance(value, Amount))
        yield from (f"{key} {LOOSE}{amount.low} {amount.unit}" for key in stated.code.keys)


OBSERVATION = Kind(_read, _compare, _keys, repeats=True)
