"""What searches, reads and creates cost in records of growing size, on the embedded store, and how that grows.

    python scripts/bench/search.py --sizes 1000 10000 100000
    python scripts/bench/search.py --sizes 1000 --users 1 100     the same record, alone and among those of 99 others

Figures are medians of this process's processor time, in microseconds: what else the machine does lengthens them least,
and as the records are measured in turn, it lengthens all of them alike.

In the last record the store tells how it answers a token, a reference, a date and a string, and whether each of its
statements enters every table by an index that begins with the owner; if one reads a whole record, this fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any
from uuid import uuid4

from record import LOINC, record

from fhirstore.search.context import Context
from fhirstore.search.extract import extract
from fhirstore.search.includes import read_include, referring
from fhirstore.search.plan import Plan
from fhirstore.search.query import read_search
from fhirstore.store.contract import Change, Page, Resources, Version
from fhirstore.store.cursors import Place
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite import SqliteStore

Measured = Callable[[Resources], Awaitable[int]]


BATCH = 200
ROUNDS = 5
MEASURED = Scope(1)
"""Whose record is measured in; those of the others lie around it."""


def _change(document: dict[str, Any], updated: int) -> Change:
    type_, id_ = document["resourceType"], document["id"]
    body = json.dumps(document, separators=(",", ":")).encode()
    version = Version(type_, id_, 1, updated, "POST", body, extract(type_, document))
    return Change(type_, id_, lambda _: version, fresh=True)


async def load(resources: Resources, size: int, seed: int) -> tuple[float, float]:
    """Fill a record in bundles; answers seconds, and seconds of this process's CPU."""
    wall = cpu = 0.0
    changes: list[Change] = []

    async def flush() -> None:
        nonlocal wall, cpu
        begun, busy = perf_counter(), process_time()
        await resources.change_all(changes)
        wall, cpu = wall + perf_counter() - begun, cpu + process_time() - busy
        changes.clear()

    for number, document in enumerate(record(size, seed)):
        changes.append(_change(document, number))
        if len(changes) == BATCH:
            await flush()
    if changes:
        await flush()
    return wall, cpu


Pairs = tuple[tuple[str, str], ...]

SEARCHES: dict[str, tuple[str, Pairs]] = {
    "token, 10 hits": ("Observation", (("code", f"{LOINC}|99999-9"),)),
    "token, many hits": ("Observation", (("code", f"{LOINC}|8480-6"),)),
    "reference, few hits": ("Observation", (("encounter", "{encounter}"),)),
    "date range, 10 hits": ("Observation", (("date", "ge2005-01-01"), ("date", "lt2006-01-01"))),
    "date range, many hits": ("Observation", (("date", "ge2003-01-01"), ("date", "lt2003-07-01"))),
    "string prefix": ("Patient", (("family", "quil"),)),
    "chain, 10 hits": ("Observation", (("subject:Patient.family", "Quill"),)),
    "two tokens, 10 hits": ("Observation", (("code", f"{LOINC}|99999-9"), ("status", "final"))),
    "reverse chain": ("Patient", (("_has:Observation:subject:code", f"{LOINC}|99999-9"),)),
    "quantity, many hits": ("Observation", (("value-quantity", "gt180"),)),
    "sort by date, page 1": ("Observation", (("_sort:desc", "date"),)),
    "sort by date, page 1, one code": ("Observation", (("code", "8480-6"), ("_sort:desc", "date"))),
    "sort by family, page 1": ("Patient", (("_sort", "family"),)),
}
PLANNED = ("token, 10 hits", "reference, few hits", "date range, 10 hits", "string prefix")


async def plans(resources: Resources) -> dict[str, Plan]:
    """The searches, with the id of an encounter of this record in its place."""
    found = await resources.find(read_search("Encounter", (), Context()).plan, Page(1))
    encounter = found.matches[0].version.id
    return {
        name: read_search(
            type_, [(key, value.replace("{encounter}", encounter)) for key, value in pairs], Context()
        ).plan
        for name, (type_, pairs) in SEARCHES.items()
    }


def finding(plan: Plan, *, total: bool = True) -> Measured:
    async def run(resources: Resources) -> int:
        return len((await resources.find(plan, Page(10, total=total))).matches)

    return run


async def page_100(resources: Resources) -> Measured:
    """The hundredth page of the record by date, as a client comes to it: by the links of the pages before."""
    plan = read_search("Observation", [("_sort:desc", "date")], Context()).plan
    place = await _place_of_page(resources, plan, 100)

    async def run(inside: Resources) -> int:
        return len((await inside.find(plan, Page(10, after=place))).matches)

    return run


async def _place_of_page(resources: Resources, plan: Plan, number: int) -> Place | None:
    place: Place | None = None
    for _ in range(number - 1):
        place = (await resources.find(plan, Page(10, after=place, total=False))).next or place
    return place


async def including(resources: Resources) -> Measured:
    """The patients of ten observations, and the observations of a patient: `_include` and `_revinclude`."""
    found = await resources.find(
        read_search("Observation", [("code", f"{LOINC}|99999-9")], Context()).plan, Page(10, total=False)
    )
    keys = [
        tuple(json.loads(match.version.body)[name]["reference"].split("/"))
        for match in found.matches
        for name in ("subject", "encounter")
    ]

    async def run(inside: Resources) -> int:
        return len(await inside.current_all(keys))

    return run


async def reverse_including(resources: Resources) -> Measured:
    patients = await resources.find(read_search("Patient", [("family", "quill")], Context()).plan, Page(1))
    address = f"Patient/{patients.matches[0].version.id}"
    plan = referring(read_include("_revinclude", "", "Observation:subject", "Patient"), (address,))

    async def run(inside: Resources) -> int:
        return len((await inside.find(plan, Page(1000, total=False))).matches)

    return run


async def reading(resources: Resources) -> Measured:
    """One resource by its id, of those that lie in the midst of the record."""
    found = await resources.find(read_search("Observation", [("code", "8480-6")], Context()).plan, Page(1))
    id_ = found.matches[0].version.id

    async def run(inside: Resources) -> int:
        return 0 if await inside.current("Observation", id_) is None else 1

    return run


async def creating(resources: Resources) -> Measured:
    """One more observation like those that are there, in a commit of its own."""
    found = await resources.find(read_search("Observation", [("code", "8480-6")], Context()).plan, Page(1))
    document = json.loads(found.matches[0].version.body)

    async def run(inside: Resources) -> int:
        change = _change({**document, "id": str(uuid4())}, 0)
        return 0 if await inside.change(change) is None else 1

    return run


async def measure(runs: Sequence[tuple[Measured, Resources]], times: int) -> list[tuple[float, int]]:
    """The same thing in several records, in turn: of each the median in microseconds, and how much was found."""
    found = [await run(resources) for run, resources in runs]
    took: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for (run, resources), each in zip(runs, took, strict=True):
            for _ in range(-(-times // ROUNDS)):
                begun = process_time()
                await run(resources)
                each.append((process_time() - begun) * 1e6)
    return [(median(each), count) for each, count in zip(took, found, strict=True)]


async def show_plans(store: SqliteStore) -> None:
    """How the kinds of searches are answered. Raises where a table of the record is read from end to end."""
    asked = await plans(store.within(MEASURED))
    for name in PLANNED:
        lines = await store.indexing.explain(MEASURED, asked[name], Page(10))
        entered = [line.strip() for line in lines if line.strip().startswith(("SEARCH", "SCAN"))]
        for line in entered:
            print(f"          {name:<20}{line}")
        # Values that were bound, and steps that have lines of their own, are no tables.
        scanned = [line for line in entered if re.match(r"SCAN (?!\(subquery|\w+ VIRTUAL TABLE|[st]$)", line)]
        if scanned or not entered:
            raise RuntimeError(f"{name}: a whole table is read: {scanned}")
    print("          every table is entered by an index, and none is scanned", flush=True)


async def fill(size: int, users: int, path: Path, seed: int) -> None:
    """Fill records of so many resources each for so many users."""
    store = SqliteStore(path)
    await store.open()
    loaded = [await load(store.within(Scope(owner)), size, seed + owner) for owner in range(1, users + 1)]
    await store.close()
    wall, cpu = (sum(column) for column in zip(*loaded, strict=True))
    every = size * users
    print(
        f"{size:>9,} resources of each of {users:,}: {every / wall:,.0f}/s, {cpu / every * 1e6:.0f} µs each,"
        f" {_bytes(path) / every:,.0f} bytes each",
        flush=True,
    )


async def runs_in(resources: Resources) -> dict[str, Measured]:
    asked = await plans(resources)
    return {
        **{name: finding(plan) for name, plan in asked.items()},
        "token, many hits, no total": finding(asked["token, many hits"], total=False),
        "sort by date, page 100": await page_100(resources),
        "include": await including(resources),
        "reverse include": await reverse_including(resources),
        "read": await reading(resources),
        "create": await creating(resources),
    }


async def compare(paths: Sequence[Path], titles: Sequence[str], times: int) -> None:
    """Measure in the first owner's record of every file."""
    stores = [SqliteStore(path) for path in paths]
    for store in stores:
        await store.open()
    records = [store.within(MEASURED) for store in stores]
    runs = [await runs_in(resources) for resources in records]
    print(f"\n{'µs, growth, found':<32}" + "".join(f"{title:>26}" for title in titles))
    for name in runs[0]:
        took = await measure([(each[name], record) for each, record in zip(runs, records, strict=True)], times)
        line = "".join(f"{each:>11,.0f}{each / took[0][0]:>8.2f}×{found:>6}" for each, found in took)
        print(f"{name:<32}{line}", flush=True)
    await show_plans(stores[-1])
    for store in stores:
        await store.close()


def _bytes(path: Path) -> int:
    return path.stat().st_size


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="of each record")
    options.add_argument("--users", type=int, nargs="+", default=[1], help="how many have such a record")
    options.add_argument("--times", type=int, default=50, help="how often each search is measured")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shapes = [(size, users) for users in given.users for size in given.sizes]
        paths = [Path(folder) / f"{users}x{size}.db" for size, users in shapes]
        for (size, users), path in zip(shapes, paths, strict=True):
            await fill(size, users, path, given.seed)
        await compare(paths, [f"{users:,} × {size:,}" for size, users in shapes], given.times)


if __name__ == "__main__":
    asyncio.run(main())
