"""Plans over entries find what a brute-force reading of the specification finds in the documents."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirstore.dstu2 import catalog
from fhirstore.search.context import Context
from fhirstore.search.query import read_search
from tests.search import brute, memory, random_records

CONTEXT = Context(brute.BASE, int(brute.NOW.timestamp()) * 1_000_000)
EXAMPLES, QUERIES = 300, 24
FAVOURITES = ["Observation", "Patient", "CarePlan", "DiagnosticOrder", "DocumentReference", "Group", "Encounter", "Condition"]


@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**40))
def test_every_kind_modifier_and_prefix_finds_what_the_specification_says(seed: int) -> None:
    """7,200 random queries over random resources of every type: no difference."""
    random = Random(seed)
    type_ = random.choice(FAVOURITES if seed % 2 else catalog.resource_types())
    documents = [random_records.resource(random, type_, f"p{number}") for number in range(12)]
    items = [memory.item(document, base=brute.BASE) for document in documents]
    for _ in range(QUERIES):
        asked = random_records.query(random, type_)
        if asked is None:
            continue
        name, modifier, text = asked
        plan = read_search(type_, [(f"{name}:{modifier}" if modifier else name, text)], CONTEXT).plan
        found = [each.id for each in memory.find(plan, items)]
        wanted = sorted(each["id"] for each in documents if brute.matches(each, name, modifier, text))
        assert found == wanted, f"{type_}?{name}:{modifier}={text}\n{plan.filter}"
