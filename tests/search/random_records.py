"""Random resources and queries that meet often: both draw from the same small pools."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

from fhirstore.dstu2 import catalog
from tests.search.brute import BASE
from tests.search.brute_ordered import UCUM

Document = dict[str, Any]

SYSTEMS = ["http://loinc.org", "http://snomed.info/sct", "http://example.org/a|b"]
CODES = ["8480-6", "ABC", "abc", "a|b", "x$y", "c,d", "back\\slash", "final", "true"]
TEXTS = [
    "Peter", "peter", "Pétér", "PETERSON", "van Dyke", "O'Brien", "Ærøskøbing", "  spaced   out", "Straße", "100%",
    "a,b", "x|y", "日本", "ﬁne", "pet$er", "K\u0301",
]  # fmt: skip
DATES = [
    "2014", "2014-03", "2014-03-01", "2014-03-01T10:00:00Z", "2014-03-01T10:00:00.5Z", "2014-03-01T23:30:00-05:00",
    "2014-03-02T04:30:00Z", "2013-12-31T23:59:59+00:00", "2013-12", "2015", "2014-02-28", "2014-03-01T10:00:00.500Z",
    "2016-06-01", "1999-12-31",
]  # fmt: skip
NUMBERS = [
    "100", "100.0", "1.00E+2", "99.5", "100.5", "99.95", "100.2", "-5.5", "0", "0.0", "1E-7", "5.4", "5.40", "5",
    "37", "98.6", "37.0", "310.15", "1000", "0.1",
]  # fmt: skip
UNITS = [
    {"system": UCUM, "code": "mg", "unit": "mg"}, {"system": UCUM, "code": "g", "unit": "grams"},
    {"system": UCUM, "code": "kg"},
    {"unit": "mg"}, {"system": "http://example.org/units", "code": "mg"}, {"system": UCUM, "code": "Cel"},
    {"system": UCUM, "code": "[degF]"}, {}, {"system": UCUM, "code": "d"}, {"system": UCUM, "code": "h"},
    {"code": "mg"}, {"system": UCUM, "code": "furlong"},
]  # fmt: skip
IDS = ["p1", "p2", "p3"]
URIS = [
    "http://acme.org", "http://acme.org/", "http://acme.org/fhir", "http://acme.org/fhir/ValueSet/1", "http://acme.org/fhir2",
    "urn:oid:1.2.3", "urn:oid:1.2.3.4", "http://acme.org/fhir/",
]  # fmt: skip
PREFIXES = ["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]


def resource(random: Random, type_: str, id_: str, *, likelihood: float = 0.5) -> Document:
    """A resource with values at some of the places where its search parameters look."""
    document: Document = {"resourceType": type_, "id": id_}
    if random.random() < 0.3:
        document["contained"] = [
            {
                "resourceType": random.choice(["Patient", "Practitioner"]),
                "id": "c1",
                "name": [{"text": random.choice(TEXTS)}],
            }
        ]
    for parameter in catalog.search_parameters(type_).values():
        for path in parameter.paths:
            if random.random() < likelihood and parameter.name not in {"_id", "_lastUpdated"}:
                plant(random, document, type_, path)
    return document


def plant(random: Random, document: Document, type_: str, path: str) -> None:
    """Put a random value where a path leads, between whatever stands there."""
    rest = path.split(".", 1)[1]
    if "extension('" in rest:
        before, _, after = rest.partition("extension('")
        node = _reach(random, document, type_, before.strip("."))[0] if before else document
        held = {"url": after.split("'")[0], "valueCodeableConcept": value(random, "CodeableConcept")}
        node.setdefault("extension", []).append(held)
        return
    if ".where(system='" in rest:
        telecom = {**value(random, "ContactPoint"), "system": rest.split("'")[1]}
        document.setdefault("telecom", []).append(telecom)
        return
    parent, _, last = rest.replace("[0]", "").rpartition(".")
    node, here = _reach(random, document, type_, parent) if parent else (document, type_)
    for element in catalog.elements(here):
        if element.name == last.removesuffix("[x]") or last in element.json_names:
            names = [last] if last in element.json_names else list(element.json_names)
            json_name = random.choice(names)
            for other in element.json_names:
                node.pop(other, None)
            made = [value(random, element.json_names[json_name]) for _ in range(random.randint(1, 2))]
            node[json_name] = made[0] if element.max == 1 else made
            return
    raise AssertionError(path)


def _reach(random: Random, node: Document, here: str, path: str) -> tuple[Document, str]:
    for step in path.split("."):
        element = next(each for each in catalog.elements(here) if step in each.json_names)
        if element.max == 1:
            node = node.setdefault(step, {})
        else:
            held = node.setdefault(step, [{}])
            if len(held) < 3 and random.random() < 0.3:
                held.append({})
            node = random.choice(held)
        here = element.content or (element.path if catalog.elements(element.path) else element.types[0])
    return node, here


def value(random: Random, kind: str) -> Any:
    pick = random.choice
    match kind:
        case "CodeableConcept":
            codings = [value(random, "Coding") for _ in range(random.randint(0, 2))]
            return {
                **({"coding": codings} if codings else {}),
                **({"text": pick(TEXTS)} if random.random() < 0.5 else {"id": "e"}),
            }
        case "Coding":
            return {**_maybe(random, "system", SYSTEMS), "code": pick(CODES), **_maybe(random, "display", TEXTS)}
        case "Identifier":
            return {**_maybe(random, "system", SYSTEMS), "value": pick(CODES), "type": {"text": pick(TEXTS)}}
        case "ContactPoint":
            return {"system": pick(["phone", "email"]), "value": pick(CODES)}
        case "HumanName":
            return {"family": [pick(TEXTS)], "given": [pick(TEXTS), pick(TEXTS)], **_maybe(random, "text", TEXTS)}
        case "Address":
            return {"line": [pick(TEXTS)], **_maybe(random, "city", TEXTS), **_maybe(random, "country", TEXTS)}
        case "Reference":
            return {"display": "someone"} if random.random() < 0.1 else {"reference": address(random)}
        case "Quantity":
            comparator = {"comparator": pick(["<", "<=", ">", ">="])} if random.random() < 0.2 else {}
            return {"value": _number(pick(NUMBERS)), **pick(UNITS), **comparator}
        case "Period":
            return {**_maybe(random, "start", DATES), **_maybe(random, "end", DATES)}
        case "Timing":
            return {
                "event": [pick(DATES), pick(DATES)],
                **({"repeat": {"boundsPeriod": value(random, "Period")}} if random.random() < 0.5 else {}),
            }
        case "SampledData":
            return {"origin": {"value": 0}, "data": "E"}
        case "date" | "dateTime" | "instant":
            return pick(DATES)
        case "boolean":
            return random.random() < 0.5
        case "uri" | "oid":
            return pick(URIS)
        case "positiveInt" | "integer" | "unsignedInt":
            return random.randint(1, 12)
        case "Resource":
            return {"resourceType": pick(["MessageHeader", "Composition"]), "id": pick(IDS)}
        case "string" | "markdown":
            return pick(TEXTS)
        case "code" | "id":
            return pick(CODES)
    return {"id": "other"}


def _maybe(random: Random, name: str, pool: list[str]) -> Document:
    return {name: random.choice(pool)} if random.random() < 0.7 else {}


def _number(text: str) -> Decimal | int:
    return Decimal(text) if "." in text or "E" in text else int(text)


def address(random: Random) -> str:
    kind, id_ = (
        random.choice(["Patient", "Practitioner", "Group", "Organization", "CarePlan", "Observation", "Medication"]),
        random.choice(IDS),
    )
    return random.choice(
        [f"{kind}/{id_}"] * 6
        + [f"{BASE}/{kind}/{id_}", f"http://other.org/{kind}/{id_}", f"{kind}/{id_}/_history/2", "#c1", "urn:uuid:7"]
    )


# -- queries ----------------------------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    for mark in ("\\", ",", "|", "$"):
        text = text.replace(mark, "\\" + mark)
    return text


def query(random: Random, type_: str) -> tuple[str, str | None, str] | None:
    """A parameter of the type, a modifier and a value; None where the parameter cannot be asked for so."""
    known = catalog.search_parameters(type_).values()
    # Each kind as often as any other: there are three hundred references and five numbers.
    kind = random.choice(sorted({each.type for each in known}))
    parameter = random.choice([each for each in known if each.type == kind])
    if (parameter.name.startswith("_") and parameter.type in {"string", "date"}) or parameter.name == "_query":
        return None
    if parameter.usage in {"phonetic", "nearby", "distance"}:
        return None
    if parameter.name == "_id":
        return "_id", None, random.choice(IDS)
    if random.random() < 0.12:
        return parameter.name, "missing", random.choice(["true", "false"])
    modifier = random.choice(_MODIFIERS.get(parameter.type, [None]))
    if modifier == "Patient" and parameter.targets and modifier not in parameter.targets:
        return None  # refused, for no value could be meant
    texts = [asked(random, type_, parameter, modifier) for _ in range(random.choice([1, 1, 1, 2]))]
    return parameter.name, modifier, ",".join(texts)


_MODIFIERS: dict[str, list[str | None]] = {
    "token": [None, None, "not", "text"],
    "string": [None, None, "exact", "contains"],
    "uri": [None, "below", "above"],
    "reference": [None, None, None, "Patient"],
}


def asked(random: Random, type_: str, parameter: catalog.SearchParameter, modifier: str | None = None) -> str:
    pick = random.choice
    match parameter.type:
        case "token" if modifier == "text":
            return escaped(_part(random, pick(TEXTS)))
        case "token":
            code = escaped(pick([*CODES, "false"]).swapcase() if random.random() < 0.3 else pick(CODES))
            system = escaped(
                pick([*SYSTEMS, "http://hl7.org/fhir/observation-status", "http://hl7.org/fhir/administrative-gender"])
            )
            return pick([code, code, f"{system}|{code}", f"|{code}", f"{system}|"])
        case "string":
            return escaped(pick(TEXTS) if modifier == "exact" else _part(random, pick(TEXTS)))
        case "date":
            return pick(PREFIXES) + pick(DATES)
        case "number":
            return pick(PREFIXES) + (
                pick(NUMBERS).replace("E", "e") if random.random() < 0.5 else str(random.randint(1, 12))
            )
        case "quantity":
            unit = pick(
                [
                    "",
                    "",
                    f"|{UCUM}|mg",
                    f"|{UCUM}|g",
                    f"|{UCUM}|Cel",
                    f"|{UCUM}|[degF]",
                    "||mg",
                    f"|{UCUM}|furlong",
                    "|http://example.org/units|mg",
                    "|http://example.org/units|",
                    "||grams",
                ]
            )
            return pick(PREFIXES) + pick(NUMBERS) + unit
        case "reference":
            return pick([pick(IDS), address(random), f"Patient/{pick(IDS)}", f"{BASE}/Patient/{pick(IDS)}"])
        case "uri":
            return escaped(pick(URIS))
        case "composite":
            named = catalog.search_parameters(type_)
            sides = [named[name] for name in parameter.components]
            bare = random.random() < 0.6 and sides[0].type == "token"
            return (
                f"{escaped(pick(CODES)) if bare else asked(random, type_, sides[0])}${asked(random, type_, sides[1])}"
            )
    raise AssertionError(parameter.type)


def _part(random: Random, text: str) -> str:
    """The beginning of a text, or all of it, that has something in it beside spaces and accents."""
    part = text[: random.randint(1, len(text))]
    return part if any(character.isalnum() for character in part) else text
