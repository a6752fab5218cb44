"""Searches read from the specification and answered from the documents, with no index at all.

http://hl7.org/fhir/DSTU2/search.html. Nothing here uses fhirstore.search; only the official facts of the catalog.
"""

from __future__ import annotations

import unicodedata

from fhirstore.dstu2 import catalog
from tests.search.brute_ordered import date, number_of, plain, quantity, split
from tests.search.brute_paths import EXTRA, Document, Value, pairs, values

BASE = "http://here.example.org/fhir"


_PARTS = {
    "HumanName": ["text", "family", "given", "prefix", "suffix"],
    "Address": ["text", "line", "city", "district", "state", "postalCode", "country"],
}


def fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


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
    parts = address.split("/_history/", maxsplit=1)[0].split("/")
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
        elif (address == f"{kind}/{wanted}" and modifier in {None, kind}) or (modifier is None and address == wanted):
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
        return bool(list(pairs(document, parameter)))
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
            for left, right in pairs(document, parameter)
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
            return number_of(value, text, type_, parameter.name)
        case "quantity":
            return quantity(value, text)
        case "reference":
            return reference(value, text, modifier, parameter.targets, document)
        case "uri":
            return uri(value, text, modifier)
    raise AssertionError(parameter.type)


_PLAIN = {"code", "boolean", "string", "id", "uri", "oid", "ContactPoint", "positiveInt", "integer", "dateTime"}


def _systems(type_: str, name: str) -> tuple[frozenset[str], bool]:
    """The systems of a parameter's codes, and whether none of its types has a system property."""
    systems: set[str] = set()
    kinds: set[str] = set()
    for path in EXTRA.get((type_, name)) or catalog.search_parameters(type_)[name].paths:
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
