"""From query text to what a store answers: no difference from reading the specification over the documents."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from fhirstore.clock import instant
from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import dump
from fhirstore.search.context import Context
from fhirstore.search.extract import extract
from fhirstore.search.query import read_search
from fhirstore.store.contract import Change, Page, Resources, Store, Version
from fhirstore.store.cursors import Cursors
from fhirstore.store.scope import Scope
from tests.search import brute, brute_ordered, random_records
from tests.search.brute_paths import Document
from tests.search.random_searches import Asked, Known, linked_record, linked_search, narrated, search, value_of

CONTEXT = Context(brute.BASE, int(brute_ordered.NOW.timestamp()) * 1_000_000, Known())
CURSORS = Cursors(b"key")
FAVOURITES = ["Observation", "Patient", "CarePlan", "DiagnosticOrder", "DocumentReference", "Group", "Encounter"]
LINKED = ["Patient", "Observation"]
RECORDS = {"sqlite": 140, "mongodb": 9}
QUERIES = {"sqlite": 36, "mongodb": 36}
MOMENT = 1_393_668_000_000
"""2014-03-01T10:00:00Z, in milliseconds: many of the dates that are asked for lie around it."""


@pytest.mark.timeout(300)
async def test_searches_of_every_kind_modifier_and_prefix_find_what_the_specification_says(
    store: Store, store_kind: str
) -> None:
    """5,040 searches of random records on SQLite, 324 on MongoDB."""
    for number in range(RECORDS[store_kind]):
        random = Random(number)
        record, types = _record(random, number)
        await _fill(store.within(Scope(number * 2 + 1)), record)
        await _fill(store.within(Scope(number * 2 + 2)), [{**each, "id": f"{each['id']}x"} for each in record])
        for _ in range(QUERIES[store_kind]):
            asked = _telling(random, types, record)
            await _compare(store.within(Scope(number * 2 + 1)), asked, record, random.choice([3, 50]))


def _record(random: Random, number: int) -> tuple[list[Document], list[str]]:
    """Resources of one type, each type in turn; every third time resources that refer to each other."""
    if number % 3 == 2:
        types, record = LINKED, linked_record(random)
    else:
        everything = catalog.resource_types()
        types = [FAVOURITES[number % len(FAVOURITES)] if number % 3 else everything[number % len(everything)]]
        record = [random_records.resource(random, types[0], f"p{n}") for n in range(12)]
    for each in record:
        each.setdefault("meta", {})["lastUpdated"] = instant(MOMENT + random.randint(-3, 3) * 500)
    return [narrated(random, each) for each in record], types


def _telling(random: Random, types: Sequence[str], record: Sequence[Document]) -> Asked:
    """A search that finds some of the resources and others not, where that is met with in a few attempts."""
    for _ in range(random.choice([1, 8, 8])):
        asked = linked_search(random) if types is LINKED else search(random, types[0])
        of_type = [each for each in record if each["resourceType"] == asked.type]
        if len({asked.holds(each, record) for each in of_type}) == 2:
            break
    return asked


async def _fill(resources: Resources, record: Sequence[Document]) -> None:
    await resources.change_all([_write(each) for each in record])


def _write(document: Document) -> Change:
    type_, id_ = document["resourceType"], document["id"]
    moment = brute_ordered.moment(document["meta"]["lastUpdated"])[0]
    version = Version(
        type_, id_, 1, round(moment.timestamp() * 1000), "PUT", dump(document), extract(type_, document, brute.BASE)
    )
    return Change(type_, id_, lambda _: version)


async def _compare(resources: Resources, asked: Asked, record: Sequence[Document], size: int) -> None:
    plan = read_search(asked.type, asked.pairs, CONTEXT).plan
    page = await resources.find(plan, Page(size))
    found, total = [each.version.id for each in page.matches], page.total
    while page.next is not None:
        place = CURSORS.read(1, "", CURSORS.write(1, "", page.next))
        page = await resources.find(plan, Page(size, after=place))
        found += [each.version.id for each in page.matches]
    wanted = [each for each in record if each["resourceType"] == asked.type and asked.holds(each, record)]
    assert sorted(found) == sorted(each["id"] for each in wanted), (asked.type, asked.pairs, plan.filter)
    assert total == len(found)
    if asked.order is None:
        assert found == sorted(found)
    else:
        _check_order(found, asked.order, {each["id"]: each for each in wanted})


def _check_order(found: Sequence[str], order: tuple[str, bool], documents: dict[str, Document]) -> None:
    """Values never fall (or rise), and what has none comes last."""
    sorted_by = [value_of(documents[each], order) for each in found]
    known = [each for each in sorted_by if each is not None]
    assert sorted_by == sorted(known, reverse=order[1]) + [None] * (len(sorted_by) - len(known)), order
