"""Values of every data type in words: http://hl7.org/fhir/DSTU2/datatypes.html.

What has another shape than its type says gives no words; nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhirstore.dstu2.references import target_type
from fhirstore.presentation.codes import code_words, coding_words, concept_words
from fhirstore.presentation.labels import type_words
from fhirstore.presentation.moments import date_words, period_words
from fhirstore.search.paths import follow, locate

_DIGITS = 15
_DECIMALS, _ROUNDED = 8, 3
_GROUPED = 10_000
_NAME_ORDER = ("official", "usual")
_COMPARATORS = {"<": "less than ", "<=": "at most ", ">=": "at least ", ">": "more than "}
_UNITS = {
    "s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year",
}  # fmt: skip
_UCUM = {
    "mm[Hg]": "mmHg", "[degF]": "°F", "Cel": "°C", "[lb_av]": "lb", "[in_i]": "in", "/min": "per minute",
    "beats/minute": "per minute", "beats/min": "per minute",
    "{beats}/min": "per minute", "10*3/uL": "10³/µL", "10*9/L": "10⁹/L", "10*6/uL": "10⁶/µL", "10*12/L": "10¹²/L",
}  # fmt: skip
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_EVENTS = {
    "HS": "at bedtime", "WAKE": "on waking", "AC": "before meals", "PC": "after meals", "C": "with meals",
    "ACM": "before breakfast", "ACD": "before lunch", "ACV": "before dinner", "CM": "with breakfast",
    "CD": "with lunch", "CV": "with dinner", "PCM": "after breakfast", "PCD": "after lunch", "PCV": "after dinner",
}  # fmt: skip


def words(value: Any, type: str, systems: Iterable[str] = ()) -> str:
    """What a value of a data type says, in one line; `systems` are those of a bound code."""
    if type == "code":
        return code_words(systems, value) if isinstance(value, str) else ""
    return _WORDS.get(type, _plain)(value)


def said(document: Mapping[str, Any], path: str) -> Iterator[str]:
    """The words of all values at a path of the document's type ("reaction.manifestation", "value[x]")."""
    type = str(document.get("resourceType"))
    for location in locate(type, f"{type}.{path}"):
        systems = {leaf.type: leaf.systems for leaf in location.leaves}
        for value, type_ in follow(location, document):
            text = words(value, type_, systems.get(type_, ()))
            if text:
                yield text


def first_said(document: Mapping[str, Any], *paths: str) -> str:
    return next((text for path in paths for text in said(document, path)), "")


def number_words(value: Any) -> str:
    """A number with the digits it was written with, five and more of them in groups; of very many decimals, three."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    number = Decimal(value)
    if not number or abs(number.adjusted()) > _DIGITS:
        return str(value)
    if -int(number.as_tuple().exponent) > _DECIMALS:  # computed, not measured
        number = round(number, max(_ROUNDED, _ROUNDED - 1 - number.adjusted()))
    return f"{number:,f}" if abs(number) >= _GROUPED else f"{number:f}"


def quantity_words(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    number = number_words(value.get("value"))
    comparator = _COMPARATORS.get(str(value.get("comparator", "")), "")
    unit = unit_words(value)
    joint = "" if unit == "%" else " "
    return f"{comparator}{number}{joint}{unit}".strip() if number else unit


def unit_words(value: Mapping[str, Any]) -> str:
    """The unit as it was written, or as people write what its UCUM code means."""
    unit, code = value.get("unit"), value.get("code")
    text = unit if isinstance(unit, str) else code if isinstance(code, str) and code != "1" else ""
    return _UCUM.get(text) or _ANNOTATION.sub("", text)


def range_words(value: Any) -> str:
    """3.5 to 5.2 mmol/l, up to 5.2 mmol/l, or from 3.5 mmol/l."""
    if not isinstance(value, dict):
        return ""
    low, high = value.get("low"), value.get("high")
    first, last = quantity_words(low), quantity_words(high)
    if first and last:
        assert isinstance(low, dict)
        assert isinstance(high, dict)
        same_unit = unit_words(low) in {"", unit_words(high)}
        return f"{number_words(low.get('value')) or first if same_unit else first} to {last}"
    if last:
        return f"up to {last}"
    return f"from {first}" if first else ""


def reference_words(value: Any) -> str:
    """What a reference is called there; a bare one by the type of its target."""
    if not isinstance(value, dict):
        return ""
    display, reference = value.get("display"), value.get("reference")
    if isinstance(display, str) and display.strip():
        return display
    type = target_type(reference) if isinstance(reference, str) else None
    return type_words(type) if type else str(reference) if isinstance(reference, str) else ""


def name_words(value: Any) -> str:
    """A HumanName: its text, or its parts in the order in which they are said."""
    if not isinstance(value, dict):
        return ""
    text = value.get("text")
    if isinstance(text, str) and text.strip():
        return text
    return " ".join(part for key in ("prefix", "given", "family", "suffix") for part in strings(value.get(key)))


def best_name(names: Any) -> str:
    """Of several HumanNames the official one, or the usual one, or the first."""
    found = [each for each in names if isinstance(each, dict)] if isinstance(names, list) else [names]
    ranked = sorted(
        (each for each in found if name_words(each)),
        key=lambda each: _NAME_ORDER.index(each["use"]) if each.get("use") in _NAME_ORDER else len(_NAME_ORDER),
    )
    return name_words(ranked[0]) if ranked else ""


def strings(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str) and each.strip()]


def _address(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    if isinstance(value.get("text"), str):
        return str(value["text"])
    place = " ".join(strings([value.get("postalCode"), value.get("city")]))
    parts = [*strings(value.get("line")), place, *strings([value.get("district"), value.get("state")])]
    return ", ".join(part for part in [*parts, *strings(value.get("country"))] if part)


def _contact_point(value: Any) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("value"), str):
        return ""
    use = value.get("use")
    return f"{value['value']} ({use})" if isinstance(use, str) else str(value["value"])


def _identifier(value: Any) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("value"), str):
        return ""
    kind, assigner = concept_words(value.get("type")), value.get("assigner")
    by = reference_words(assigner) if isinstance(assigner, dict) and assigner.get("display") else ""
    about = ", ".join(part for part in (kind, by) if part)
    return f"{value['value']} ({about})" if about else str(value["value"])


def _ratio(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    parts = (quantity_words(value.get("numerator")), quantity_words(value.get("denominator")))
    return " per ".join(part for part in parts if part)


def _annotation(value: Any) -> str:
    return str(value["text"]) if isinstance(value, dict) and isinstance(value.get("text"), str) else ""


def _attachment(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    return next(iter(strings([value.get("title"), value.get("contentType"), value.get("url")])), "")


def _period(value: Any) -> str:
    return period_words(value.get("start"), value.get("end")) if isinstance(value, dict) else ""


def _sampled(value: Any) -> str:
    count = len(str(value.get("data", "")).split()) if isinstance(value, dict) else 0
    return f"a curve of {count} samples" if count else ""


def _timing(value: Any) -> str:
    """A schedule: http://hl7.org/fhir/DSTU2/datatypes.html#Timing."""
    if not isinstance(value, dict):
        return ""
    repeat = value.get("repeat")
    parts = [concept_words(value.get("code"))] if not isinstance(repeat, dict) else _repeat_words(repeat)
    parts += [", ".join(date_words(each) for each in strings(value.get("event")))]
    return ", ".join(part for part in parts if part)


def _repeat_words(repeat: Mapping[str, Any]) -> list[str]:
    often, most = repeat.get("frequency"), repeat.get("frequencyMax")
    period, unit = repeat.get("period"), _UNITS.get(str(repeat.get("periodUnits")), "")
    times = "" if often in (None, 1) else f"{_count(often)} times"
    if most is not None:
        times = f"{_count(often)} to {_count(most)} times"
    each = ""
    if unit and _count(period):
        whole = _count(period) == "1"
        each = f"every {unit}" if whole and not times else f"a {unit}" if whole else f"every {_count(period)} {unit}s"
    lasting = _count(repeat.get("duration"))
    length = f"for {lasting} {_UNITS.get(str(repeat.get('durationUnits')), '')}s" if lasting else ""
    bounds = _period(repeat.get("boundsPeriod")) or quantity_words(repeat.get("boundsQuantity"))
    return [f"{times} {each}".strip(), _EVENTS.get(str(repeat.get("when")), ""), length, bounds]


def _count(value: Any) -> str:
    """A number of hours or times: 8 for 8.0."""
    return number_words(value.normalize() if isinstance(value, Decimal) else value)


def _boolean(value: Any) -> str:
    return "Yes" if value is True else "No" if value is False else ""


def _number(value: Any) -> str:
    return number_words(value)


def _date(value: Any) -> str:
    return date_words(value)


def _binary(value: Any) -> str:
    return f"{len(value) * 3 // 4:,} bytes" if isinstance(value, str) else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else number_words(value)


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "Address": _address,
    "Age": quantity_words,
    "Annotation": _annotation,
    "Attachment": _attachment,
    "CodeableConcept": concept_words,
    "Coding": coding_words,
    "ContactPoint": _contact_point,
    "HumanName": name_words,
    "Identifier": _identifier,
    "Period": _period,
    "Quantity": quantity_words,
    "Range": range_words,
    "Ratio": _ratio,
    "Reference": reference_words,
    "SampledData": _sampled,
    "Timing": _timing,
    "base64Binary": _binary,
    "boolean": _boolean,
    "date": _date,
    "dateTime": _date,
    "instant": _date,
    "decimal": _number,
    "integer": _number,
    "positiveInt": _number,
    "unsignedInt": _number,
}
WORDED = frozenset(_WORDS)
"""The types that are said in one line."""
