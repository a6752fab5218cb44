"""Searches read from the specification and answered from the documents, with no index: what entries and plans must equal.

http://hl7.org/fhir/DSTU2/search.html. Nothing here uses fhirstore.search; only the official facts of the catalog.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from fhirstore.dstu2 import catalog

BASE = "http://here.example.org/fhir"
NOW = datetime(2016, 1, 1, tzinfo=UTC)
UCUM = "http://unitsofmeasure.org"

Document = dict[str, Any]
Value = tuple[Any, str]

_UNITS = {
    "g": ("g", Fraction(1), Fraction(0)), "mg": ("g", Fraction(1, 1000), Fraction(0)), "kg": ("g", Fraction(1000), Fraction(0)),
    "Cel": ("K", Fraction(1), Fraction("273.15")), "[degF]": ("K", Fraction(5, 9), Fraction("459.67")),
    "d": ("s", Fraction(86400), Fraction(0)), "h": ("s", Fraction(3600), Fraction(0)), "min": ("s", Fraction(60), Fraction(0)),
    "a": ("s", Fraction(31557600), Fraction(0)),
}  # fmt: skip
_EXTRA = {
    ("Condition", "age"): ["Condition.onsetQuantity"],
    ("FamilyMemberHistory", "condition"): ["FamilyMemberHistory.condition.code"],
    ("FamilyMemberHistory", "relationship"): ["FamilyMemberHistory.relationship"],
}
_PARTS = {
    "HumanName": ["text", "family", "given", "prefix", "suffix"],
    "Address": ["text", "line", "city", "district", "state", "postalCode", "country"],
}


def split(text: str, separator: str) -> list[str]:
    parts, current, escaped = [], "", False
    for character in text:
        if escaped:
            current += character
            escaped = False
        elif character == "\\":
            current += character
            escaped = True
        elif character == separator:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def plain(text: str) -> str:
    for mark in ("\\", ",", "|", "$"):
        text = text.replace("\\" + mark, f"\0{ord(mark)}\0")
    for mark in ("\\", ",", "|", "$"):
        text = text.replace(f"\0{ord(mark)}\0", mark)
    return text


def fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def values(document: Document, type_: str, name: str) -> list[Value]:
    """The values of a parameter in a document."""
    paths = _EXTRA.get((type_, name)) or catalog.search_parameters(type_)[name].paths
    return [value for path in paths for value in _walk(document, type_, path.split(".", 1)[1])]


def _walk(node: Any, type_: str, path: str) -> Iterator[Value]:
    if "extension('" in path or "[0]" in path or ".where(" in path:
        yield from _walk_specially(node, path)
        return
    name, _, rest = path.partition(".")
    for element in catalog.elements(type_):
        for json_name, kind in element.json_names.items():
            wanted = element.name == name.removesuffix("[x]") if name.endswith("[x]") else json_name == name
            if not wanted or not isinstance(node, dict) or node.get(json_name) is None:
                continue
            held = node[json_name]
            for each in held if isinstance(held, list) else [held]:
                if rest:
                    yield from _walk(each, element.content or (element.path if catalog.elements(element.path) else kind), rest)
                else:
                    yield each, kind


def _walk_specially(node: Document, path: str) -> Iterator[Value]:
    """The three odd forms: the first entry's resource, telecoms of a system, and the values of an extension."""
    if path == "entry.resource[0]":
        for entry in node.get("entry", [])[:1]:
            if "resource" in entry:
                yield entry["resource"], "Resource"
    elif path.startswith("telecom.where(system='"):
        for telecom in node.get("telecom", []):
            if telecom.get("system") == path.split("'")[1]:
                yield telecom, "ContactPoint"
    else:
        before, _, after = path.partition("extension('")
        holders: list[Any] = [node]
        for step in before.strip(".").split(".") if before else []:
            holders = [each for holder in holders for each in holder.get(step, [])]
        for holder in holders:
            for extension in holder.get("extension", []):
                if extension.get("url") == after.split("'")[0]:
                    yield from ((extension[key], key[5:]) for key in extension if key.startswith("value"))


# -- matching, by kind ------------------------------------------------------------------------------------------------


def codes(value: Value) -> list[tuple[str | None, str]]:
    """System and code; the system is "" where there is none, None where the type has no system."""
    held, kind = value
    if kind == "CodeableConcept":
        return [pair for coding in held.get("coding", []) for pair in codes((coding, "Coding"))]
    if kind in {"Coding", "Identifier"}:
        code = held.get("code" if kind == "Coding" else "value")
        return [(held.get("system", ""), code)] if code else []
    if kind == "ContactPoint":
        return [(None, held["value"])] if held.get("value") else []
    if kind == "dateTime":
        return [(None, "true")]
    if isinstance(held, bool):
        return [(None, str(held).lower())]
    return [(None, str(held))] if isinstance(held, str | int) else []


def texts_of_code(value: Value) -> list[str]:
    held, kind = value
    if kind == "CodeableConcept":
        return [t for t in [held.get("text"), *(c.get("display") for c in held.get("coding", []))] if t]
    if kind == "Coding":
        return [held["display"]] if held.get("display") else []
    return [held["type"]["text"]] if kind == "Identifier" and held.get("type", {}).get("text") else []


def token(value: Value, text: str, systems: frozenset[str], system_less: bool) -> bool:
    parts = [plain(part) for part in split(text, "|")]
    wanted = parts[-1].casefold()
    for system, code in codes(value):
        if wanted and code.casefold() != wanted:
            continue
        if len(parts) == 1:
            return True
        if system is None:
            # Codes belong to the system of their value set; other plain values have none, and it is not used.
            if value[1] == "code" and parts[0] and systems and parts[0] not in systems:
                continue
            if system_less or (not parts[0] and wanted):
                return True
        elif system == parts[0]:
            return True
    return False


def strings(value: Value) -> list[str]:
    held, kind = value
    if kind in _PARTS:
        found = [held[name] for name in _PARTS[kind] if name in held]
        return [text for each in found for text in (each if isinstance(each, list) else [each])]
    return [held] if isinstance(held, str) and kind in {"string", "markdown", "code", "uri", "id"} else []


def string(value: Value, text: str, modifier: str | None) -> bool:
    wanted = plain(text)
    if modifier == "exact":
        return wanted in strings(value)
    folded = [fold(each) for each in strings(value)]
    if modifier == "contains":
        return any(fold(wanted) in each for each in folded)
    return any(each.startswith(fold(wanted)) for each in folded)


def moment(text: str) -> tuple[datetime, datetime]:
    """The interval that a date leaves open, in UTC."""
    if len(text) <= 10:
        year, *rest = [int(part) for part in text.split("-")]
        start = datetime(year, *([*rest, 1, 1][:2]), tzinfo=UTC)  # type: ignore[arg-type]
        if not rest:
            return start, datetime(year + 1, 1, 1, tzinfo=UTC)
        if len(rest) == 1:
            return start, datetime(year + rest[0] // 12, rest[0] % 12 + 1, 1, tzinfo=UTC)
        return start, start + timedelta(days=1)
    zoned = text if text.endswith("Z") or text[-6] in "+-" else text + "Z"
    start = datetime.fromisoformat(zoned.replace("Z", "+00:00")).astimezone(UTC)
    clock = zoned[11:].rstrip("Z").split("+")[0].split("-")[0]
    if clock.count(":") == 1:
        return start, start + timedelta(minutes=1)
    fraction = clock.partition(".")[2]
    return start, start + timedelta(seconds=1) / 10 ** len(fraction)


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def moments(value: Value) -> list[tuple[datetime, datetime]]:
    held, kind = value
    if kind in {"date", "dateTime", "instant"}:
        return [moment(held)]
    if kind == "Period":
        if "start" not in held and "end" not in held:
            return []
        low = moment(held["start"])[0] if "start" in held else _FIRST
        high = moment(held["end"])[1] if "end" in held else _LAST
        return [(low, high)] if low < high else []
    if kind == "Timing":
        all_ = [moment(event) for event in held.get("event", [])]
        bounds = held.get("repeat", {}).get("boundsPeriod")
        all_ += moments((bounds, "Period")) if bounds else []
        return [(min(low for low, _ in all_), max(high for _, high in all_))] if all_ else []
    return []


def cut(text: str) -> tuple[str, str]:
    return (text[:2], text[2:]) if text[:2] in "eq ne gt lt ge le sa eb ap".split() else ("eq", text)


def date(value: Value, text: str) -> bool:
    prefix, rest = cut(text)
    low, high = moment(rest)
    if prefix == "ap":
        gap = max(low - NOW, NOW - high, timedelta(0)) // 10
        low, high = low - gap, high + gap
    return any(_related(prefix, target, (low, high)) for target in moments(value))


def _related(prefix: str, target: tuple[Any, Any], search: tuple[Any, Any]) -> bool:
    """The prefixes as they are defined for ranges."""
    contained = search[0] <= target[0] and target[1] <= search[1]
    above, below = target[1] > search[1], target[0] < search[0]
    return {
        "eq": contained,
        "ne": not contained,
        "gt": above,
        "lt": below,
        "ge": above or contained,
        "le": below or contained,
        "sa": target[0] >= search[1],
        "eb": target[1] <= search[0],
        "ap": target[0] < search[1] and target[1] > search[0],
    }[prefix]


def precision(number: Decimal) -> Fraction:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return Fraction(10) ** exponent / 2


Interval = tuple[Fraction | None, Fraction | None, bool, bool]
"""Limits (None is none) and whether each belongs to it."""


def number(value: Decimal, text: str, *, exact: bool = False, comparator: str | None = None) -> bool:
    """One number against one search value without conversion."""
    prefix, rest = cut(text)
    return compare(prefix, Decimal(value), Decimal(rest), exact=exact, comparator=comparator)


def compare(
    prefix: str, target: Decimal, wanted: Decimal, *, exact: bool = False, comparator: str | None = None,
    target_unit: tuple[Fraction, Fraction] = (Fraction(1), Fraction(0)),
    unit: tuple[Fraction, Fraction] = (Fraction(1), Fraction(0)),
) -> bool:  # fmt: skip
    """Units are (factor, shift); base value = (value + shift) × factor."""

    def based(number: Fraction, scale: tuple[Fraction, Fraction]) -> Fraction:
        return (number + scale[1]) * scale[0]

    around = Fraction(0) if exact else precision(target)
    value = based(Fraction(target), target_unit)
    low, high = (based(Fraction(target) + each, target_unit) for each in (-around, around))
    x = Fraction(wanted)
    margin = max(precision(wanted), abs(x) / 10) if prefix == "ap" else precision(wanted)
    bottom, top, x = based(x - margin, unit), based(x + margin, unit), based(x, unit)
    infinite = Fraction(10) ** 60
    closed_low, closed_high = True, exact
    least, most = value, value
    least_in = most_in = True
    if comparator:
        low = least = -infinite if "<" in comparator else value
        high = most = infinite if ">" in comparator else value
        closed_low = least_in = "<" in comparator or "=" in comparator
        closed_high = most_in = ">" in comparator or "=" in comparator
    above_x = most > x
    below_x = least < x
    contained = bottom <= low and (high < top or (high == top and not closed_high))
    touches_top = low < top
    touches_bottom = high > bottom or (high == bottom and closed_high)
    return {
        "eq": contained,
        "ne": not contained,
        "gt": above_x,
        "lt": below_x,
        "ge": above_x or (most == x and most_in),
        "le": below_x or (least == x and least_in),
        "sa": low > x or (low == x and not closed_low),
        "eb": high < x or (high == x and not closed_high),
        "ap": touches_top and touches_bottom,
    }[prefix]


def quantity(value: Value, text: str) -> bool:
    held, kind = value
    if kind != "Quantity" or "value" not in held:
        return False
    parts = [plain(part) for part in split(text, "|")]
    prefix, rest = cut(parts[0])
    target, wanted, comparator = Decimal(held["value"]), Decimal(rest), held.get("comparator")
    if len(parts) == 1 or parts[1:] == ["", ""]:
        return compare(prefix, target, wanted, comparator=comparator)
    _, system, code = parts
    if system == UCUM and code in _UNITS:
        mine = _UNITS.get(held.get("code", "")) if held.get("system") == UCUM else None
        base, factor, shift = _UNITS[code]
        if mine is None or mine[0] != base:
            return False
        return compare(
            prefix, target, wanted, comparator=comparator, target_unit=(mine[1], mine[2]), unit=(factor, shift)
        )
    if system:
        same = held.get("system") == system and (not code or held.get("code") == code)
    else:
        same = code in {held.get("code"), held.get("unit")}
    return same and compare(prefix, target, wanted, comparator=comparator)


def addresses(value: Value) -> list[str]:
    held, kind = value
    text = held if kind == "uri" else held.get("reference") if kind == "Reference" else None
    if kind == "Resource" and held.get("id"):
        text = f"{held['resourceType']}/{held['id']}"
    if not text:
        return []
    text = text.removeprefix(BASE + "/")
    return [text, text.split("/_history/")[0]] if "/_history/" in text else [text]


def type_of(address: str, document: Document) -> str | None:
    if address.startswith("#"):
        return next((c["resourceType"] for c in document.get("contained", []) if c["id"] == address[1:]), None)
    parts = address.split("/_history/")[0].split("/")
    return parts[-2] if len(parts) > 1 and catalog.is_resource_type(parts[-2]) else None


def reference(value: Value, text: str, modifier: str | None, targets: tuple[str, ...], document: Document) -> bool:
    wanted = plain(text).removeprefix(BASE + "/")
    for address in addresses(value):
        kind = type_of(address, document)
        if targets and kind is not None and kind not in targets:
            continue
        if "/" in wanted or ":" in wanted or wanted.startswith("#"):
            named = type_of(wanted, {})
            if address == wanted and (modifier is None or named in {None, modifier}):
                return True
        elif address == f"{kind}/{wanted}" and modifier in {None, kind}:
            return True
    return False


def uri(value: Value, text: str, modifier: str | None) -> bool:
    held, wanted = value[0], plain(text)
    if held == wanted:
        return True
    if modifier is None or "://" not in wanted or "://" not in held:
        return False
    inner, outer = (held, wanted) if modifier == "below" else (wanted, held)
    return inner.startswith(outer.rstrip("/") + "/") or (modifier == "above" and inner.rstrip("/") == outer.rstrip("/"))


def matches(document: Document, name: str, modifier: str | None, text: str) -> bool:
    """Whether a document is found by one search parameter with its modifier and value."""
    type_ = document["resourceType"]
    if name == "_id":
        return document["id"] in [plain(each) for each in split(text, ",")]
    parameter = catalog.search_parameters(type_)[name]
    if modifier == "missing":
        return _present(document, type_, parameter) != (text == "true")
    if modifier == "not":
        return not any(_one(document, parameter, None, each) for each in split(text, ","))
    return any(_one(document, parameter, modifier, each) for each in split(text, ","))


def _present(document: Document, type_: str, parameter: catalog.SearchParameter) -> bool:
    if parameter.type == "composite":
        return bool(list(_pairs(document, parameter)))
    found = values(document, type_, parameter.name)
    if parameter.type == "reference":
        kinds = [(type_of(a, document) if (a := (addresses(v) or [""])[0]) else None) for v in found]
        return any(not parameter.targets or kind is None or kind in parameter.targets for kind in kinds)
    return bool(found)


def _one(document: Document, parameter: catalog.SearchParameter, modifier: str | None, text: str) -> bool:
    type_ = document["resourceType"]
    if parameter.type == "composite":
        first, second = split(text, "$")
        known = catalog.search_parameters(type_)
        names = parameter.components
        return any(
            _value(left, known[names[0]], None, first, document, type_)
            and _value(right, known[names[1]], None, second, document, type_)
            for left, right in _pairs(document, parameter)
        )
    found = values(document, type_, parameter.name)
    return any(_value(value, parameter, modifier, text, document, type_) for value in found)


def _value(
    value: Value, parameter: catalog.SearchParameter, modifier: str | None, text: str, document: Document, type_: str
) -> bool:  # fmt: skip
    match parameter.type:
        case "token" if modifier == "text":
            return any(fold(each).startswith(fold(plain(text))) for each in texts_of_code(value))
        case "token":
            return token(value, text, *_systems(type_, parameter.name))
        case "string":
            return string(value, text, modifier)
        case "date":
            return date(value, text)
        case "number":
            return _number(value, text, type_, parameter.name)
        case "quantity":
            return quantity(value, text)
        case "reference":
            return reference(value, text, modifier, parameter.targets, document)
        case "uri":
            return uri(value, text, modifier)
    raise AssertionError(parameter.type)


def _number(value: Value, text: str, type_: str, name: str) -> bool:
    held, kind = value
    if kind != "Quantity":
        return number(held, text, exact=True)
    if "value" not in held:
        return False
    prefix, rest = cut(text)
    wanted = {"length": "d", "age": "a"}[name]
    mine = _UNITS.get(held.get("code", "")) if held.get("system") in {UCUM, None} else None
    ratio = mine[1] / _UNITS[wanted][1] if mine and mine[0] == "s" else Fraction(1)
    return compare(prefix, Decimal(held["value"]), Decimal(rest), target_unit=(ratio, Fraction(0)))


_PLAIN = {"code", "boolean", "string", "id", "uri", "oid", "ContactPoint", "positiveInt", "integer", "dateTime"}


def _systems(type_: str, name: str) -> tuple[frozenset[str], bool]:
    """The systems of a parameter's codes, and whether none of its types has a system property."""
    systems: set[str] = set()
    kinds: set[str] = set()
    for path in _EXTRA.get((type_, name)) or catalog.search_parameters(type_)[name].paths:
        here, last = type_, path.split(".", 1)[1]
        while "." in last and "(" not in last:
            step, last = last.split(".", 1)
            element = next(each for each in catalog.elements(here) if step in each.json_names)
            here = element.content or (element.path if catalog.elements(element.path) else element.types[0])
        if "(" in last:
            kinds.add("ContactPoint" if "telecom" in last else "any")
            continue
        for element in catalog.elements(here):
            if last.removesuffix("[x]") == element.name or last in element.json_names:
                kinds |= {element.json_names[last]} if last in element.json_names else set(element.types)
                if element.binding and "code" in element.types:
                    systems |= catalog.code_systems(element.binding.value_set)
    return frozenset(systems), kinds <= _PLAIN


_INNERMOST = {
    "component-code-value-quantity": "component", "component-code-value-concept": "component",
    "component-code-value-string": "component", "event-status-date": "event", "item-status-date": "item.event",
    "characteristic-value": "characteristic", "relationship": "relatesTo",
}  # fmt: skip
_RELATED = {"CarePlan": "relatedPlan", "Observation": "related"}


def _pairs(document: Document, parameter: catalog.SearchParameter) -> Iterator[tuple[Value, Value]]:
    """The pairs of values within one element."""
    type_ = document["resourceType"]
    path = _RELATED[type_] if parameter.name == "related" else _INNERMOST.get(parameter.name, "")
    elements: list[tuple[Any, str]] = list(_walk(document, type_, path)) if path else [(document, type_)]
    known = catalog.search_parameters(type_)
    depth = len(path.split(".")) if path else 0
    here = type_
    for step in path.split(".") if path else []:
        element_of_step = next(each for each in catalog.elements(here) if step in each.json_names)
        here = element_of_step.content or element_of_step.path
    for element, _ in elements:
        lefts, rights = (
            [found for each in known[name].paths for found in _walk(element, here, each.split(".", depth + 1)[depth + 1])]
            for name in parameter.components
        )
        yield from ((left, right) for left in lefts for right in rights)
