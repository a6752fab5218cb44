"""What is asked of entries in memory means what plans mean."""

from __future__ import annotations

from random import Random

import pytest

from fhirstore.dstu2 import catalog
from fhirstore.search.context import Context
from fhirstore.search.evaluate import Item, holds, linked, links, value_of
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    ByKey,
    ByRange,
    ByUpdate,
    HasKey,
    LinkedFrom,
    LinksTo,
    Not,
    Updated,
    WithIds,
)
from fhirstore.search.query import read_search
from tests.search import brute, memory, random_records

CONTEXT = Context(brute.BASE, 1_500_000_000_000_000)


@pytest.mark.parametrize("seed", range(40))
def test_a_random_search_holds_for_what_the_meaning_of_plans_says(seed: int) -> None:
    random = Random(seed)
    type_ = random.choice(["AuditEvent", *catalog.resource_types()])
    documents = [random_records.resource(random, type_, f"p{number}") for number in range(8)]
    meant = [memory.item(document, base=brute.BASE) for document in documents]
    items = [Item(it.type, it.id, it.updated, it.entries) for it in meant]
    asked = [query for _ in range(20) if (query := random_records.query(random, type_)) is not None]
    for name, modifier, text in asked:
        plan = read_search(type_, [(f"{name}:{modifier}" if modifier else name, text)], CONTEXT).plan
        assert [holds(plan.filter, it) for it in items] == [memory.holds(plan.filter, it, meant) for it in meant]


def test_steps_to_other_resources_are_taken_by_whoever_can() -> None:
    there = LinksTo("A.subject", ("Patient",), WithIds(("p",)))
    back = LinkedFrom("Basic", "Basic.subject", AllOf())
    filter_ = AllOf((Not(there), AnyOf((back, Updated(1, 5)))))
    assert list(links(filter_)) == [there, back]
    taken = linked(filter_, {there: HasKey(("A.subject=Patient/p",)), back: WithIds(("x",))})
    document = {"resourceType": "Basic", "id": "y"}
    it = Item("Basic", "y", 3, memory.item(document).entries)
    assert holds(taken, it)
    with pytest.raises(AssertionError):
        holds(filter_, it)


def test_values_are_those_that_stores_order_by() -> None:
    document = {
        "resourceType": "Observation",
        "id": "p1",
        "code": {"coding": [{"system": "b", "code": "1"}, {"system": "a", "code": "2"}]},
        "effectivePeriod": {"start": "2015-02-07", "end": "2016-02-07"},
    }
    entries = memory.item(document, base=brute.BASE).entries
    it = Item("Observation", "p1", 7, entries)
    assert value_of(it, ByUpdate()) == 7
    codes = [key for key in entries.keys if key.startswith("Observation.code=")]
    dates = [each for each in entries.ranges if each.name == "Observation.date"]
    assert value_of(it, ByKey("Observation.code=")) == min(codes)
    assert value_of(it, ByKey("Observation.code=", descending=True)) == max(codes)
    assert value_of(it, ByRange("Observation.date")) == min(each.low for each in dates)
    assert value_of(it, ByRange("Observation.date", descending=True)) == max(each.high for each in dates)
    assert value_of(it, ByKey("Observation.nothing=")) is None
