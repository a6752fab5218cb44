"""Jobs on both stores: each is one process's at a time, survives its holder, and goes with all its files."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from fhirstore.dstu2.json_format import dump
from fhirstore.search.extract import extract
from fhirstore.search.plan import HasKey, Plan
from fhirstore.store.contract import Change, HistoryQuery, Page, Store, Version
from fhirstore.store.jobs import Job
from fhirstore.store.scope import Scope

KINDS = ("import", "removal")


def job(client_id: str = "app", kind: str = "import", created: int = 1, owner: int = 1) -> Job:
    return Job(uuid4().hex, owner, client_id, kind, created, {"source": "urn:a", "a.b": {"$c": 1.5}})


async def test_a_job_is_kept_as_it_was_given(store: Store) -> None:
    given = job()
    await store.jobs.add(given)
    assert await store.jobs.job(given.id) == given
    assert await store.jobs.job("nothing") is None


async def test_of_many_that_take_at_once_each_gets_another_job_and_the_oldest_first(store: Store) -> None:
    given = [job(created=created) for created in (3, 1, 2)]
    for each in given:
        await store.jobs.add(each)
    await store.jobs.add(job(kind="another kind"))
    taken = await asyncio.gather(*(store.jobs.take(KINDS, f"holder {n}", 10, 20) for n in range(6)))
    found = [each for each in taken if each is not None]
    assert sorted(each.id for each in found) == sorted(each.id for each in given)
    assert len({each.holder for each in found}) == 3


async def test_a_job_whose_lease_is_over_goes_on_elsewhere_and_its_old_holder_learns_it(store: Store) -> None:
    await store.jobs.add(job())
    first = await store.jobs.take(KINDS, "first", 10, 20)
    assert first is not None
    assert await store.jobs.note(first, {"done": 5}, 15, 30)
    assert await store.jobs.take(KINDS, "second", 30, 40) is None
    second = await store.jobs.take(KINDS, "second", 31, 40)
    assert second is not None
    assert (second.id, second.progress) == (first.id, {"done": 5})
    assert not await store.jobs.note(first, {"done": 6}, 32, 50)
    assert not await store.jobs.end(first, "done", {}, 32)
    assert await store.jobs.end(second, "done", {"created": 7}, 33)
    ended = await store.jobs.job(first.id)
    assert ended is not None
    assert (ended.state, ended.result, ended.updated) == ("done", {"created": 7}, 33)
    assert await store.jobs.take(KINDS, "third", 1000, 2000) is None


async def test_a_cancelled_job_is_no_longer_its_holders(store: Store) -> None:
    given = job("one")
    await store.jobs.add(given)
    await store.jobs.add(job("other"))
    held = await store.jobs.take(KINDS, "holder", 10, 20)
    assert held is not None
    assert (await store.jobs.count_open("one"), await store.jobs.count_open("other")) == (1, 1)
    assert await store.jobs.cancel(given.id, 11)
    assert not await store.jobs.cancel(given.id, 12)
    assert await store.jobs.count_open("one") == 0
    assert not await store.jobs.note(held, {}, 13, 30) or held.id != given.id


async def test_files_come_back_piece_by_piece_and_go_with_their_job(store: Store) -> None:
    old, new = job(owner=1), job(owner=2)
    for each in (old, new):
        await store.jobs.add(each)
        for number in (0, 7, 3):
            await store.jobs.put_chunk(each.id, "input", number, b"first try")
            await store.jobs.put_chunk(each.id, "input", number, b"\x00%d" % number)
    assert await store.jobs.chunk_numbers(old.id, "input") == [0, 3, 7]
    assert [await store.jobs.chunk(old.id, "input", n) for n in (3, 4)] == [b"\x003", None]
    await store.jobs.forget_owner(1)
    assert await store.jobs.job(old.id) is None
    assert await store.jobs.chunk_numbers(old.id, "input") == []
    assert await store.jobs.chunk_numbers(new.id, "input") == [0, 3, 7]
    await store.jobs.forget_file(new.id, "input")
    assert await store.jobs.chunk_numbers(new.id, "input") == []


async def test_only_jobs_that_ended_long_ago_are_forgotten(store: Store) -> None:
    waiting, ended = job(), job(kind="removal", created=0)
    await store.jobs.add(waiting)
    await store.jobs.add(ended)
    await store.jobs.cancel(ended.id, 50)
    assert await store.jobs.forget_ended(50) == 0
    assert await store.jobs.forget_ended(51) == 1
    assert await store.jobs.job(ended.id) is None
    assert await store.jobs.job(waiting.id) is not None


def written(id: str, number: int, family: str) -> Change:
    document = {"resourceType": "Patient", "id": id, "name": [{"family": [family]}], "contained": []}
    entries = extract("Patient", document, "")
    version = Version("Patient", id, number, number, "PUT", dump(document), entries)
    return Change("Patient", id, lambda current: version)


async def test_what_is_purged_leaves_no_version_and_no_entry_and_nothing_else_goes(store: Store) -> None:
    mine, theirs = store.within(Scope(1)), store.within(Scope(2))
    for resources in (mine, theirs):
        for change in (written("a", 1, "One"), written("a", 2, "Two"), written("b", 1, "Two")):
            await resources.change(change)
    assert await store.purging.purge(Scope(1), [("Patient", "a"), ("Patient", "none")]) == 2
    assert await mine.current("Patient", "a") is None
    assert [each.id for each in (await mine.history(HistoryQuery())).versions] == ["b"]
    named = Plan(("Patient",), HasKey(("Patient.family~two\x1fTwo",)))
    assert [match.version.id for match in (await mine.find(named, Page(10))).matches] == ["b"]
    assert (await theirs.history(HistoryQuery())).total == 3
    await mine.change(written("a", 1, "Again"))
    assert (await mine.history(HistoryQuery(type="Patient", id="a"))).total == 1
