"""The stranger, asked about every search parameter in every form: finds what is their own, and nothing of the owner's.

Three users: the owner; a twin with the same resources under the same ids; a linker, whose own resources refer to the
owner's by type and id, and who has nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pytest

from fhirstore.dstu2 import catalog
from fhirstore.search.context import Context
from fhirstore.search.extract import extract
from fhirstore.search.parameters import parameters
from fhirstore.search.query import read_search
from fhirstore.store.contract import Change, Found, Page, Resources, Store, Version
from fhirstore.store.scope import Scope
from tests.search import brute, brute_ordered
from tests.search.brute_ordered import UCUM
from tests.search.brute_paths import Document
from tests.search.value_queries import query_for, with_value

OWNER, TWIN, LINKER = Scope(1), Scope(2), Scope(3)
CONTEXT = Context(brute.BASE, int(brute_ordered.NOW.timestamp()) * 1_000_000)
TYPES = {
    "sqlite": [
        *("Composition", "Condition", "DiagnosticOrder", "Encounter", "Group", "Location", "Observation", "Patient"),
    ],
    "mongodb": ["Encounter", "Observation"],
}
STEP = {"sqlite": 1, "mongodb": 5}
"""Every so many questions are asked: the wire server takes some milliseconds for each."""
QUESTIONS = {"sqlite": 1700, "mongodb": 100}
UNSEARCHABLE = {"_id", "_lastUpdated", "_content", "_text", "_query", "_list", "_filter"}
Pairs = list[tuple[str, str]]


@pytest.mark.timeout(300)
async def test_a_stranger_finds_only_their_own_by_any_parameter_chain_or_order(store: Store, store_kind: str) -> None:
    owner, twin, linker = (store.within(scope) for scope in (OWNER, TWIN, LINKER))
    asked = 0
    for type_ in TYPES[store_kind]:
        documents = _documents(type_)
        linking = [_linking(source, link, type_, documents) for source, link in _links_to(type_)]
        await _fill(owner, [*documents, *linking], b"owner")
        await _fill(twin, [*documents, *linking], b"twin")
        await _fill(linker, linking, b"linker")
        for source, pairs in islice(_questions(type_, documents), 0, None, STEP[store_kind]):
            mine, theirs, nothing = [await _ask(each, source, pairs) for each in (owner, twin, linker)]
            assert _bodies(mine) <= {b"owner"}, (source, pairs)
            assert _bodies(theirs) <= {b"twin"}, (source, pairs)
            assert _bodies(nothing) <= {b"linker"}, (source, pairs)
            assert (_ids(theirs), theirs.total) == (_ids(mine), mine.total), (source, pairs)
            assert nothing.total == len(nothing.matches), (source, pairs)
            if _leads_to(type_, source, pairs):
                assert mine.total, (source, pairs)
                assert nothing.total == 0, "a reference to another user's resource is one to a missing resource"
            asked += 1
    assert asked >= QUESTIONS[store_kind], asked


def _documents(type_: str) -> list[Document]:
    known = [each for each in catalog.search_parameters(type_).values() if each.name not in UNSEARCHABLE]
    return [with_value(type_, each) for each in known]


def _links_to(type_: str) -> list[tuple[str, str]]:
    """Reference parameters of other types that lead to a type: two are enough."""
    found = [
        (source, each.name)
        for source in ("Observation", "Condition", "CarePlan", "Provenance", "List", "Composition")
        for each in catalog.search_parameters(source).values()
        if each.type == "reference" and source != type_ and (not each.targets or type_ in each.targets)
    ]
    return found[:2]


def _linking(source: str, link: str, type_: str, documents: Sequence[Document]) -> Document:
    """A resource that refers to all of these by one parameter."""
    (location, *_) = parameters(source)[link].locations
    addresses = [{"reference": f"{type_}/{each['id']}"} for each in documents]
    leaf = location.leaves[0].name
    parents = [step.name for step in location.steps]
    document: Document = {"resourceType": source, "id": f"to-{type_.lower()}-{link}"}
    if parents:  # one element each
        document[parents[0]] = [_nested([*parents[1:], leaf], each) for each in addresses]
    else:
        document[leaf] = addresses
    return document


def _nested(names: Sequence[str], value: Document) -> Document:
    for name in reversed(names):
        value = {name: value}
    return value


def _questions(type_: str, documents: Sequence[Document]) -> Iterator[tuple[str, Pairs]]:
    """Each parameter in each of its forms, and at the ends of chains forward and back."""
    for parameter in catalog.search_parameters(type_).values():
        document = next((each for each in documents if query_for(each, parameter)), None)
        if parameter.name in UNSEARCHABLE or document is None or parameter.usage == "distance":
            continue
        text = query_for(document, parameter)
        assert text
        yield type_, [(parameter.name, text)]
        yield from ((type_, pairs) for pairs in _forms(parameter, text))
        for source, link in _links_to(type_):
            if parameter.usage != "nearby":
                yield source, [(f"{link}:{type_}.{parameter.name}", text)]
        yield type_, [("_id", document["id"])]
    for source, link in _links_to(type_):
        yield type_, [(f"_has:{source}:{link}:_id", f"to-{type_.lower()}-{link}")]
        yield source, [(link, f"{type_}/{documents[0]['id']}")]
    yield type_, [("_lastUpdated", "ge1970")]
    yield type_, [("_content", "peter or abc or final")]


def _forms(parameter: catalog.SearchParameter, text: str) -> Iterator[Pairs]:
    name = parameter.name
    yield [(f"{name}:missing", "false")]
    yield [(f"{name}:missing", "true")]
    if parameter.usage == "nearby":
        return
    if parameter.usage != "phonetic" and parameter.type != "composite":
        yield [("_filter", f"{name} pr true")]
        yield [("_sort", name)]
        yield [("_sort", f"-{name}")]
    match parameter.type:
        case "token":
            yield [(f"{name}:not", text)]
            yield [(f"{name}:text", "p")]
        case "string" if parameter.usage != "phonetic":
            yield [(f"{name}:contains", text[:2])]
            yield [(f"{name}:exact", text)]
        case "date" | "number":
            bare = text.removeprefix("ap").removeprefix("gt")
            yield from ([(name, prefix + bare)] for prefix in ("ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"))
        case "quantity":
            yield [(name, f"gt0|{UCUM}|mg")]
            yield [(name, "ap" + text)]
        case "uri":
            yield [(f"{name}:below", "http://acme.org")]
            yield [(f"{name}:above", "http://acme.org/fhir/ValueSet/1/2")]


def _leads_to(type_: str, source: str, pairs: Pairs) -> bool:
    """Whether a question is about the resources referred to, so that the linker can find nothing by it."""
    name = pairs[0][0]
    return name.startswith("_has:") or (source != type_ and "." in name)


async def _fill(resources: Resources, documents: Sequence[Document], body: bytes) -> None:
    await resources.change_all([_write(each, body) for each in documents])


def _write(document: Document, body: bytes) -> Change:
    type_, id_ = document["resourceType"], document["id"]
    entries = extract(type_, document, brute.BASE)

    def decide(before: Version | None) -> Version:
        return Version(type_, id_, before.number + 1 if before else 1, 1, "PUT", body, entries)

    return Change(type_, id_, decide)


async def _ask(resources: Resources, type_: str, pairs: Pairs) -> Found:
    return await resources.find(read_search(type_, pairs, CONTEXT).plan, Page(1000))


def _bodies(found: Found) -> set[bytes]:
    return {match.version.body for match in found.matches}


def _ids(found: Found) -> list[str]:
    return [match.version.id for match in found.matches]
