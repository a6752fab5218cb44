"""What both stores find: pages that lose nothing, exact totals, only the scope's own, a transaction's own writes."""

from __future__ import annotations

import pytest

from fhirstore.errors import BadRequest, Conflict
from fhirstore.search.entries import ContainedEntries, Entries, Range
from fhirstore.search.plan import (
    AllOf,
    AnyOf,
    ById,
    ByKey,
    ByRange,
    ByUpdate,
    Contains,
    Filter,
    HasKey,
    HasPrefix,
    HasWord,
    InRange,
    KeyScan,
    Limit,
    LinkedFrom,
    LinksTo,
    Not,
    OfType,
    Order,
    Plan,
    RangeScan,
    Updated,
    WithIds,
)
from fhirstore.store.contract import Change, Found, Page, Resources, Store, Version
from fhirstore.store.cursors import Place
from fhirstore.store.scope import Scope

MINE, STRANGER = Scope(1), Scope(2)
NO_ENTRIES = Entries()


def put(type_: str, id_: str, entries: Entries = NO_ENTRIES, *, at: int = 1000, text: str = "x") -> Change:
    def decide(current: Version | None) -> Version:
        return Version(type_, id_, current.number + 1 if current else 1, at, "PUT", text.encode(), entries)

    return Change(type_, id_, decide)


def delete(type_: str, id_: str) -> Change:
    def decide(current: Version | None) -> Version | None:
        return current and Version(type_, id_, current.number + 1, 9000, "DELETE", b"")

    return Change(type_, id_, decide)


def day(number: int) -> Range:
    return Range("Observation.date", number * 86_400_000_000, (number + 1) * 86_400_000_000)


def observation(number: int, *, on: int | None = None) -> Change:
    entries = Entries(
        ("Observation.status:final", f"Observation.code:{number % 3}", f"Observation.note~{number:02}\x1f{number}"),
        (day(number if on is None else on),),
        ("final",),
    )
    return put("Observation", f"o{number:02}", entries, at=1000 + number, text=str(number))


async def ids(resources: Resources, filter_: Filter, *types: str) -> list[str]:
    found = await resources.find(Plan(types, filter_), Page(100))
    assert found.total == len(found.matches)
    return [f"{match.version.type}/{match.version.id}" for match in found.matches]


ORDERS: dict[str, tuple[Order, ...]] = {
    "by type and id": (),
    "by id, backwards": (ById(True),),
    "by last update": (ByUpdate(),),
    "by last update, newest first": (ByUpdate(True),),
    "by date": (ByRange("Observation.date"),),
    "by date, newest first": (ByRange("Observation.date", descending=True),),
    "by text": (ByKey("Observation.note~"),),
    "by code, then newest first": (ByKey("Observation.code:"), ByRange("Observation.date", descending=True)),
}


@pytest.mark.parametrize("orders", ORDERS.values(), ids=ORDERS)
async def test_what_is_there_throughout_is_on_exactly_one_page_while_others_come_and_go(
    store: Store, orders: tuple[Order, ...]
) -> None:
    resources = store.within(MINE)
    await resources.change_all([observation(number) for number in range(0, 30, 2)])
    plan, seen, place = Plan(("Observation",), HasKey(("Observation.status:final",)), orders), [], None
    lasting = {f"o{number:02}" for number in range(0, 30, 2) if number not in {8, 20}}
    for turn in range(20):
        found = await resources.find(plan, Page(3, place))
        seen += [match.version.id for match in found.matches]
        # New ones before and behind the place, one that goes, and one that moves from one end to the other.
        await resources.change_all([observation(2 * turn + 1), delete("Observation", "o08" if turn else "o99")])
        await resources.change(observation(20, on=0 if turn % 2 else 99))
        place = found.next
        if place is None:
            break
    assert sorted(id_ for id_ in seen if id_ in lasting) == sorted(lasting)


async def test_a_place_is_good_after_the_resource_it_was_taken_from_is_gone(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change_all([observation(number) for number in range(6)])
    plan = Plan(("Observation",), order=(ByRange("Observation.date", descending=True),))
    first = await resources.find(plan, Page(2))
    await resources.change(delete("Observation", first.matches[-1].version.id))
    rest = await resources.find(plan, Page(10, first.next))
    assert [match.version.id for match in (*first.matches, *rest.matches)] == ["o05", "o04", "o03", "o02", "o01", "o00"]
    assert rest.next is None


async def test_a_place_goes_through_a_page_token(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change_all([observation(number) for number in range(4)])
    plan = Plan(("Observation",), order=(ByKey("Observation.note~"), ByRange("Observation.none"), ByUpdate()))
    found = await resources.find(plan, Page(1))
    assert found.next is not None
    token = store.cursors.write(1, "question", found.next)
    place: Place = store.cursors.read(1, "question", token)
    assert [match.version.id for match in (await resources.find(plan, Page(1, place))).matches] == ["o01"]


async def test_the_total_is_of_all_pages_and_only_counted_when_wanted(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change_all([observation(number) for number in range(5)])
    everything = Plan(("Observation",))
    assert await resources.find(everything, Page(0)) == Found((), 5)
    page = await resources.find(everything, Page(2, skip=3))
    assert ([match.version.id for match in page.matches], page.total, page.next) == (["o03", "o04"], 5, None)
    assert (await resources.find(Plan(("Patient",)), Page(2))) == Found((), 0)


async def test_a_match_is_the_current_version_as_it_was_written(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change(put("Patient", "a", Entries(("Patient.x:1",)), text="one"))
    await resources.change(put("Patient", "a", Entries(("Patient.x:2",)), text="two"))
    (match,) = (await resources.find(Plan(("Patient",), HasKey(("Patient.x:2",))), Page(10))).matches
    assert match.version == await resources.current("Patient", "a")
    assert match.version.body == b"two"
    assert await ids(resources, HasKey(("Patient.x:1",))) == [], "by what it was, it is no longer found"


async def test_deletions_are_never_found_not_even_by_what_they_are_not(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change_all([put("Patient", "a", Entries(("Patient.x:1",))), put("Patient", "b")])
    await resources.change(delete("Patient", "a"))
    for filter_ in (
        AllOf(),
        Not(HasKey(("Patient.y:1",))),
        WithIds(("a", "b")),
        Updated(from_=0),
        OfType(("Patient",)),
    ):
        assert await ids(resources, filter_) == ["Patient/b"], filter_
    assert await resources.current_all([("Patient", "a"), ("Patient", "b")]) == [
        await resources.current("Patient", "b")
    ]
    await resources.change(put("Patient", "a", Entries(("Patient.x:1",))))
    assert await ids(resources, HasKey(("Patient.x:1",))) == ["Patient/a"], "brought back, it is found again"


async def test_several_resources_are_read_at_once_in_the_order_they_are_asked_for(store: Store) -> None:
    mine, strangers = store.within(MINE), store.within(STRANGER)
    await mine.change_all([put("Patient", "a"), put("Observation", "a"), put("Patient", "b")])
    await strangers.change(put("Patient", "c"))
    asked = [("Patient", "b"), ("Patient", "c"), ("Observation", "a"), ("Patient", "a")]
    found = await mine.current_all(asked)
    assert [(version.type, version.id) for version in found] == [asked[0], asked[2], asked[3]]


WHOLE_RECORD = [
    put(
        "Patient",
        "p",
        Entries(
            ("Patient.name~smith\x1fSmith", "compartment=Patient/p"), (Range("Patient.birthdate", 0, 1),), ("word",)
        ),
    ),
    put(
        "Observation",
        "o",
        Entries(
            (
                "Observation.code:1",
                "Observation.subject=Patient/p",
                "Observation.performer=#c",
                "compartment=Patient/p",
            ),
            (Range("Observation.value^g", "31", "33", "32", "32!"),),
            ("word",),
            (ContainedEntries("Practitioner", "c", Entries(("Practitioner.name~jones\x1fJones",), (), ("inside",))),),
        ),
    ),
]
SMITH = HasPrefix("Patient.name~smith")
EVERY_FILTER: dict[str, Filter] = {
    "everything": AllOf(),
    "key": HasKey(("Observation.code:1", "Patient.name~smith\x1fSmith")),
    "compartment": HasKey(("compartment=Patient/p",)),
    "prefix": SMITH,
    "scan of keys": KeyScan("Patient.name~", lambda key: "mit" in key),
    "range": InRange("Patient.birthdate", (Limit("low", ">=", 0),)),
    "scan of ranges": RangeScan("Observation.value", lambda name: True, (Limit("least", "<", "4"),)),
    "type": OfType(("Patient",)),
    "id": WithIds(("p", "o")),
    "time": Updated(from_=5),
    "word": HasWord(("word",)),
    "not": Not(HasKey(("Observation.code:2",))),
    "any of": AnyOf((SMITH, HasKey(("Observation.code:1",)))),
    "chain": LinksTo("Observation.subject", ("Patient",), SMITH),
    "chain into a contained resource": LinksTo(
        "Observation.performer", ("Practitioner",), HasPrefix("Practitioner.name~jones")
    ),
    "chain of everything": LinksTo("Observation.subject", ("Patient",), AllOf()),
    "reverse chain": LinkedFrom("Observation", "Observation.subject", HasKey(("Observation.code:1",))),
    "reverse chain of everything": LinkedFrom("Observation", "Observation.subject", AllOf()),
    "container": Contains(("Practitioner",), HasPrefix("Practitioner.name~jones")),
    "container of anything": Contains((), AllOf()),
}


@pytest.mark.parametrize("filter_", EVERY_FILTER.values(), ids=EVERY_FILTER)
async def test_a_strangers_identical_record_is_found_by_no_filter(store: Store, filter_: Filter) -> None:
    await store.within(STRANGER).change_all(WHOLE_RECORD)
    mine = store.within(MINE)
    for population in ("resources", "contained", "both"):
        assert await mine.find(Plan((), filter_, (), population), Page(10)) == Found((), 0)
    await mine.change_all([put("Patient", "q"), put("Observation", "r")])
    assert set(await ids(mine, filter_)) <= {"Patient/q", "Observation/r"}
    assert await ids(store.within(STRANGER), filter_), "who owns the record finds it"


async def test_no_step_of_a_chain_leads_through_a_strangers_resource(store: Store) -> None:
    mine, strangers = store.within(MINE), store.within(STRANGER)
    await strangers.change_all(WHOLE_RECORD)
    await mine.change_all([put("Observation", "o", Entries(("Observation.subject=Patient/p",))), put("Patient", "q")])
    assert await ids(mine, LinksTo("Observation.subject", ("Patient",), SMITH)) == []
    assert await ids(mine, LinksTo("Observation.subject", ("Patient",), AllOf())) == [], "my reference leads nowhere"
    await mine.change(put("Patient", "p"))
    assert await ids(mine, LinksTo("Observation.subject", ("Patient",), SMITH)) == [], "my patient has no such name"
    assert await ids(mine, LinkedFrom("Observation", "Observation.subject", HasKey(("Observation.code:1",)))) == []


async def test_questions_of_single_keys_are_only_asked_of_ones_own_keys(store: Store) -> None:
    await store.within(STRANGER).change_all(WHOLE_RECORD)
    mine = store.within(MINE)
    await mine.change(put("Patient", "p", Entries(("Patient.name~mine\x1fMine",), (Range("Patient.mine", 0, 1),))))
    asked: list[str] = []

    def listen(text: str) -> bool:
        asked.append(text)
        return True

    await ids(mine, KeyScan("", listen))
    await ids(mine, RangeScan("", listen))
    assert {text for text in asked if text.startswith(("Patient", "Observation"))} <= {
        "Patient.name~mine\x1fMine",
        "Patient.mine",
    }
    assert asked


async def test_an_order_by_what_only_a_stranger_has_changes_nothing(store: Store) -> None:
    await store.within(STRANGER).change_all(WHOLE_RECORD)
    mine = store.within(MINE)
    await mine.change_all([put("Patient", "b"), put("Patient", "a")])
    for order in (ByKey("Patient.name~"), ByRange("Patient.birthdate")):
        found = await mine.find(Plan(("Patient",), order=(order,)), Page(1))
        assert [match.version.id for match in found.matches] == ["a"]
        assert found.next == [None, "Patient", "a", "", ""]


async def test_a_transaction_finds_its_own_writes_and_others_find_them_after_it(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change_all(WHOLE_RECORD)

    async def work(inside: Resources) -> list[str]:
        await inside.change(delete("Observation", "o"))
        await inside.change_all([put("Observation", "n", Entries(("Observation.subject=Patient/p",)))])
        await inside.change(put("Patient", "p", Entries(("Patient.name~smith\x1fSmith",)), text="again"))
        assert await ids(resources, OfType(("Observation",))) == ["Observation/o"], "not visible before the end"
        assert [version.body for version in await inside.current_all([("Patient", "p")])] == [b"again"]
        return await ids(inside, LinksTo("Observation.subject", ("Patient",), SMITH))

    assert await resources.transact(work) == ["Observation/n"]
    assert await ids(resources, OfType(("Observation",))) == ["Observation/n"]


async def test_what_an_undone_transaction_made_is_found_by_nobody(store: Store) -> None:
    resources = store.within(MINE)

    async def work(inside: Resources) -> None:
        await inside.change_all(WHOLE_RECORD)
        raise Conflict("changed my mind")

    with pytest.raises(Conflict):
        await resources.transact(work)
    assert await ids(resources, AllOf()) == []
    await resources.change_all(WHOLE_RECORD)
    for name, filter_ in EVERY_FILTER.items():
        assert await ids(resources, filter_), name


async def test_a_contained_match_says_what_contains_it(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change_all(WHOLE_RECORD)
    jones = HasPrefix("Practitioner.name~jones")
    plan = Plan(("Practitioner",), jones, population="contained")
    (match,) = (await resources.find(plan, Page(10))).matches
    assert (match.version.type, match.version.id, match.contained) == ("Observation", "o", "c")
    await resources.change(put("Practitioner", "d", Entries(("Practitioner.name~jones\x1fJones",))))
    both = await resources.find(Plan(("Practitioner",), jones, population="both"), Page(10))
    assert [(match.version.id, match.contained) for match in both.matches] == [("d", None), ("o", "c")]
    await resources.change(put("Observation", "o"))
    assert (await resources.find(plan, Page(10))).total == 0, "it contains nobody any more"


async def test_what_nobody_can_answer_is_refused_and_what_is_merely_long_is_answered(store: Store) -> None:
    resources = store.within(MINE)
    await resources.change_all(WHOLE_RECORD)
    prefixes = tuple(HasPrefix(f"Patient.name~{number}") for number in range(300))
    assert await ids(resources, AnyOf((*prefixes, SMITH))) == ["Patient/p"]
    codes = tuple(f"Observation.code:{number}" for number in range(3000))
    assert await ids(resources, HasKey(codes)) == ["Observation/o"]
    deep: Filter = SMITH
    for _ in range(4):
        deep = LinkedFrom("Observation", "Observation.subject", LinksTo("Observation.subject", ("Patient",), deep))
    assert await ids(resources, deep) == ["Patient/p"]
    with pytest.raises(BadRequest, match="too many parts"):
        await ids(resources, AnyOf(tuple(HasPrefix(f"Patient.x{number}") for number in range(6000))))


async def test_text_that_means_something_to_a_database_means_itself(store: Store) -> None:
    resources = store.within(MINE)
    texts = ["$where", "' OR 1=1 --", '"', "%", "_", "*", ".*", "{$ne:1}", "\u0001", "a\\", "[1]", "#", "=Patient"]
    await resources.change_all(
        [put("Patient", f"p{at}", Entries((f"Patient.x={text}",), (), (text,))) for at, text in enumerate(texts)]
    )
    for at, text in enumerate(texts):
        for filter_ in (HasKey((f"Patient.x={text}",)), HasPrefix(f"Patient.x={text}"), HasWord((text,))):
            assert await ids(resources, filter_) == [f"Patient/p{at}"], filter_
