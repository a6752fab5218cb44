"""What both stores promise of counts: of use by the hour, and of what records hold."""

from __future__ import annotations

import asyncio

from fhirstore.store.contract import Change, Store, Version
from fhirstore.store.scope import Scope
from fhirstore.store.usage import KEPT_HOURS, Counted

HOUR = 500_000


async def test_counts_of_an_hour_add_up_however_many_count(store: Store) -> None:
    counts = {Counted("app", HOUR, "fhir"): 2, Counted("app", HOUR + 1, "throttled"): 1, Counted("b", HOUR, "fhir"): 7}
    await asyncio.gather(*(store.usage.add(counts) for _ in range(5)))
    expected = [(Counted("app", HOUR, "fhir"), 10), (Counted("app", HOUR + 1, "throttled"), 5)]
    assert await store.usage.since("app", HOUR) == expected
    assert await store.usage.since("app", HOUR + 1) == expected[1:]
    assert await store.usage.since("nobody", 0) == []


async def test_counts_of_a_month_stay(store: Store) -> None:
    await store.usage.add({Counted("app", HOUR, "fhir"): 1})
    await store.usage.add({Counted("app", HOUR + KEPT_HOURS, "fhir"): 1})
    assert [counted.hour for counted, _ in await store.usage.since("app", 0)] == [HOUR, HOUR + KEPT_HOURS]


async def test_what_a_record_holds_is_counted_by_type_without_what_was_deleted(store: Store) -> None:
    mine, others = store.within(Scope(1)), store.within(Scope(2))
    for type, id in (("Patient", "a"), ("Observation", "a"), ("Observation", "b"), ("Goal", "a")):
        await mine.change(to(Version(type, id, 1, 1000, "POST", b"{}")))
    await others.change(to(Version("Patient", "a", 1, 1000, "POST", b"{}")))
    await mine.change(to(Version("Observation", "b", 2, 2000, "PUT", b"{}")))
    await mine.change(to(Version("Goal", "a", 2, 2000, "DELETE", b"")))
    counts = await store.holdings.counts(1)
    assert list(counts.items()) == [("Observation", 2), ("Patient", 1)]
    assert await store.holdings.counts(2) == {"Patient": 1}
    assert await store.holdings.counts(3) == {}


def to(version: Version) -> Change:
    return Change(version.type, version.id, lambda _: version)
