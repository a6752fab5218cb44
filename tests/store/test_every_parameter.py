"""Every search parameter of DSTU2, by the values of the official examples, or generated ones where they have none.

http://hl7.org/fhir/DSTU2/searchparameter-registry.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import dump
from fhirstore.search.context import Context
from fhirstore.search.extract import extract
from fhirstore.search.query import read_search
from fhirstore.store.contract import Change, Page, Resources, Store, Version
from fhirstore.store.scope import Scope
from tests.dstu2.examples import small_documents
from tests.search import brute, brute_ordered
from tests.search.brute_paths import Document
from tests.search.value_queries import query_for, with_value

MINE, STRANGER = Scope(1), Scope(2)
CONTEXT = Context(brute.BASE, int(brute_ordered.NOW.timestamp()) * 1_000_000)
EXAMPLES_OF_A_TYPE = 6
SAMPLE = ["Condition", "DiagnosticOrder", "Encounter", "FamilyMemberHistory", "Location", "Observation", "Patient"]
SPECIAL = {"_id", "_lastUpdated", "_content", "_text", "_query", "_list", "_filter"}
"""Parameters that no document holds; they have tests of their own."""
PUBLISHED = 878 - 8 - 1 - 2 + 7
"""Of the published rows, eight are of every resource, one is a double, and two are families of seven together."""


@pytest.mark.timeout(300)
async def test_each_parameter_finds_by_value_what_holds_it_and_nothing_else(store: Store, store_kind: str) -> None:
    """All 94 types on SQLite; on MongoDB those with parameters of every kind."""
    walked: Counter[str] = Counter()
    for type_ in catalog.resource_types() if store_kind == "sqlite" else SAMPLE:
        known = [each for each in catalog.search_parameters(type_).values() if each.name not in SPECIAL]
        documents = _documents(type_, known)
        await _fill(store.within(MINE), documents)
        await _fill(store.within(STRANGER), documents)
        for parameter in known:
            source = next(each for each in documents if query_for(each, parameter))
            text = query_for(source, parameter)
            assert text
            found = await _find(store.within(MINE), type_, parameter, text)
            assert source["id"] in found, f"{type_}?{parameter.name}={text}"
            assert "empty" not in found, f"{type_}?{parameter.name}={text}"
            if not parameter.usage or parameter.usage == "normal":
                wanted = [each["id"] for each in documents if brute.matches(each, parameter.name, None, text)]
                assert found == sorted(wanted), f"{type_}?{parameter.name}={text}"
            walked[parameter.name if parameter.name.startswith("_") else f"{type_}.{parameter.name}"] += 1
    if store_kind == "sqlite":
        assert len(walked) == PUBLISHED + len(["_tag", "_profile", "_security"])


def _documents(type_: str, known: Sequence[catalog.SearchParameter]) -> list[Document]:
    """Examples of a type, one document for each parameter of which they hold no value, and one without any."""
    examples = [each for each in small_documents(10_000) if each["resourceType"] == type_][:EXAMPLES_OF_A_TYPE]
    documents = [{**each, "id": f"example-{number}"} for number, each in enumerate(examples)]
    made = [with_value(type_, e) for e in known if not any(query_for(document, e) for document in documents)]
    return [*documents, *made, {"resourceType": type_, "id": "empty"}]


async def _fill(resources: Resources, documents: Sequence[Document]) -> None:
    await resources.change_all([_write(each) for each in documents])


def _write(document: Document) -> Change:
    type_, id_ = document["resourceType"], document["id"]
    version = Version(type_, id_, 1, 1, "PUT", dump(document), extract(type_, document, brute.BASE))
    return Change(type_, id_, lambda _: version)


async def _find(resources: Resources, type_: str, parameter: catalog.SearchParameter, text: str) -> list[str]:
    pairs = [(parameter.name, text)]
    if parameter.usage == "distance":  # says how far around another parameter's place
        pairs = [("near", text), (parameter.name, "5||km")]
    plan = read_search(type_, pairs, CONTEXT).plan
    return [each.version.id for each in (await resources.find(plan, Page(1000))).matches]
