"""Measure pages of a unified record of growing size: processor time of each, and for how long others had to wait.

Usage: python scripts/bench/unified.py [--sizes N...] [--rounds N]

Three sources tell the same measurements, in the embedded store, in a folder that is thrown away. The application
answers within this process. `first` is a first page of a record that nobody read before, `again` the same once more,
`next` the page behind it, `written` a first page after one more measurement came; `same` is the page of the Health
History that compares what several sources say of one entry, `about` the one that tells whose record it is. In brackets
is the longest time that somebody else would have waited for the event loop.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pages import sign_in
from seed import MEASURES, measured

from fhirstore.app import create_worker
from fhirstore.auth.applications import create_application
from fhirstore.auth.secrets import digest, mint
from fhirstore.auth.tokens import USER_SCOPE
from fhirstore.auth.users import create_user
from fhirstore.clock import instant, now
from fhirstore.dstu2.json_format import content_of, dump, parse
from fhirstore.search.extract import extract
from fhirstore.store.accounts import Token, User
from fhirstore.store.contract import Change, Store, Version
from fhirstore.store.scope import Scope

SOURCES = ("hospital", "practice", "wearable")
BATCH = 500
_BEGINNING = datetime(2012, 1, 1, 8, tzinfo=UTC)

Taken = dict[str, list[tuple[float, float]]]


def told(number: int) -> dict[str, Any]:
    """The measurement of a source: each third number tells one event anew, under a name of its own."""
    event, source = divmod(number, len(SOURCES))
    code, display, unit, symbol, least, span = MEASURES[event % len(MEASURES)]
    at = _BEGINNING + timedelta(minutes=event * 47)
    return {
        "resourceType": "Observation",
        "id": f"bench-{number}",
        "status": "final",
        "subject": {"reference": f"Patient/{SOURCES[source]}"},
        "effectiveDateTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        **measured(code, display, unit, symbol, least + event * 31 % (span * 10) / 10),
        **_from(source),
    }


def _from(source: int) -> dict[str, Any]:
    return {"meta": {"tag": [{"system": "urn:fhirstore:source", "code": f"https://{SOURCES[source]}.example/fhir"}]}}


def _person(source: int) -> dict[str, Any]:
    name = [{"family": ["Chalmers"], "given": ["Peter"]}]
    return {
        "resourceType": "Patient",
        "id": SOURCES[source],
        "name": name,
        "birthDate": "1974-12-25",
        "gender": "male",
    } | _from(source)


async def write(store: Store, user: User, documents: list[dict[str, Any]]) -> None:
    """Past the gate, with what they are found by, as many at once as one commit may hold."""
    resources = store.within(Scope(user.id))
    for first in range(0, len(documents), BATCH):
        await resources.change_all([_change(parse(dump(each))) for each in documents[first : first + BATCH]])


def _change(document: dict[str, Any]) -> Change:
    moment = now()
    type_, id_ = document["resourceType"], document["id"]
    body = content_of(document).stamp(id_, 1, instant(moment))
    version = Version(type_, id_, 1, moment, "PUT", body, extract(type_, document))
    return Change(type_, id_, lambda _: version, fresh=True)


async def measure(size: int, rounds: int) -> Taken:
    """Milliseconds of processor time, and the longest wait, of each page in each round."""
    taken: Taken = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FHIRSTORE_DATABASE"] = f"sqlite:///{Path(folder) / 'unified.db'}"
        app = create_worker()
        async with app.router.lifespan_context(app):
            store: Store = app.state.store
            user, token = await _user(store)
            await write(store, user, [*map(_person, range(len(SOURCES))), *map(told, range(size))])
            transport = httpx.ASGITransport(app)
            headers = {"Authorization": f"Bearer {token}"}
            async with (
                httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as program,
                httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser,
            ):
                await sign_in(browser, store, user)
                for round_ in range(rounds):
                    await write(store, user, [told(size + round_)])
                    await _pages(program, browser, taken, "first" if not round_ else "written")
    return taken


async def _pages(program: httpx.AsyncClient, browser: httpx.AsyncClient, taken: Taken, name: str) -> None:
    first = await _timed(taken, name, lambda: program.get("/dstu2/Patient/$unified"))
    await _timed(taken, "again", lambda: program.get("/dstu2/Patient/$unified"))
    following = next(link["url"] for link in first.json()["link"] if link["relation"] == "next")
    await _timed(taken, "next", lambda: program.get(following))
    await _timed(taken, "same", lambda: browser.get("/health-history/entries/Observation/bench-30/same"))
    await _timed(taken, "about", lambda: browser.get("/health-history/about"))


async def _timed(taken: Taken, name: str, ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    waits = [0.0]
    watching = asyncio.create_task(_watch(waits))
    await asyncio.sleep(0.01)
    waits[:] = [0.0]
    began = time.process_time()
    answer = await ask()
    taken[name].append(((time.process_time() - began) * 1000, max(waits) * 1000))
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    assert answer.status_code == 200, answer.text
    return answer


async def _watch(waits: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        waits.append(time.perf_counter() - began - 0.001)


async def _user(store: Store) -> tuple[User, str]:
    """A user of a new application, with a token for the whole record."""
    application = await create_application(store.accounts, "Benchmark", now())
    known = await store.accounts.application(application.client_id)
    assert known is not None
    user = await create_user(store.accounts, known, "bench", now())
    secret = mint()
    far = now() + 86_400_000
    await store.accounts.add_tokens(
        [Token(digest(secret), "access", user.id, application.client_id, USER_SCOPE, mint(), far)]
    )
    return user, secret


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for size in options.sizes:
        taken = asyncio.run(measure(size, options.rounds))
        print(f"{size:,} resources, milliseconds of processor time (longest wait)")
        for name, each in taken.items():
            time_, wait = (statistics.median(values) for values in zip(*each, strict=True))
            print(f"  {name:8} {time_:8.1f} ({wait:.1f})")


if __name__ == "__main__":
    main()
