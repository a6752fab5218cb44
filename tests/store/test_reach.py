"""Of a scope that is narrower or wider than one record, both stores find, tell and write what its meaning says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random

import pytest
from msgspec import structs

from fhirstore.dstu2.json_format import dump
from fhirstore.errors import Failure, Forbidden, NotFound
from fhirstore.extents import NOTHING, WHOLE, Extent, Extents, Slice
from fhirstore.search.extract import extract
from fhirstore.search.plan import HasPrefix, Plan
from fhirstore.store import part, parts
from fhirstore.store.contract import Change, Found, HistoryPlace, HistoryQuery, Page, Resources, Store, Version
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite.resources import SqliteResources
from tests.search import memory
from tests.search.memory import Item
from tests.search.test_narrowing import COMPARTMENT, extents, is_inside
from tests.store import random_plans
from tests.store.random_plans import Stored
from tests.store.test_find_at_random import name, name_of

RECORDS = {"sqlite": 9, "mongodb": 1}
PLANS = {"sqlite": 30, "mongodb": 10}
IN_A1: Extents = (Extent(None, "a1"),)


def record(random: Random) -> list[Stored]:
    """A random record of which half of what may be is in the compartment of Patient/a1."""
    made = []
    for each in random_plans.record(random, random.randint(5, 18)):
        keys = tuple(key for key in each.entries.keys if key != COMPARTMENT)
        is_in = each.type != "Practitioner" and ((each.type, each.id) == ("Patient", "a1") or random.random() < 0.5)
        made.append(replace(each, entries=structs.replace(each.entries, keys=keys + (COMPARTMENT,) * is_in)))
    return made


def write(stored: Stored) -> Change:
    """Its body says of its compartment what its entries say."""
    about = {"reference": "Patient/a1"} if COMPARTMENT in stored.entries.keys else {"display": "nobody"}
    named = {"link": [{"other": about}]} if stored.type == "Patient" else {"subject": about}
    body = dump({"resourceType": stored.type, "id": stored.id, **named})
    version = Version(stored.type, stored.id, 1, stored.updated, "PUT", body, stored.entries)
    return Change(stored.type, stored.id, lambda _: version)


def merged(plan: Plan, own: Sequence[Item], others: Sequence[Item]) -> list[str]:
    """What a plan finds in two records, each by itself; in one order, without what both have of the other's."""
    found = [*memory.find(plan, own)]
    there = {(item.type, item.id) for item in own}
    holders = {id(inner): each for each in others for inner in each.siblings.values()}
    for item in memory.find(plan, others):
        holder = holders.get(id(item), item)
        if (holder.type, holder.id) not in there:
            found.append(item)
    return [name_of(item) for item in memory.in_order(found, plan.order)]


async def pages(resources: Resources, plan: Plan, size: int) -> list[Found]:
    found = [await resources.find(plan, Page(size))]
    while found[-1].next is not None:
        assert len(found[-1].matches) == size
        found.append(await resources.find(plan, Page(size, after=found[-1].next)))
    return found


async def test_a_search_finds_what_is_open_of_ones_own_and_of_what_others_share(
    store: Store, store_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random plans over two random records that have resources of the same names, in every order, on every page."""
    monkeypatch.setattr(part, "_BATCH", 3)
    monkeypatch.setattr(parts, "_BATCH", 3)
    for number in range(RECORDS[store_kind]):
        random = Random(number)
        me, other = number * 2 + 1, number * 2 + 2
        mine, theirs = record(random), record(random)
        await store.within(Scope(me)).change_all([write(each) for each in mine])
        await store.within(Scope(other)).change_all([write(each) for each in theirs])
        for _ in range(PLANS[store_kind]):
            limits, plan = random.choice([WHOLE, extents(random)]), random_plans.plan(random)
            slices = random.choice([(), (Slice(other, IN_A1),)])
            own = [item for each in mine if is_inside(item := each.item(), limits)]
            shared = [item for each in theirs if slices and is_inside(item := each.item(), IN_A1)]
            wanted, size = merged(plan, own, shared), random.choice([1, 3, 50])
            resources = store.within(Scope(me, readable=limits, shared=slices))
            found = await pages(resources, plan, size)
            assert [name(match) for page in found for match in page.matches] == wanted, (number, plan, limits)
            assert {page.total for page in found} == {len(wanted)}, (number, plan, limits)
            skip = random.randint(1, 8)
            skipped = await resources.find(plan, Page(2, skip=skip))
            assert [name(match) for match in skipped.matches] == wanted[skip : skip + 2]
            assert skipped.total == len(wanted)
            assert (await resources.find(plan, Page(0))).total == len(wanted)


@dataclass
class Told:
    """What was written of one record, oldest first."""

    versions: list[Version]

    def current(self, version: Version) -> Version:
        return [each for each in self.versions if _key(each) == _key(version)][-1]

    def content(self, version: Version) -> Version | None:
        """The version itself, or the one that a deletion ended."""
        if not version.deleted:
            return version
        numbered = {each.number: each for each in self.versions if _key(each) == _key(version)}
        return numbered.get(version.number - 1)

    def open(self, limits: Extents) -> list[Version]:
        """Those versions that are inside, of resources that are: newest first."""
        kept = [v for v in self.versions if self._inside(v, limits) and self._inside(self.current(v), limits)]
        return sorted(kept, key=lambda v: (v.updated, v.type, v.id, v.number), reverse=True)

    def _inside(self, version: Version, limits: Extents) -> bool:
        content = self.content(version)
        return content is not None and any(
            extent.has_type(version.type)
            and (extent.patient is None or f"compartment=Patient/{extent.patient}" in content.entries.keys)
            for extent in limits
        )


def _key(version: Version) -> tuple[str, str]:
    return version.type, version.id


async def live(random: Random, resources: Resources) -> Told:
    """A record in which resources come, go, come again, and move from one patient to another."""
    versions: list[Version] = []
    for moment in range(30):
        type_, id_ = random.choice([("Observation", "o1"), ("Observation", "o2"), ("Flag", "f"), ("Patient", "a1")])
        before = [each for each in versions if _key(each) == (type_, id_)]
        number, updated = len(before) + 1, 1000 + moment // 2
        if before and not before[-1].deleted and random.random() < 0.3:
            made = Version(type_, id_, number, updated, "DELETE", b"")
        else:
            subject = {"reference": random.choice(["Patient/a1", "Patient/b", "http://a.org/dstu2/Patient/a1"])}
            document = {"resourceType": type_, "id": id_} | ({} if type_ == "Patient" else {"subject": subject})
            entries = extract(type_, document, "http://a.org/dstu2")
            made = Version(type_, id_, number, updated, "PUT", dump(document), entries)
        await resources.change(Change(type_, id_, lambda _, made=made: made))  # type: ignore[misc]
        versions.append(made)
    return Told(versions)


async def told(resources: Resources, query: HistoryQuery) -> tuple[list[Version], set[int]]:
    """All pages of a history, and the totals that they tell."""
    page = await resources.history(query)
    versions, totals = [*page.versions], {page.total}
    while page.more:
        last = page.versions[-1]
        place = HistoryPlace(last.updated, last.type, last.id, last.number)
        page = await resources.history(replace(query, after=place))
        versions += page.versions
        totals.add(page.total)
    return versions, totals


LIMITS: Sequence[Extents] = [
    WHOLE,
    NOTHING,
    IN_A1,
    (Extent(frozenset({"Observation"})),),
    (Extent(frozenset({"Observation", "Flag"}), "a1"),),
    (Extent(frozenset({"Flag"})), Extent(None, "b")),
]
QUERIES = [
    HistoryQuery(),
    HistoryQuery(type="Observation"),
    HistoryQuery(type="Observation", id="o1"),
    HistoryQuery(type="Patient", id="a1"),
    HistoryQuery(since=1005),
    HistoryQuery(since=1003, before=1009),
    HistoryQuery(oldest_first=True),
    HistoryQuery(oldest_first=True, total=False),
]


async def test_a_history_tells_the_versions_that_are_open(
    store: Store, store_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "_BATCH", 4)
    telling = 0
    for number in range({"sqlite": 4, "mongodb": 1}[store_kind]):
        random = Random(number)
        record = await live(random, store.within(Scope(number + 1)))
        for limits in LIMITS if store_kind == "sqlite" else LIMITS[2:5]:
            open_ = record.open(limits)
            resources = store.within(Scope(number + 1, readable=limits))
            for query in QUERIES if store_kind == "sqlite" else QUERIES[::3]:
                wanted = [version for version in open_ if _asked(version, query)][:: -1 if query.oldest_first else 1]
                versions, totals = await told(resources, replace(query, count=random.choice([1, 3, 100])))
                assert versions == wanted, (number, limits, query)
                assert totals == {len(wanted) if query.total else 0}
                telling += 0 < len(wanted) < len([each for each in record.versions if _asked(each, query)])
            for version in record.versions:
                found = await resources.version(version.type, version.id, version.number)
                assert found == (version if version in open_ else None)
                current = record.current(version)
                assert await resources.current(version.type, version.id) == (current if current in open_ else None)
    assert telling > 3, "most histories would be the same without any limit"


def _asked(version: Version, query: HistoryQuery) -> bool:
    return (
        query.type in {None, version.type}
        and query.id in {None, version.id}
        and (query.since is None or version.updated >= query.since)
        and (query.before is None or version.updated < query.before)
    )


async def test_a_history_of_several_records_is_one_newest_first(store: Store) -> None:
    random = Random(7)
    mine, theirs = await live(random, store.within(Scope(1))), await live(random, store.within(Scope(2)))
    resources = store.within(Scope(1, shared=(Slice(2, IN_A1),)))
    living = {_key(each) for each in mine.versions if not mine.current(each).deleted}
    wanted = [*mine.versions, *(each for each in theirs.open(IN_A1) if _key(each) not in living)]
    wanted.sort(key=lambda v: (v.updated, v.type, v.id, v.number), reverse=True)
    versions, totals = await told(resources, HistoryQuery(count=3))
    assert totals == {len(wanted)}
    assert versions == wanted


def about(patient: str, id: str = "o", type: str = "Observation") -> Change:
    """Write a resource about a patient, over whatever is there."""
    document = {"resourceType": type, "id": id, "subject": {"reference": f"Patient/{patient}"}}

    def decide(current: Version | None) -> Version:
        number = current.number + 1 if current else 1
        return Version(type, id, number, 1000 + number, "PUT", dump(document), extract(type, document))

    return Change(type, id, decide)


def gone(id: str = "o", type: str = "Observation") -> Change:
    def decide(current: Version | None) -> Version | None:
        if current is None:
            raise NotFound("It never was.")
        return None if current.deleted else Version(type, id, current.number + 1, 2000, "DELETE", b"")

    return Change(type, id, decide)


OF_A, OF_FLAGS = (Extent(None, "a"),), (Extent(frozenset({"Flag"})),)
READING_ALL, READING_A = WHOLE, OF_A
WRITES: dict[str, tuple[list[Change], Change, Extents, Extents, type[Failure] | None]] = {
    # name: (what was before, the change, what is readable, what is writable, what is raised)
    "new inside": ([], about("a"), READING_A, OF_A, None),
    "new outside": ([], about("b"), READING_A, OF_A, Forbidden),
    "new of another type": ([], about("a"), READING_ALL, OF_FLAGS, Forbidden),
    "changed inside": ([about("a")], about("a"), READING_A, OF_A, None),
    "moved out": ([about("a")], about("b"), READING_A, OF_A, Forbidden),
    "moved in": ([about("b")], about("a"), READING_A, OF_A, NotFound),
    "moved in, where it can be seen": ([about("b")], about("a"), READING_ALL, OF_A, Forbidden),
    "deleted inside": ([about("a")], gone(), READING_A, OF_A, None),
    "deleted outside": ([about("b")], gone(), READING_A, OF_A, NotFound),
    "deleted where there is nothing": ([], gone(), READING_A, OF_A, NotFound),
    "brought back inside": ([about("a"), gone()], about("a"), READING_A, OF_A, None),
    "brought back from outside": ([about("b"), gone()], about("a"), READING_A, OF_A, NotFound),
    "deleted again inside": ([about("a"), gone()], gone(), READING_A, OF_A, None),
    "nothing writable": ([], about("a"), READING_ALL, NOTHING, Forbidden),
    "a type that is writable": ([], about("b", "f", "Flag"), READING_A, OF_FLAGS, None),
    "said to be new, outside": ([], structs.replace(about("b"), fresh=True), READING_A, OF_A, Forbidden),
}


async def test_a_write_goes_from_inside_to_inside(store: Store) -> None:
    for owner, case in enumerate(WRITES):
        await _write(case, store, owner)


async def _write(case: str, store: Store, owner: int) -> None:
    before, change, readable, writable, raised = WRITES[case]
    whole = store.within(Scope(owner))
    for each in before:
        await whole.change(each)
    limited = store.within(Scope(owner, readable, writable))
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "alone": lambda: limited.change(change),
        "with others": lambda: limited.change_all([change]),
        "in a transaction": lambda: limited.transact(lambda inside: inside.change(change)),
    }
    versions = (await whole.history(HistoryQuery())).versions
    for way, write_ in ways.items():
        if raised is not None:
            with pytest.raises(raised):
                await write_()
            assert (await whole.history(HistoryQuery())).versions == versions, (case, way)
        else:
            await write_()
            assert (await whole.current(change.type, change.id)) is not None


async def test_what_is_written_with_something_forbidden_is_not_written_either(store: Store) -> None:
    limited = store.within(Scope(1, OF_A, OF_A))
    with pytest.raises(Forbidden):
        await limited.change_all([about("a", "one"), about("b", "two")])
    assert (await store.within(Scope(1)).history(HistoryQuery())).total == 0


async def test_a_write_never_reaches_what_is_shared(store: Store) -> None:
    theirs = store.within(Scope(2))
    await theirs.change(about("a1"))
    resources = store.within(Scope(1, shared=(Slice(2, IN_A1),)))
    assert await resources.current("Observation", "o") is not None
    with pytest.raises(NotFound):
        await resources.change(gone())
    written = await resources.change(about("a1"))
    assert written is not None
    assert written.number == 1
    assert (await theirs.history(HistoryQuery())).total == 1


async def test_inside_a_transaction_its_own_writes_are_seen_and_what_is_shared_too(store: Store) -> None:
    await store.within(Scope(2)).change(about("a1", "theirs"))

    async def work(inside: Resources) -> list[str]:
        await inside.change(about("a1", "mine"))
        return names(await inside.find(Plan(("Observation",), HasPrefix("compartment=")), Page(10)))

    assert await store.within(Scope(1, shared=(Slice(2, IN_A1),))).transact(work) == ["mine", "theirs"]


def names(found: Found) -> list[str]:
    return [match.version.id for match in found.matches]


async def test_who_has_one_whole_record_is_given_the_stores_own_resources(store: Store, store_kind: str) -> None:
    """What most callers have costs nothing: no other object stands before the store's own."""
    whole = store.within(Scope(1))
    assert type(whole).__module__.startswith(f"fhirstore.store.{store_kind}")
    assert isinstance(whole, SqliteResources) == (store_kind == "sqlite")
    for narrow in _narrower():
        assert type(store.within(narrow)) is not type(whole)


def _narrower() -> Iterable[Scope]:
    yield Scope(1, readable=OF_A)
    yield Scope(1, writable=NOTHING)
    yield Scope(1, shared=(Slice(2),))
