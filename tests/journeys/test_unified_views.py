"""What was worked out of a unified record is kept until the record changes, for those who reach the same of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec import structs

from fhirstore.caller import Caller
from fhirstore.clock import now
from fhirstore.dstu2.json_format import dump, parse
from fhirstore.extents import Extent, Slice
from fhirstore.ids import new_id
from fhirstore.interactions import unified_record, unified_views
from fhirstore.interactions.doorway import Doorway
from fhirstore.interactions.request import Context, Limits, Request
from fhirstore.interactions.served import process
from fhirstore.interactions.unified import unified
from fhirstore.interactions.unified_facts import Contribution, UnifiedFact
from fhirstore.interactions.unified_views import Views, fresh_view
from fhirstore.store import open_store
from fhirstore.store.contract import Store
from fhirstore.store.scope import Scope
from fhirstore.transfer.sources import delete_all, of_source
from fhirstore.unified.grouping import Member, group
from fhirstore.unified.judgements import NO_JUDGEMENTS, basic
from fhirstore.unified.people import people
from tests.builders import patient
from tests.conformance.bundles import batch, entry, transaction
from tests.unified.resources import fact, pulse

WHOLE = Scope(1)
on_one_store = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


def telling(source: str, number: int, about: str = "p") -> dict[str, Any]:
    tag = {"system": "urn:fhirstore:source", "code": f"urn:{source}"}
    told = pulse(f"2015-02-07T{number:02}:00:00Z", 60 + number, subject={"reference": f"Patient/{about}"})
    return {**told, "id": f"{source}{number}", "meta": {"tag": [tag]}}


RECORD = [
    patient(id="p"),
    patient(id="other"),
    *(telling(source, number) for source in "ab" for number in range(4)),
    telling("a", 9, "other"),
]


@pytest.fixture
async def doorway(store: Store) -> Doorway:
    return Doorway(store, now, new_id, "official", Limits(), lambda _: None, _nothing)


async def _nothing() -> None:
    return


@pytest.fixture
async def context(doorway: Doorway) -> Context:
    found = of(doorway, "user/*.*")
    entries = [entry("PUT", f"{each['resourceType']}/{each['id']}", each) for each in RECORD]
    assert (await process(Request(body=dump(batch(*entries))), found)).status == 200
    return found


def of(doorway: Doorway, scope: str, patient: str | None = None, user: int = 1) -> Context:
    return doorway.context(Caller("tests", user, scope, patient=patient), "http://localhost/dstu2", None)


async def facts(context: Context, **query: str) -> list[list[str]]:
    """The resources behind each fact of a page."""
    found = parse((await unified(Request(type="Patient", query=list(query.items())), context)).body)
    told = [each["resource"]["parameter"] for each in found["entry"] if each["search"]["mode"] == "match"]
    return [
        sorted(part["part"][0]["valueReference"]["reference"] for part in each if part["name"] == "contribution")
        for each in told
    ]


async def fresh(context: Context, **query: str) -> list[list[str]]:
    return await facts(structs.replace(context, view=fresh_view), **query)


async def write(context: Context, *entries: Any) -> None:
    assert (await process(Request(body=dump(transaction(*entries))), context)).status == 200


async def test_another_state_of_a_record_has_another_view(store: Store, context: Context, database: str) -> None:
    views = Views(store, now)
    elsewhere = open_store(database)
    await elsewhere.open()
    changes: dict[str, Callable[[], Any]] = {
        "nothing": lambda: None,
        "created": lambda: write(context, entry("PUT", "Observation/c1", {**telling("c", 1), "id": "c1"})),
        "updated": lambda: write(context, entry("PUT", "Observation/c1", {**telling("c", 2), "id": "c1"})),
        "deleted": lambda: write(context, entry("DELETE", "Observation/c1")),
        "put in its place": lambda: write(context, entry("PUT", "Observation/c2", {**telling("c", 2), "id": "c2"})),
        "erased": lambda: store.purging.purge(WHOLE, [("Observation", "a1")]),
        "erased by another process": lambda: elsewhere.purging.purge(WHOLE, [("Observation", "c2")]),
    }
    before = await views.view(WHOLE)
    for name, change in changes.items():
        if (made := change()) is not None:
            await made
        after = await views.view(WHOLE)
        assert (after is before) == (name == "nothing"), name
        assert await facts(context, kind="Observation") == await fresh(context, kind="Observation"), name
        before = after
    await elsewhere.close()


async def test_a_view_is_of_exactly_what_its_reader_reaches(doorway: Doorway, context: Context) -> None:
    """Whoever asked before: the whole record first, then parts of it, then the whole again."""
    whole = await facts(context)
    parts = [
        of(doorway, "user/Observation.read"),
        of(doorway, "patient/*.read", "p"),
        of(doorway, "patient/*.read", "other"),
        of(doorway, "patient/Observation.read", "other"),
        of(doorway, "user/Observation.write"),
    ]
    found = [await facts(part) for part in parts]
    assert found == [await fresh(part) for part in parts]
    assert found[2:] == [[["Patient/other"], ["Observation/a9"]], [["Observation/a9"]], []]
    assert [await facts(part) for part in reversed(parts)] == found[::-1]
    assert await facts(context) == whole == await fresh(context)
    assert len(whole) == 7


@on_one_store
async def test_another_users_record_has_a_view_of_its_own_and_what_is_shared_has_none(store: Store) -> None:
    views = Views(store, now)
    scopes = [WHOLE, Scope(2), Scope(1, (Extent(patient="p"),)), Scope(1, (Extent(frozenset({"Observation"})),))]
    found = [await views.view(scope) for scope in scopes]
    assert len({id(each) for each in found}) == 4
    assert all([await views.view(scope) is each for scope, each in zip(scopes, found, strict=True)])
    shared = Scope(1, shared=(Slice(2),))
    assert await views.view(shared) is not await views.view(shared)


@on_one_store
async def test_pages_that_are_asked_for_together_are_worked_out_once(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    grouped: list[str] = []

    def counting(facts: Sequence[Any], *more: Any) -> Any:
        grouped.extend({fact.kind for fact in facts})
        return group(facts, *more)

    monkeypatch.setattr(unified_record, "group", counting)
    pages = await asyncio.gather(*(facts(context, _count=str(count)) for count in (1, 2, 50)))
    assert [len(page) for page in pages] == [1, 2, 7]
    assert sorted(grouped) == ["Observation", "Patient"]


async def test_without_a_source_the_view_is_as_if_it_had_never_come(doorway: Doorway, context: Context) -> None:
    """Also where somebody judged what it told, and whatever was asked before."""
    never = of(doorway, "user/*.*", user=2)
    kept = [each for each in RECORD if not each["id"].startswith("b")]
    await write(never, *(entry("PUT", f"{each['resourceType']}/{each['id']}", each) for each in kept))
    judged = basic("same", ("Observation/a1", "Observation/b2"), "Patient/p")
    await write(context, entry("PUT", "Basic/j", {**judged, "id": "j"}))
    assert ["Observation/a1", "Observation/b2"] in await facts(context)
    gone = [version async for version in of_source("urn:b", context.resources)]
    assert len(await delete_all(gone, "urn:b", context.resources, now)) == 4
    assert await facts(context) == await facts(never) == await fresh(context)


async def test_within_a_transaction_the_view_is_of_what_is_written_there(context: Context) -> None:
    before = await facts(context)
    asked = entry("GET", "Patient/$unified?kind=Observation")
    added = {**telling("c", 1), "id": "c1"}
    answer = await process(Request(body=dump(transaction(entry("PUT", "Observation/c1", added), asked))), context)
    inside = parse(answer.body)["entry"][1]["resource"]
    shown = [each["resource"]["id"] for each in inside["entry"] if each["search"]["mode"] == "include"]
    assert "c1" in shown
    assert sorted(map(len, before)) == [1, 1, 1, 2, 2, 2, 2]
    assert sorted(map(len, await facts(context))) == [1, 1, 1, 2, 2, 2, 3]


@pytest.fixture
def time() -> list[int]:
    return [0]


@pytest.fixture
def small(store: Store, time: list[int]) -> Views:
    """Room for ten resources in all."""
    return Views(store, lambda: time[0], room=10)


def of_size(size: int) -> list[UnifiedFact]:
    return [
        UnifiedFact("Observation", "", "", 0, 0, (Contribution(f"Observation/{number}"),)) for number in range(size)
    ]


async def test_whoever_reads_after_a_write_was_answered_sees_it_however_many_read_meanwhile(context: Context) -> None:
    seen: list[tuple[str, bool]] = []

    async def write_and_read(number: int) -> None:
        name = f"c{number}"
        written = batch(entry("PUT", f"Observation/{name}", {**telling("c", number), "id": name}))
        assert (await process(Request(body=dump(written)), context)).status == 200
        page = await facts(context, kind="Observation")
        seen.append((name, any(f"Observation/{name}" in each for each in page)))

    await asyncio.gather(*(write_and_read(number) for number in range(8)))
    assert sorted(seen) == [(f"c{number}", True) for number in range(8)]
    assert await facts(context, kind="Observation") == await fresh(context, kind="Observation")


@on_one_store
async def test_what_was_used_last_is_let_go_last(small: Views) -> None:
    first, second = [await small.view(Scope(owner)) for owner in (1, 2)]
    await first.keep({"Observation": of_size(4)})
    await second.keep({"Observation": of_size(4)})
    assert await small.view(Scope(1)) is first
    third = await small.view(Scope(3))
    await third.keep({"Observation": of_size(5)})
    assert await small.view(Scope(3)) is third
    assert await small.view(Scope(1)) is first
    assert await small.view(Scope(2)) is not second


async def test_what_was_worked_out_while_others_wrote_is_not_kept(store: Store, context: Context) -> None:
    """It is of no state of the record, and that before may come back: when what was written is erased."""
    views = Views(store, now)
    view = await views.view(WHOLE)
    await write(context, entry("PUT", "Observation/c1", {**telling("c", 1), "id": "c1"}))
    await view.keep({"Observation": of_size(3)})
    assert await store.purging.purge(WHOLE, [("Observation", "c1")]) == 1
    assert await views.view(WHOLE) is view
    assert view.facts == {}
    await view.keep({"Observation": of_size(3)})
    assert set(view.facts) == {"Observation"}


@on_one_store
async def test_what_is_too_much_for_all_room_is_not_kept(small: Views) -> None:
    view = await small.view(WHOLE)
    await view.keep({"Observation": of_size(11)})
    await view.keep({"Condition": of_size(3)})
    await view.keep_people(people([(Member(fact("a", patient(), str(number))),) for number in range(8)]), NO_JUDGEMENTS)
    assert (set(view.facts), view.size, view.people) == ({"Condition"}, 3, None)


@on_one_store
async def test_what_nobody_uses_is_let_go(small: Views, time: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unified_views, "UNUSED_SECONDS", 0.01)
    await small.view(Scope(1))
    time[0] = 5
    await small.view(Scope(2))
    for moment, left in ((12, 1), (100, 0)):
        time[0] = moment
        async with asyncio.timeout(30):
            while len(small) > left:  # noqa: ASYNC110 - nothing tells of a timer that did its work
                await asyncio.sleep(0.001)
    assert (await small.view(Scope(2))).size == 0


@on_one_store
async def test_a_record_without_room_is_told_whole_all_the_same(
    doorway: Doorway, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await facts(context)
    tight = structs.replace(context, view=lambda: Views(doorway.store, now, room=3).view(WHOLE))
    assert await facts(tight) == whole
    assert await facts(tight, kind="Observation") == whole[2:]
