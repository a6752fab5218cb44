"""Random searches, each with what the plainest reading of the specification says that it finds.

http://hl7.org/fhir/DSTU2/search.html. Criteria alone and together, chains, reverse chains, `_filter`, value sets,
`_lastUpdated`, `_text`, lists of resources, and orders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from fhirstore.dstu2 import catalog
from tests.search import brute, brute_ordered, random_records
from tests.search.brute import fold, matches
from tests.search.brute_paths import Document, values
from tests.search.random_records import CODES, IDS, SYSTEMS, TEXTS, escaped

_PLACES = {"phonetic", "nearby", "distance"}
"""Usages of parameters that ask in a way of their own."""

Holds = Callable[[Document, Sequence[Document]], bool]
"""Whether a document of a record is found."""

LINKS = [
    ("Observation", "subject", "Patient"),
    ("Observation", "patient", "Patient"),
    ("Observation", "performer", "Practitioner"),
    ("Observation", "performer", "Organization"),
    ("Observation", "related-target", "Observation"),
    ("Patient", "careprovider", "Practitioner"),
    ("Patient", "organization", "Organization"),
    ("CarePlan", "participant", "Organization"),
    ("Organization", "partof", "Organization"),
]


_FIELDS: dict[str, list[tuple[str, str]]] = {
    "Observation": [("subject", "Patient"), ("performer", "Practitioner"), ("performer", "Organization")],
    "Patient": [("careProvider", "Practitioner"), ("managingOrganization", "Organization")],
    "Organization": [("partOf", "Organization")],
}
_MANY = {"performer", "careProvider"}


@dataclass(frozen=True)
class Asked:
    """A search: its type, its parameters, what it finds, and in which order of what, greatest first or not."""

    type: str
    pairs: list[tuple[str, str]]
    holds: Holds
    order: tuple[str, bool] | None = None


def linked_record(random: Random) -> list[Document]:
    """Resources that refer to each other."""
    kinds = ["Patient", "Practitioner", "Observation", "Organization", "CarePlan", "List"]
    record = [random_records.resource(random, kind, id_, likelihood=0.4) for kind in kinds for id_ in IDS]
    for each in record:
        for name, target in _FIELDS.get(each["resourceType"], []):
            held = {"reference": f"{target}/{random.choice(IDS)}"}
            if random.random() < 0.6:
                each[name] = [held] if name in _MANY else held
        if each["resourceType"] == "List":
            each["entry"] = [{"item": {"reference": f"{kind}/{random.choice(IDS)}"}} for kind in kinds[:3:2]]
    return record


def criterion(random: Random, type_: str) -> Asked:
    """One parameter with its modifier, prefix and values."""
    if random.random() < 0.05:
        return _updated(random, type_)
    if random.random() < 0.05:
        return _in_value_set(random, type_)
    asked = None
    while asked is None:
        asked = random_records.query(random, type_)
    name, modifier, text = asked
    pair = f"{name}:{modifier}" if modifier else name, text
    return Asked(type_, [pair], lambda it, _: matches(it, name, modifier, text))


def search(random: Random, type_: str) -> Asked:
    """A search of a record of resources of one type."""
    kind = random.random()
    if kind < 0.55:
        asked = criterion(random, type_)
    elif kind < 0.75:
        asked = _together(random, type_)
    elif kind < 0.9:
        asked = _expression(random, type_)
    elif kind < 0.95:
        asked = _text(random, type_)
    else:
        asked = Asked(type_, [], lambda it, _: True)
    return _sorted(random, asked) if random.random() < 0.3 else asked


def linked_search(random: Random) -> Asked:
    """A search along references, forward or back, over up to three of them."""
    source, link, target = random.choice(LINKS)
    if random.random() < 0.03:
        return _listed(random)
    if random.random() < 0.6:
        onward = [each for each in LINKS if each[0] == target]
        inner = criterion(random, target)
        for _ in range(random.choice([0, 0, 1])):
            if onward:
                _, step, end = random.choice(onward)
                inner = _chained(target, step, end, criterion(random, end))
        return _chained(source, link, target, inner)
    return _reversed(source, link, target, criterion(random, source))


def _together(random: Random, type_: str) -> Asked:
    parts = [criterion(random, type_) for _ in range(random.choice([2, 2, 3]))]
    pairs = [pair for part in parts for pair in part.pairs]
    return Asked(type_, pairs, lambda it, record: all(part.holds(it, record) for part in parts))


def _chained(source: str, link: str, target: str, inner: Asked) -> Asked:
    ((name, text),) = inner.pairs

    def holds(it: Document, record: Sequence[Document]) -> bool:
        there = (e for e in record if e["resourceType"] == target and _names(it, link, f"{target}/{e['id']}"))
        inside = (
            {**e, "meta": {"lastUpdated": it["meta"]["lastUpdated"]}}  # as old as its container
            for e in it.get("contained", [])
            if e["resourceType"] == target and _names(it, link, f"#{e['id']}")
        )
        return any(inner.holds(each, record) for each in (*there, *inside))

    return Asked(source, [(f"{link}:{target}.{name}", text)], holds)


def _reversed(source: str, link: str, target: str, inner: Asked) -> Asked:
    ((name, text),) = inner.pairs

    def holds(it: Document, record: Sequence[Document]) -> bool:
        address = f"{target}/{it['id']}"
        return any(e["resourceType"] == source and _names(e, link, address) and inner.holds(e, record) for e in record)

    return Asked(target, [(f"_has:{source}:{link}:{name}", text)], holds)


def _names(it: Document, link: str, address: str) -> bool:
    return matches(it, link, None, address)


def _listed(random: Random) -> Asked:
    id_, type_ = random.choice(IDS), random.choice(["Patient", "Observation"])

    def holds(it: Document, record: Sequence[Document]) -> bool:
        lists = [e for e in record if e["resourceType"] == "List" and e["id"] == id_]
        return any(_names(e, "item", f"{type_}/{it['id']}") for e in lists)

    return Asked(type_, [("_list", id_)], holds)


def _updated(random: Random, type_: str) -> Asked:
    text = random.choice(random_records.PREFIXES) + random.choice(random_records.DATES)
    return Asked(
        type_,
        [("_lastUpdated", text)],
        lambda it, _: brute_ordered.date((it["meta"]["lastUpdated"], "instant"), text),
    )


def _text(random: Random, type_: str) -> Asked:
    """Words of the narrative."""
    words = [random.choice(NARRATIVE) for _ in range(random.choice([1, 1, 2]))]
    joined = random.choice([" ", " or "])

    def holds(it: Document, _: Sequence[Document]) -> bool:
        text = fold(re.sub("<[^>]*>", " ", it.get("text", {}).get("div", "")))
        found = [fold(word) in text.split() for word in words]
        return any(found) if joined == " or " else all(found)

    return Asked(type_, [("_text", joined.join(words))], holds)


NARRATIVE = ["bone", "BONE", "liver", "Métastases", "metastases", "bo", "div"]


def narrated(random: Random, document: Document) -> Document:
    """The same with a narrative."""
    text = " ".join(random.choice(NARRATIVE[:5]) for _ in range(random.randint(1, 3)))
    return {**document, "text": {"status": "generated", "div": f"<div>{text}</div>"}}


# -- value sets -------------------------------------------------------------------------------------------------------

VALUE_SETS = {
    "http://example.org/vs/a": [(SYSTEMS[0], "8480-6"), (SYSTEMS[1], "ABC"), (SYSTEMS[2], "a|b")],
    "http://example.org/vs/b": [(SYSTEMS[2], "x$y"), (SYSTEMS[0], "c,d"), (SYSTEMS[1], "back\\slash")],
    "http://example.org/vs/none": [],
    "http://example.org/vs/sex": [("http://hl7.org/fhir/administrative-gender", "male"), (SYSTEMS[0], "final")],
}
_PARENTS = {"8480-6": "ABC", "final": "ABC", "a|b": "final", "x$y": "final"}
"""In every system."""


class Known:
    """The value sets and hierarchies that these searches name."""

    def codes(self, value_set: str) -> list[tuple[str, str]] | None:
        return VALUE_SETS.get(value_set)

    def below(self, system: str, code: str) -> list[tuple[str, str]]:
        return [(system, each) for each in CODES if code in _line(each)]

    def above(self, system: str, code: str) -> list[tuple[str, str]]:
        return [(system, each) for each in _line(code)]


def _line(code: str) -> list[str]:
    """A code and all that subsume it."""
    return [code, *(_line(_PARENTS[code]) if code in _PARENTS else [])]


def _in_value_set(random: Random, type_: str) -> Asked:
    known = [e for e in catalog.search_parameters(type_).values() if e.type == "token" and e.usage not in _PLACES]
    name = random.choice([e.name for e in known if e.name not in {"_id", "_query"}])
    modifier = random.choice(["in", "not-in", "above", "below"])
    if modifier in {"in", "not-in"}:
        urls = random.sample(sorted(VALUE_SETS), random.choice([1, 1, 2]))
        codes = [pair for url in urls for pair in VALUE_SETS[url]]
        text = ",".join(escaped(url) for url in urls)
    else:
        system, code = random.choice(SYSTEMS), random.choice(CODES)
        codes = Known().below(system, code) if modifier == "below" else Known().above(system, code)
        text = f"{escaped(system)}|{escaped(code)}"

    def holds(it: Document, _: Sequence[Document]) -> bool:
        return any(matches(it, name, None, f"{escaped(system)}|{escaped(code)}") for system, code in codes)

    if modifier == "not-in":
        return Asked(type_, [(f"{name}:not-in", text)], lambda it, record: not holds(it, record))
    return Asked(type_, [(f"{name}:{modifier}", text)], holds)


# -- expressions ------------------------------------------------------------------------------------------------------


def _expression(random: Random, type_: str) -> Asked:
    text, holds = _either(random, type_, 2)
    return Asked(type_, [("_filter", text)], lambda it, _: holds(it))


def _either(random: Random, type_: str, depth: int) -> tuple[str, Callable[[Document], bool]]:
    if not depth or random.random() < 0.4:
        return _comparison(random, type_)
    (left, one), (right, other) = (_either(random, type_, depth - 1) for _ in range(2))
    match random.choice(["and", "or", "not"]):
        case "and":
            return f"({left}) and ({right})", lambda it: one(it) and other(it)
        case "or":
            return f"({left}) or ({right})", lambda it: one(it) or other(it)
        case _:
            return f"not ({left})", lambda it: not one(it)


def _comparison(random: Random, type_: str) -> tuple[str, Callable[[Document], bool]]:
    plain = {"string", "token", "date", "number", "quantity", "reference"}
    known = [e for e in catalog.search_parameters(type_).values() if e.type in plain and not e.name.startswith("_")]
    known = [e for e in known if e.usage not in _PLACES]
    if not known:
        return "_id eq p1", lambda it: it["id"] == "p1"
    kind = random.choice(sorted({each.type for each in known}))
    parameter = random.choice([each for each in known if each.type == kind])
    name = parameter.name
    if random.random() < 0.1:
        wanted = random.choice(["true", "false"])
        return f"{name} pr {wanted}", lambda it: matches(it, name, "missing", "false") == (wanted == "true")
    if kind in {"date", "number", "quantity"}:
        text = random_records.asked(random, type_, parameter)
        prefix, value = brute_ordered.cut(text)
        return f"{name} {prefix} {value}", lambda it: matches(it, name, None, text)
    if kind == "string":
        operation = random.choice(["eq", "ne", "co", "sw", "ew"])
        text = _cut(random, random.choice(TEXTS).strip(), operation)
        return f"{name} {operation} {_quoted(text)}", lambda it: _compared(it, name, operation, text)
    # A bar in an expression stands between system and code, and nothing there takes that meaning from it.
    text = random.choice(IDS) if kind == "reference" else random.choice([e for e in CODES if "|" not in e])
    operation = random.choice(["eq", "ne"])
    return (
        f"{name} {operation} {_quoted(text)}",
        lambda it: matches(it, name, None, escaped(text)) == (operation == "eq"),
    )


def _cut(random: Random, text: str, operation: str) -> str:
    """The part of a text that an operation asks for, as far as it has something in it beside marks."""
    start = random.randrange(len(text)) if operation in {"co", "ew"} else 0
    end = random.randint(start + 1, len(text)) if operation in {"co", "sw"} else len(text)
    return text[start:end] if any(each.isalnum() for each in text[start:end]) else text


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _compared(it: Document, name: str, operation: str, text: str) -> bool:
    found = [fold(each) for value in values(it, it["resourceType"], name) for each in brute.strings(value)]
    wanted = fold(text)
    match operation:
        case "eq" | "ne":
            return (wanted in found) == (operation == "eq")
        case "co":
            return any(wanted in each for each in found)
        case "sw":
            return any(each.startswith(wanted) for each in found)
    return any(each.endswith(wanted) for each in found)


# -- orders -----------------------------------------------------------------------------------------------------------


def _sorted(random: Random, asked: Asked) -> Asked:
    known = catalog.search_parameters(asked.type).values()
    ordered = [e for e in known if e.type in {"string", "date", "number", "uri"} and e.usage not in _PLACES]
    name = random.choice([*(e.name for e in ordered if not e.name.startswith("_")), "_id", "_lastUpdated"])
    if (asked.type, name) in {("Encounter", "length"), ("Condition", "age")}:
        return asked  # durations in different units
    descending = random.random() < 0.5
    pair = random.choice([("_sort:desc", name), ("_sort", f"-{name}")]) if descending else ("_sort", name)
    return replace(asked, pairs=[*asked.pairs, pair], order=(name, descending))


def value_of(it: Document, order: tuple[str, bool]) -> Any:
    """What a document is sorted by: the least of its values, or, descending, the greatest; None without any."""
    name, descending = order
    if name == "_id":
        return it["id"]
    if name == "_lastUpdated":
        return it["meta"]["lastUpdated"]
    found = values(it, it["resourceType"], name)
    match catalog.search_parameters(it["resourceType"])[name].type:
        case "string":
            ordered: list[Any] = [fold(text) for each in found for text in brute.strings(each)]
        case "date":
            ordered = [ends[descending] for each in found for ends in brute_ordered.moments(each)]
        case _:
            ordered = [held for held, _ in found]
    return (max if descending else min)(ordered, default=None)
