"""Both stores find what the plainest evaluation of a plan finds, in the same order, page by page."""

from __future__ import annotations

from random import Random

import pytest

from fhirstore.search.plan import Plan
from fhirstore.store.contract import Change, Found, Match, Page, Resources, Store, Version
from fhirstore.store.mongodb import walk
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite import question
from tests.search import memory
from tests.store import random_plans
from tests.store.random_plans import Stored

RECORDS = {"sqlite": 60, "mongodb": 4}
PLANS = {"sqlite": 110, "mongodb": 70}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("as_if_large", [False, True])
async def test_every_plan_finds_what_its_meaning_says(
    store: Store, store_kind: str, as_if_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of random plans, over small records, and over small ones that are searched as large ones are."""
    if as_if_large:
        monkeypatch.setattr(question, "few_of", lambda total: 2)
        monkeypatch.setattr(question, "GLANCE", 1)
        monkeypatch.setattr(walk, "WINDOW", 2)
    for number in range(RECORDS[store_kind]):
        random = Random(1000 * as_if_large + number)
        mine = Scope(number * 2 + 1)
        stored = await fill(random, store.within(mine))
        await fill(random, store.within(Scope(number * 2 + 2)))
        items = [each.item() for each in stored]
        for _ in range(PLANS[store_kind]):
            plan = random_plans.plan(random)
            wanted = memory.find(plan, items)
            size = random.choice([1, 3, 50])
            found = await pages(store.within(mine), plan, size)
            assert [name(match) for page in found for match in page.matches] == [name_of(each) for each in wanted], plan
            assert {page.total for page in found} == {len(wanted)}, plan
            skip = random.randint(0, 4)
            skipped = await store.within(mine).find(plan, Page(count=2, skip=skip, total=False))
            assert [name(match) for match in skipped.matches] == [name_of(each) for each in wanted[skip : skip + 2]], (
                plan
            )
            assert skipped.total in {None, len(wanted)}


async def fill(random: Random, resources: Resources) -> list[Stored]:
    """Write a record by detours: some resources had other entries before, and some were there and are deleted."""
    stored = random_plans.record(random, random.randint(5, 25))
    former = [Stored(each.type, each.id, 1, random_plans.entries(random, each.type)) for each in stored[::3]]
    await resources.change_all([write(each) for each in former])
    await resources.change_all([write(each) for each in stored])
    gone = stored[1::7]
    await resources.change_all([delete(each) for each in gone])
    return [each for each in stored if each not in gone]


def write(stored: Stored) -> Change:
    def decide(current: Version | None) -> Version:
        number = current.number + 1 if current else 1
        body = f"{stored.type}/{stored.id} {stored.updated}".encode()
        return Version(stored.type, stored.id, number, stored.updated, "PUT", body, stored.entries)

    return Change(stored.type, stored.id, decide)


def delete(stored: Stored) -> Change:
    def decide(current: Version | None) -> Version:
        assert current is not None
        return Version(stored.type, stored.id, current.number + 1, 10, "DELETE", b"")

    return Change(stored.type, stored.id, decide)


async def pages(resources: Resources, plan: Plan, size: int) -> list[Found]:
    found = [await resources.find(plan, Page(count=size))]
    while found[-1].next is not None:
        assert len(found[-1].matches) == size
        found.append(await resources.find(plan, Page(count=size, after=found[-1].next)))
    return found


def name(match: Match) -> str:
    return f"{match.version.id}#{match.contained}" if match.contained else f"{match.version.type}/{match.version.id}"


def name_of(item: memory.Item) -> str:
    return item.id if "#" in item.id else f"{item.type}/{item.id}"
