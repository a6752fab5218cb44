"""While a Bundle of many entries is read, others have their turn, and its text rests as the client wrote it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fhirstore.caller import Caller
from fhirstore.clock import now
from fhirstore.ids import new_id
from fhirstore.interactions.entries import TOGETHER
from fhirstore.interactions.perform import LARGE_BYTES, perform
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.served import TABLE, process
from fhirstore.store.contract import Store
from fhirstore.store.scope import scope_of
from tests.builders import observation
from tests.conformance.bundles import batch, entry, transaction


@pytest.fixture
def context(store: Store) -> Context:
    caller = Caller("tests", 1, "user/*.*")
    resources = store.within(scope_of(caller), caller.author)
    return Context(caller, resources, now, new_id, store.cursors, "http://localhost/dstu2", "official")


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", [transaction, batch])
async def test_others_have_their_turn_while_a_bundle_is_read(kind: Callable[..., Any], context: Context) -> None:
    wrong = entry("POST", "Observation", {**observation(), "status": 5})
    body = json.dumps(kind(*[wrong] * (TOGETHER * 4))).encode()
    turns = await turns_during(process(Request(body=body), context))
    assert turns >= 3, "nothing was written, so that nobody had to be waited for"


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_others_have_their_turn_while_a_large_resource_is_judged(context: Context) -> None:
    wrong = {**observation(), "status": 5, "component": [{"code": {"text": "a"}}] * (LARGE_BYTES // 20)}
    match = TABLE.match("POST", "Observation")
    request = match.fill(Request(body=json.dumps(wrong).encode()))
    assert await turns_during(perform(match.interaction, request, context)) >= 10


async def turns_during(work: Awaitable[object]) -> int:
    """How often others have their turn until some work is done, or fails."""
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count_turns())
    await asyncio.gather(work, return_exceptions=True)
    counting.cancel()
    return turns


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_what_a_bundle_brings_rests_as_what_comes_alone_does(context: Context) -> None:
    rest = ',"code":{"text":"\\u00e9\\/"},"extension":[{"url":"a:b","valueDecimal":1.50E+2}]}'
    resource = f'{{"resourceType":"Basic","id":"a"{rest}'
    asked = '{"method":"PUT","url":"Basic/a"}'
    body = f'{{"resourceType":"Bundle","type":"transaction","entry":[{{"resource":{resource},"request":{asked}}}]}}'
    first = await process(Request(body=body.encode()), context)
    again = await process(Request(body=body.replace('"method"', ' "method"').encode()), context)
    stored = await context.resources.current("Basic", "a")
    assert stored is not None
    assert (first.status, again.status, stored.number) == (200, 200, 1)
    assert stored.body.endswith(rest.encode())
