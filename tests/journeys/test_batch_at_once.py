"""Entries of a batch that cannot see one another are carried out at once; all others wait for those before them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs

from fhirstore.caller import Caller
from fhirstore.clock import now
from fhirstore.ids import new_id
from fhirstore.interactions.entries import TOGETHER
from fhirstore.interactions.request import Context, Limits, Request
from fhirstore.interactions.served import process
from fhirstore.store.contract import Change, Resources, Store, Version
from fhirstore.store.read_through import ReadThrough
from fhirstore.store.scope import scope_of
from tests.builders import observation, patient
from tests.conformance.bundles import batch, entry

pytestmark = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


class Slow(ReadThrough):
    """Resources that tell which writes were under way at the same time: each waits until all others have begun."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(resources)
        self.under_way: list[str] = []
        self.together: list[list[str]] = []
        self.begun = asyncio.Event()

    async def change(self, change: Change) -> Version | None:
        name = f"{change.type}/{change.id}" if not change.fresh else "new"
        self.under_way.append(name)
        for _ in range(10):
            await asyncio.sleep(0)
        if self.under_way:
            self.together.append(self.under_way)
            self.under_way = []
            self.begun.set()
        return await self._resources.change(change)

    async def change_all(self, changes: Any) -> Any:
        raise NotImplementedError

    async def transact(self, work: Any, locks: Any = ()) -> Any:
        self.together.append(["alone"])
        return await self._resources.transact(work, locks)


@pytest.fixture
def slow(store: Store) -> Slow:
    caller = Caller("tests", 1, "user/*.*")
    return Slow(store.within(scope_of(caller), caller.author))


@pytest.fixture
def context(store: Store, slow: Slow) -> Context:
    caller = Caller("tests", 1, "user/*.*")
    return Context(caller, slow, now, new_id, store.cursors, "http://localhost/dstu2", "official")


async def statuses(context: Context, *entries: Mapping[str, Any]) -> list[str]:
    reply = await process(Request(body=json.dumps(batch(*entries)).encode()), context)
    return [each["response"]["status"][:3] for each in json.loads(reply.body)["entry"]]


def put(id: str, **members: Any) -> dict[str, Any]:
    return entry("PUT", f"Patient/{id}", patient(id=id, **members))


async def test_new_resources_are_written_at_once_but_not_more_than_so_many(context: Context, slow: Slow) -> None:
    creates = [entry("POST", "Observation", observation())] * (2 * TOGETHER + 1)
    assert await statuses(context, *creates) == ["201"] * len(creates)
    assert [len(each) for each in slow.together] == [TOGETHER, TOGETHER, 1]


async def test_what_different_entries_write_of_one_resource_is_written_in_their_order(
    context: Context, slow: Slow
) -> None:
    first = [put("a", gender="male"), put("b"), put("a", gender="female"), put("c"), put("a", gender="other")]
    assert await statuses(context, *first) == ["201", "201", "200", "201", "200"]
    assert slow.together == [["Patient/a", "Patient/b"], ["Patient/a", "Patient/c"], ["Patient/a"]]
    found = await context.resources.current("Patient", "a")
    assert found is not None
    assert b'"gender":"other"' in found.body


async def test_deletions_come_first_and_reads_last(context: Context, slow: Slow) -> None:
    await statuses(context, put("a"), put("b"))
    mixed = [entry("GET", "Patient/a"), put("a"), entry("GET", "Patient/b"), entry("DELETE", "Patient/a")]
    assert await statuses(context, *mixed, entry("DELETE", "Patient/b")) == ["200", "201", "410", "204", "204"]
    assert slow.together[1:] == [["Patient/a", "Patient/b"], ["Patient/a"]]


async def test_what_looks_for_others_is_carried_out_alone(context: Context, slow: Slow) -> None:
    same = entry("POST", "Patient", patient(), ifNoneExist="family=Chalmers")
    new = entry("POST", "Patient", patient())
    assert await statuses(context, new, same, same, new, new) == ["201", "200", "200", "201", "201"]
    assert slow.together == [["new"], ["alone"], ["alone"], ["new", "new"]]


async def test_with_referential_integrity_each_write_is_done_before_the_next(context: Context, slow: Slow) -> None:
    guarded = structs.replace(context, limits=Limits(referential_integrity=True))
    assert await statuses(guarded, put("a"), put("b")) == ["201", "201"]
    assert slow.together == [["Patient/a"], ["Patient/b"]]


async def test_a_batch_that_is_broken_off_begins_nothing_more_and_leaves_whole_resources(
    context: Context, slow: Slow
) -> None:
    body = json.dumps(batch(*[put(f"p{number}") for number in range(2 * TOGETHER)])).encode()
    carrying_out = asyncio.create_task(process(Request(body=body), context))
    await slow.begun.wait()
    carrying_out.cancel()
    with pytest.raises(asyncio.CancelledError):
        await carrying_out
    begun = list(slow.together)
    assert [len(each) for each in begun] == [TOGETHER]
    await slow.change(Change("Patient", "last", lambda current: None))
    assert slow.together == [*begun, ["Patient/last"]]
    for number in range(2 * TOGETHER):
        found = await context.resources.current("Patient", f"p{number}")
        assert found is None or json.loads(found.body)["id"] == f"p{number}"


async def test_an_entry_that_the_server_fails_at_leaves_nobody_in_the_air(
    context: Context, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = Slow.change

    async def failing(self: Slow, it: Change) -> Version | None:
        if it.id == "broken":
            raise RuntimeError
        return await change(self, it)

    monkeypatch.setattr(Slow, "change", failing)
    with pytest.raises(RuntimeError):
        await statuses(context, put("broken"), put("whole"))
    assert await context.resources.current("Patient", "whole"), "it was waited for"
