"""Who did what to a record is told newest first, each thing once, in pages of a record of any size."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from fhirstore.dstu2.json_format import parse
from fhirstore.errors import BadRequest
from fhirstore.interactions.accesses import ACCESSES, ACCESSES_SHOWN
from fhirstore.interactions.own_trail import own_trail
from fhirstore.interactions.perform import perform
from fhirstore.interactions.request import Context, Request
from fhirstore.store.contract import Store
from fhirstore.store.trail import Event, event_id
from tests.builders import smallest
from tests.store.test_timeline import context, put


async def page(here: Context, after: str = "") -> list[str]:
    query = [("after", after)] if after else []
    body = (await perform(ACCESSES, Request("AuditEvent", query=query), here)).body
    return [each["id"] for each in parse(b'{"events":%b}' % body)["events"]]


async def flushed() -> None: ...


async def test_every_write_and_read_is_on_exactly_one_page(store: Store) -> None:
    here = context(store)
    here = structs.replace(here, own_trail=lambda: own_trail(store, 1, flushed))
    # Written together, many within one millisecond, so that pages end in the midst of it.
    await asyncio.gather(*(put(here, smallest("Patient", id=f"p{number}")) for number in range(ACCESSES_SHOWN + 20)))
    reads = [Event(event_id(here.clock() + number), "read", 200, 1, "app", 1, "Patient", "p0") for number in range(5)]
    others = Event(event_id(here.clock()), "read", 200, 2, "app", 2, "Patient", "p0")
    await store.trail.append([*reads, others])
    first = await page(here)
    second = await page(here, first[-1])
    assert (len(first), len(second)) == (ACCESSES_SHOWN, 25)
    seen = [*first, *second]
    assert seen == sorted(set(seen), reverse=True)
    assert {each.id for each in reads} <= set(first)
    assert others.id not in seen
    assert await page(here, seen[-1]) == []
    with pytest.raises(BadRequest):
        await page(here, "yesterday")
