"""Measure the pages of the Health History over one large record: milliseconds of server time for each page.

Usage: python scripts/bench/pages.py [--resources N] [--rounds N] [--json]

The record is made in the embedded store, in a folder that is thrown away: blood pressures and single measurements for
the most part, as a watch sends them, with the made-up record of `fhirstore demo` on top. The application answers within
this process, so that what is measured is the server's work alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
from seed import observation

from fhirstore.app import create_app
from fhirstore.auth.sign_in import user_link
from fhirstore.clock import instant, now
from fhirstore.demo.making import make_demo
from fhirstore.dstu2.json_format import content_of
from fhirstore.search.extract import extract
from fhirstore.settings import Settings
from fhirstore.store.accounts import User
from fhirstore.store.contract import Change, Store, Version
from fhirstore.store.scope import Scope

PAGES = {
    "first page": "/health-history",
    "one kind": "/health-history?kind=labs",
    "one source": "/health-history?source=https%3A%2F%2Fpractice.example%2Ffhir",
    "one year": "/health-history?from=2013-01-01&to=2013-12-31",
    "an entry with its plot": "/health-history/entries/Observation/bench-3",
    "measurements": "/health-history/measurements",
    "blood pressure": "/health-history/measurements/of?code=http%3A%2F%2Floinc.org%7C55284-4",
    "about": "/health-history/about",
}
BATCH = 500


async def fill(store: Store, user: User, count: int) -> None:
    """Write measurements past the gate, with what they are found by, as many at once as one commit may hold."""
    resources = store.within(Scope(user.id))
    for first in range(0, count, BATCH):
        await resources.change_all([_change(number) for number in range(first, min(first + BATCH, count))])


def _change(number: int) -> Change:
    tag = {"system": "urn:fhirstore:source", "code": "https://wearable.example/api"}
    document = {**observation(number, "Patient/wearable-patient"), "id": f"bench-{number}", "meta": {"tag": [tag]}}
    moment = now()
    body = content_of(document).stamp(document["id"], 1, instant(moment))
    entries = extract("Observation", document)
    version = Version("Observation", document["id"], 1, moment, "PUT", body, entries)
    return Change("Observation", document["id"], lambda _: version, fresh=True)


async def measure(resources: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each page in each round; the first round, which fills caches, is left out."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(database=f"sqlite:///{Path(folder) / 'pages.db'}"))
        async with app.router.lifespan_context(app):
            user = await make_demo(app.state.store, now)
            await fill(app.state.store, user, resources)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                await sign_in(client, app.state.store, user)
                taken: dict[str, list[float]] = {name: [] for name in PAGES}
                for round_ in range(rounds + 1):
                    for name, path in PAGES.items():
                        began = time.perf_counter()
                        answer = await client.get(path)
                        assert answer.status_code == 200, (path, answer.status_code)
                        if round_:
                            taken[name].append((time.perf_counter() - began) * 1000)
    return taken


async def sign_in(client: httpx.AsyncClient, store: Store, user: User) -> None:
    link = f"/sign-in/{await user_link(store.sessions, user, '/health-history', now())}"
    token = re.search(r'name="form_token" value="([^"]+)"', (await client.get(link)).text)
    assert token is not None
    answer = await client.post(link, data={"form_token": token[1]})
    assert answer.status_code == 303, answer.status_code


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    taken = asyncio.run(measure(options.resources, options.rounds))
    if options.json:
        json.dump(taken, sys.stdout)
        return
    print(f"{options.resources:,} resources and those of the demonstration, {options.rounds} rounds, milliseconds\n")
    for name, each in taken.items():
        print(f"{name:24} median {statistics.median(each):7.1f}   least {min(each):7.1f}   greatest {max(each):7.1f}")


if __name__ == "__main__":
    main()
