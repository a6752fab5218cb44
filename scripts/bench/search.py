"""How long searches take in records of growing size, on the embedded store: medians, and how they grow.

python scripts/bench/search.py --sizes 1000 10000 100000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

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

LOINC = "http://loinc.org"
COMMON = ["8480-6", "8462-4", "29463-7", "8302-2", "2339-0", "718-7", "4548-4"]
FAMILIES = ["Smith", "Jones", "García", "Müller", "Brown", "Ødegård", "Wilson", "Taylor", "Évora", "Zhang"]
COMMON_YEARS = [year for year in range(1990, 2020) if year != 2005]
RARE = 10
BATCH = 200


def record(size: int, seed: int) -> Iterator[dict[str, Any]]:
    """One user's record: mostly observations; ten of them with a code, a year and a subject that no others have."""
    random = Random(seed)
    patients = [_patient(random, number) for number in range(max(10, size // 50))]
    encounters = [_encounter(random, patients) for _ in range(size // 20)]
    yield from patients
    yield from encounters
    for number in range(size - len(patients) - len(encounters)):
        rare = number % ((size - len(patients) - len(encounters)) // RARE) == 0
        yield _observation(random, patients, encounters, rare)


def _id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _patient(random: Random, number: int) -> dict[str, Any]:
    family = "Quill" if number == 0 else f"{random.choice(FAMILIES)}-{random.choice(FAMILIES)}"
    name = [{"family": [family], "given": [random.choice(FAMILIES)]}]
    return {
        "resourceType": "Patient",
        "id": _id(random),
        "name": name,
        "gender": random.choice(["male", "female"]),
        "birthDate": f"{random.randint(1930, 2015)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}",
        "identifier": [{"system": "http://example.org/mrn", "value": str(random.getrandbits(40))}],
    }


def _encounter(random: Random, patients: Sequence[dict[str, Any]]) -> dict[str, Any]:
    start = f"{random.randint(1990, 2019)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    return {
        "resourceType": "Encounter",
        "id": _id(random),
        "status": "finished",
        "patient": {"reference": f"Patient/{random.choice(patients[1:])['id']}"},
        "period": {"start": start, "end": start},
    }


def _observation(
    random: Random, patients: Sequence[dict[str, Any]], encounters: Sequence[dict[str, Any]], rare: bool
) -> dict[str, Any]:
    code = "99999-9" if rare else random.choice(COMMON)
    year = 2005 if rare else random.choice(COMMON_YEARS)
    moment = f"{year}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}T{random.randint(0, 23):02d}:00:00Z"
    patient = patients[0] if rare else random.choice(patients[1:])
    coding = {"system": LOINC, "code": code, "display": f"Measurement {code}"}
    return {
        "resourceType": "Observation",
        "id": _id(random),
        "status": "final",
        "category": {
            "coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs"}],
            "text": "Vital Signs",
        },
        "code": {"coding": [coding], "text": coding["display"]},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "encounter": {"reference": f"Encounter/{random.choice(encounters)['id']}"},
        "effectiveDateTime": moment,
        "issued": moment,
        "valueQuantity": {
            "value": random.randint(50, 200),
            "unit": "mm[Hg]",
            "system": "http://unitsofmeasure.org",
            "code": "mm[Hg]",
        },
        "comments": "Taken at rest, sitting, on the left arm, after five minutes; repeated where above the limit.",
    }


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
        type_, id_ = document["resourceType"], document["id"]
        body = json.dumps(document, separators=(",", ":")).encode()
        version = Version(type_, id_, 1, number, "POST", body, extract(type_, document))
        changes.append(Change(type_, id_, lambda _, version=version: version, fresh=True))  # type: ignore[misc]
        if len(changes) == BATCH:
            await flush()
    if changes:
        await flush()
    return wall, cpu


def searches() -> dict[str, Measured]:
    def asked(type_: str, *pairs: tuple[str, str], total: bool = True) -> Measured:
        plan = read_search(type_, pairs, Context()).plan

        async def run(resources: Resources) -> int:
            return len((await resources.find(plan, Page(10, total=total))).matches)

        return run

    return {
        "token, 10 hits": asked("Observation", ("code", f"{LOINC}|99999-9")),
        "token, many hits": asked("Observation", ("code", f"{LOINC}|8480-6")),
        "token, many hits, no total": asked("Observation", ("code", f"{LOINC}|8480-6"), total=False),
        "date range, 10 hits": asked("Observation", ("date", "ge2005-01-01"), ("date", "lt2006-01-01")),
        "date range, many hits": asked("Observation", ("date", "ge2003-01-01"), ("date", "lt2003-07-01")),
        "string prefix": asked("Patient", ("family", "quil")),
        "chain, 10 hits": asked("Observation", ("subject:Patient.family", "Quill")),
        "two tokens, 10 hits": asked("Observation", ("code", f"{LOINC}|99999-9"), ("status", "final")),
        "reverse chain": asked("Patient", ("_has:Observation:subject:code", f"{LOINC}|99999-9")),
        "quantity, many hits": asked("Observation", ("value-quantity", "gt180")),
        "sort by date, page 1": asked("Observation", ("_sort:desc", "date")),
        "sort by date, page 1, one code": asked("Observation", ("code", "8480-6"), ("_sort:desc", "date")),
        "sort by family, page 1": asked("Patient", ("_sort", "family")),
    }


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


async def measure(run: Measured, resources: Resources, times: int) -> tuple[float, int]:
    """The median in microseconds, and how much was found."""
    found = await run(resources)
    took = []
    for _ in range(times):
        begun = perf_counter()
        await run(resources)
        took.append((perf_counter() - begun) * 1e6)
    return median(took), found


async def bench(size: int, folder: Path, times: int, seed: int) -> dict[str, float]:
    path = folder / f"{size}.db"
    store = SqliteStore(path)
    await store.open()
    resources = store.within(Scope(1))
    wall, cpu = await load(resources, size, seed)
    print(f"{size:>9,} resources: {size / wall:,.0f}/s, {cpu / size * 1e6:.0f} µs CPU each", flush=True)
    runs = {
        **searches(),
        "sort by date, page 100": await page_100(resources),
        "include": await including(resources),
        "reverse include": await reverse_including(resources),
    }
    took = {}
    for name, run in runs.items():
        took[name], found = await measure(run, resources, times)
        print(f"          {name:<32}{took[name]:>10,.0f} µs   {found} found", flush=True)
    await store.close()
    print(f"          database: {path.stat().st_size / size:,.0f} bytes a resource", flush=True)
    return took


async def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--times", type=int, default=50, help="how often each search is measured")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [await bench(size, Path(folder), given.times, given.seed) for size in given.sizes]
    print(f"\n{'growth':<34}" + "".join(f"{size:>12,}" for size in given.sizes))
    for name in results[0]:
        print(f"{name:<34}" + "".join(f"{each[name] / results[0][name]:>11.2f}×" for each in results))


if __name__ == "__main__":
    asyncio.run(main())
