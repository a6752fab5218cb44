"""Entries are renewed by today's rules, for every owner, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fhirstore.search.entries import Entries
from fhirstore.search.plan import HasKey
from fhirstore.store.contract import Store, Version
from tests.store.test_find import EVERY_FILTER, MINE, STRANGER, WHOLE_RECORD, delete, ids, put


async def _reindexed(store: Store, make: Callable[[Version], Entries], *, every: bool) -> tuple[int, Sequence[object]]:
    seen, place = 0, None
    changed: list[object] = []
    while True:
        step = await store.indexing.reindex(make, place, count=2, all=every)
        seen, changed, place = seen + step.seen, [*changed, *step.changed], step.next
        if place is None:
            return seen, changed


async def test_reindexing_renews_entries_by_todays_rules_for_every_owner_and_tells_what_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, strangers = store.within(MINE), store.within(STRANGER)
    await mine.change_all([put("Patient", f"p{at}", Entries((f"Patient.x:{at}",))) for at in range(5)])
    await mine.change(delete("Patient", "p4"))
    await strangers.change_all(WHOLE_RECORD)
    same = {(v.type, v.id): v.entries for c in WHOLE_RECORD if (v := c.decide(None))}

    def make(version: Version) -> Entries:
        number = version.id.removeprefix("p")
        if version.type == "Patient" and number:
            return Entries((f"Patient.x:{'new' if number == '2' else number}",))
        return same[version.type, version.id]

    assert await store.indexing.outdated() == 0
    assert await _reindexed(store, make, every=False) == (0, [])
    assert await _reindexed(store, make, every=True) == (6, [(1, "Patient", "p2")])
    assert await ids(mine, HasKey(("Patient.x:new",))) == ["Patient/p2"]
    assert await ids(mine, HasKey(("Patient.x:2",))) == []
    for name, filter_ in EVERY_FILTER.items():
        assert await ids(strangers, filter_), name
    for module in _modules_with_rules():
        monkeypatch.setattr(f"{module}.RULES_VERSION", 1000)
    assert await store.indexing.outdated() == 6
    assert await _reindexed(store, make, every=False) == (6, [])
    assert await store.indexing.outdated() == 0


def _modules_with_rules() -> list[str]:
    sqlite, mongodb = "fhirstore.store.sqlite", "fhirstore.store.mongodb"
    return [f"{sqlite}.indexing", f"{sqlite}.changes", f"{mongodb}.indexing", f"{mongodb}.documents"]


async def test_an_update_keeps_the_version_and_the_body_out_of_the_reindexers_hands(store: Store) -> None:
    resources = store.within(MINE)
    written = await resources.change(put("Patient", "a", Entries(("Patient.x:1",)), text="body"))
    await _reindexed(store, lambda version: Entries(("Patient.x:2",)), every=True)
    assert await resources.current("Patient", "a") == written
    assert (await ids(resources, HasKey(("Patient.x:2",)))) == ["Patient/a"]
