"""The invariants of the data types. http://hl7.org/fhir/DSTU2/datatypes.html"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from fhirstore.dstu2.invariants.rule import Element, Table, each, has, has_choice, unique
from fhirstore.dstu2.primitives import moments

UCUM = "http://unitsofmeasure.org"
CURRENCY = "urn:iso:std:iso:4217"
CODED_TYPES = {"code", "Coding", "CodeableConcept", "Quantity", "Extension", "string", "uri"}


def in_order(low: str | None, high: str | None) -> bool:
    """Whether two dates can be in that order: 2015-02-07 reaches to the end of its day."""
    if low is None or high is None:
        return True
    first, last = moments(low), moments(high)
    return first is None or last is None or first[0] <= last[1]


def quantity_names_its_system(quantity: Element) -> bool:
    return not has(quantity, "code") or has(quantity, "system")


def coded_in(quantity: Element, system: str) -> bool:
    """A value has a code, and a system, where there is one, is that of the kind."""
    return (has(quantity, "code") or not has(quantity, "value")) and quantity.get("system", system) == system


def age_is_positive_time(quantity: Element) -> bool:
    return coded_in(quantity, UCUM) and quantity.get("value", 0) >= 0


def count_is_whole(quantity: Element) -> bool:
    value = quantity.get("value")
    return (
        coded_in(quantity, UCUM)
        and (not has(quantity, "system") or quantity.get("code") == "1")
        and (not isinstance(value, Decimal) or value.as_tuple().exponent == 0)
    )


def low_is_not_above_high(span: Element) -> bool:
    low, high = span.get("low", {}).get("value"), span.get("high", {}).get("value")
    return low is None or high is None or bool(low <= high)


def ratio_is_whole(ratio: Element) -> bool:
    if has(ratio, "numerator") != has(ratio, "denominator"):
        return False
    return has(ratio, "numerator") or has(ratio, "extension")


def not_negative(value: Any) -> bool:
    return bool(value >= 0)


def types_are_unique(definition: Element) -> bool:
    return unique(
        (kind.get("code"), profile)
        for kind in each(definition, "type")
        for profile in set(kind.get("profile", ()))
    )


def binding_is_for_coded_types(definition: Element) -> bool:
    codes = {kind.get("code") for kind in each(definition, "type")}
    return not has(definition, "binding") or not codes or bool(codes & CODED_TYPES)


def min_is_not_above_max(definition: Element) -> bool:
    low, high = definition.get("min"), definition.get("max")
    if low is None or high is None or not (high.isascii() and high.isdecimal()):
        return True
    # Compared by length first: a maximum of a million digits is never made a number.
    return len(high) > 10 or int(high) >= low


def has_one_type_for(name: str, definition: Element) -> bool:
    return not has_choice(definition, name) or len(definition.get("type", ())) == 1


def aggregates_references(kind: Element) -> bool:
    return not has(kind, "aggregation") or kind.get("code") == "Reference"


RULES: Table = {
    ("Quantity", "qty-3"): (quantity_names_its_system, "a unit's code needs its system"),
    ("SimpleQuantity", "qty-3"): (quantity_names_its_system, "a unit's code needs its system"),
    ("SimpleQuantity", "sqty-1"): (lambda q: not has(q, "comparator"), "a simple quantity has no comparator"),
    ("Age", "qty-3"): (quantity_names_its_system, "a unit's code needs its system"),
    ("Age", "age-1"): (age_is_positive_time, "an age is positive and has a UCUM code of time"),
    ("Count", "qty-3"): (quantity_names_its_system, "a unit's code needs its system"),
    ("Count", "cnt-1"): (count_is_whole, "a count is a whole number with the UCUM code 1"),
    ("Distance", "qty-3"): (quantity_names_its_system, "a unit's code needs its system"),
    ("Distance", "dis-1"): (lambda q: coded_in(q, UCUM), "a distance has a UCUM code of length"),
    ("Duration", "qty-3"): (quantity_names_its_system, "a unit's code needs its system"),
    ("Duration", "drt-1"): (lambda q: coded_in(q, UCUM), "a duration has a UCUM code of time"),
    ("Money", "qty-3"): (quantity_names_its_system, "a currency's code needs its system"),
    ("Money", "mny-1"): (lambda q: coded_in(q, CURRENCY), f"money has a currency code of {CURRENCY}"),
    ("Attachment", "att-1"): (
        lambda a: not has(a, "data") or has(a, "contentType"),
        "data needs a contentType",
    ),
    ("ContactPoint", "cpt-2"): (lambda c: not has(c, "value") or has(c, "system"), "a value needs a system"),
    ("Period", "per-1"): (lambda p: in_order(p.get("start"), p.get("end")), "start is not after end"),
    ("Range", "rng-2"): (low_is_not_above_high, "low is not above high"),
    ("Ratio", "rat-1"): (
        ratio_is_whole,
        "numerator and denominator stand together, or an extension stands for both",
    ),
    ("Timing.repeat", "tim-1"): (
        lambda r: not has(r, "duration") or has(r, "durationUnits"),
        "a duration needs durationUnits",
    ),
    ("Timing.repeat", "tim-2"): (
        lambda r: not has(r, "period") or has(r, "periodUnits"),
        "a period needs periodUnits",
    ),
    ("Timing.repeat", "tim-3"): (
        lambda r: not (has(r, "period", "frequency") and has(r, "when")),
        "when excludes frequency and period",
    ),
    ("Timing.repeat", "tim-6"): (
        lambda r: not has(r, "periodMax") or has(r, "period"),
        "periodMax needs a period",
    ),
    ("Timing.repeat", "tim-7"): (
        lambda r: not has(r, "durationMax") or has(r, "duration"),
        "durationMax needs a duration",
    ),
    ("Timing.repeat.duration", "tim-4"): (not_negative, "a duration is not negative"),
    ("Timing.repeat.period", "tim-5"): (not_negative, "a period is not negative"),
    ("ElementDefinition", "eld-2"): (min_is_not_above_max, "min is not above max"),
    ("ElementDefinition", "eld-5"): (
        lambda d: not (has(d, "nameReference") and has_choice(d, "fixed")),
        "a nameReference excludes a fixed value",
    ),
    ("ElementDefinition", "eld-6"): (
        lambda d: has_one_type_for("fixed", d),
        "a fixed value needs exactly one type",
    ),
    ("ElementDefinition", "eld-7"): (
        lambda d: has_one_type_for("pattern", d),
        "a pattern needs exactly one type",
    ),
    ("ElementDefinition", "eld-8"): (
        lambda d: not (has_choice(d, "pattern") and has_choice(d, "fixed")),
        "a pattern excludes a fixed value",
    ),
    ("ElementDefinition", "eld-11"): (
        binding_is_for_coded_types,
        "only coded elements, strings and URIs are bound",
    ),
    ("ElementDefinition", "eld-13"): (types_are_unique, "types differ in code or profile"),
    ("ElementDefinition", "eld-14"): (
        lambda d: unique(constraint.get("key") for constraint in each(d, "constraint")),
        "constraint keys are unique",
    ),
    ("ElementDefinition", "eld-15"): (
        lambda d: not (has_choice(d, "defaultValue") and has(d, "meaningWhenMissing")),
        "a default value excludes meaningWhenMissing",
    ),
    ("ElementDefinition.slicing", "eld-1"): (
        lambda s: has(s, "discriminator", "description"),
        "slicing needs discriminators or a description",
    ),
    ("ElementDefinition.max", "eld-3"): (
        lambda text: text == "*" or (text.isascii() and text.isdecimal()),
        'max is a number or "*"',
    ),
    ("ElementDefinition.type", "eld-4"): (aggregates_references, "aggregation is for references only"),
    ("ElementDefinition.binding", "eld-10"): (
        lambda b: has(b, "valueSetUri", "valueSetReference", "description"),
        "a binding needs a value set or a description",
    ),
    # As published it tests the text of a Reference too, which has none.
    ("ElementDefinition.binding.valueSet[x]", "eld-12"): (
        lambda value: not isinstance(value, str) or value.startswith(("http:", "https:")),
        "a value set's URI starts with http: or https:",
    ),
}
