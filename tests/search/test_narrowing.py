"""A narrowed plan finds in a whole record what the plan finds in a record that has nothing else than what is inside."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from msgspec import structs

from fhirstore.extents import NOTHING, WHOLE, Extent, Extents
from fhirstore.search.narrowing import inside, narrowed
from fhirstore.search.plan import AllOf, AnyOf, HasKey, LinksTo, OfType, Plan
from tests.search import memory
from tests.search.memory import Item
from tests.store import random_plans
from tests.store.random_plans import TYPES

COMPARTMENT = "compartment=Patient/a1"
IN_COMPARTMENT = HasKey((COMPARTMENT,))


def extents(random: Random) -> Extents:
    """Some types, all or none; of everything, or of the one compartment that there is in random records."""
    return tuple(
        Extent(
            random.choice([None, frozenset(random.sample(TYPES, random.randint(1, 2)))]),
            random.choice([None, "a1", "a1", "nobody"]),
        )
        for _ in range(random.choice([0, 1, 1, 2]))
    )


def is_inside(item: Item, extents: Extents) -> bool:
    return any(
        (extent.types is None or item.type in extent.types)
        and (extent.patient is None or f"compartment=Patient/{extent.patient}" in item.entries.keys)
        for extent in extents
    )


def record(random: Random) -> list[Item]:
    """A random record of which half is in the compartment."""
    items = []
    for each in random_plans.record(random, random.randint(5, 20)):
        keys = tuple(key for key in each.entries.keys if key != COMPARTMENT)
        keys += (COMPARTMENT,) if random.random() < 0.5 else ()
        items.append(replace(each, entries=structs.replace(each.entries, keys=keys)).item())
    return items


def test_a_narrowed_plan_finds_what_the_plan_finds_in_what_is_inside() -> None:
    telling = 0
    for seed in range(90):
        random = Random(seed)
        items = record(random)
        for _ in range(40):
            limits, plan = extents(random), random_plans.plan(random)
            open_ = [item for item in items if is_inside(item, limits)]
            found = memory.find(narrowed(plan, limits), items)
            if plan.population != "resources":  # its container decides, which a filter cannot ask
                found = [item for item in found if _container(item, items) in open_]
            wanted = memory.find(plan, open_)
            assert found == wanted, (seed, plan, limits)
            telling += bool(wanted) and len(wanted) < len(memory.find(plan, items))
    assert telling > 150, "most questions would be answered the same without any limit"


def _container(item: Item, items: list[Item]) -> Item:
    if "#" not in item.id:
        return item
    return next(each for each in items if item in each.siblings.values())


def test_the_whole_record_is_narrowed_by_nothing_and_no_extent_leaves_nothing() -> None:
    plan = Plan(("Patient",), HasKey(("a",)))
    assert narrowed(plan, WHOLE) == plan
    assert inside(NOTHING) == AnyOf()


def test_types_that_are_looked_at_anyway_are_not_asked_for_again() -> None:
    limits = (Extent(frozenset({"Patient", "Observation"}), "a1"),)
    assert inside(limits, ("Patient",)) == IN_COMPARTMENT
    assert inside(limits, ("Patient", "Group")) == AllOf((OfType(("Patient",)), IN_COMPARTMENT))
    assert inside(limits, ("Group",)) == AnyOf()


def test_a_chain_leads_to_what_is_contained_wherever_the_extents_end() -> None:
    """A contained Medication belongs to its MedicationOrder, though no compartment has Medications."""
    chain = LinksTo("MedicationOrder.medication", ("Medication",), HasKey(("Medication.code:1",)))
    found = narrowed(Plan(("MedicationOrder",), chain), (Extent(None, "a1"),)).filter
    assert found == AllOf((replace(chain, beyond=IN_COMPARTMENT), IN_COMPARTMENT))
