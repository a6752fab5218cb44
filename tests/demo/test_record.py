"""The made-up record is sound, the same whenever it is made, and made once."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fhirstore.clock import now
from fhirstore.demo.building import HOSPITAL, PRACTICE, WEARABLE
from fhirstore.demo.letter import pdf
from fhirstore.demo.making import make_demo
from fhirstore.demo.record import earlier_versions, record
from fhirstore.dstu2.json_format import dump
from fhirstore.dstu2.references import target_type
from fhirstore.dstu2.validate import validate
from fhirstore.presentation.kinds import KINDS, kind_of
from fhirstore.presentation.moments import when_of
from fhirstore.presentation.origin import origin_of
from fhirstore.store.contract import HistoryQuery
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite import SqliteStore


@pytest.mark.parametrize("today", [date(2026, 11, 22), date(2028, 2, 29), date(2027, 1, 1)])
def test_all_of_it_passes_the_gate_without_a_warning(today: date) -> None:
    resources = list(record(today))
    for each in [*resources, *earlier_versions(resources)]:
        assert validate(dump(each)) == [], f"{each['resourceType']}/{each['id']}"


def test_it_is_a_life_of_several_kinds_and_sources_up_to_today() -> None:
    today = date(2026, 11, 22)
    resources = list(record(today))
    addresses = [f"{each['resourceType']}/{each['id']}" for each in resources]
    assert len(addresses) == len(set(addresses)) > 400
    sources = Counter(origin_of(each).uri for each in resources)
    assert set(sources) == {HOSPITAL.uri, PRACTICE.uri, WEARABLE.uri}
    assert {kind_of(each).key for each in resources} == {kind.key for kind in KINDS} - {"other"}
    days = sorted(when.day for each in resources if (when := when_of(each)))
    assert days[0] < "2021"
    assert "2026-11" < days[-1] <= f"{today}"
    assert dump({"all": resources}) == dump({"all": list(record(today))})


def test_what_it_refers_to_is_there() -> None:
    resources = list(record(date(2026, 11, 22)))
    addresses = {f"{each['resourceType']}/{each['id']}" for each in resources}
    assert {each for each in _references(resources) if target_type(each)} <= addresses


async def test_it_is_made_once(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    user = await make_demo(store, now)
    before = await store.within(Scope(user.id)).history(HistoryQuery(count=1))
    assert await make_demo(store, now) == user
    after = await store.within(Scope(user.id)).history(HistoryQuery(count=1))
    assert before.total == after.total
    assert len(await store.accounts.applications()) == 1
    await store.close()


def test_a_letter_is_a_pdf_whose_table_tells_where_its_parts_are() -> None:
    letter = pdf(["Title", "Line (1) \\ ü", "日本"])
    start = int(letter.rpartition(b"startxref\n")[2].split()[0])
    table = letter[start:].split(b"\n")
    assert table[0] == b"xref"
    for number in range(1, 6):
        place = int(table[2 + number].split()[0])
        assert letter[place:].startswith(b"%d 0 obj" % number)
    assert b"(Line \\(1\\) \\\\ \xfc) Tj" in letter


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {found for each in value for found in _references(each)}
    if not isinstance(value, dict):
        return set()
    own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
    return own | {found for each in value.values() for found in _references(each)}
