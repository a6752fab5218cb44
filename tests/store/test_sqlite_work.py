"""Searches on the embedded store take the work of what they find, not of the record they find it in.

Work is counted in steps of SQLite's own machine, which no other load on the computer changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from fhirstore.search.context import Context
from fhirstore.search.entries import Entries, Range
from fhirstore.search.plan import Plan
from fhirstore.search.query import read_search
from fhirstore.store.contract import Change, Page, Version
from fhirstore.store.cursors import Place
from fhirstore.store.sqlite.changes import make_changes
from fhirstore.store.sqlite.connection import connect, prepare
from fhirstore.store.sqlite.explain import explain
from fhirstore.store.sqlite.find import find
from fhirstore.store.sqlite.names import Names

OWNER, SMALL, LARGE = 1, 1000, 8000
DAY = 86_400_000_000


def _entries(number: int, size: int) -> tuple[str, Entries]:
    """Nine observations to a patient; ten observations of the record, all of one patient, have a code of their own."""
    rare = number % (size // 10) == 5
    if number % 10 == 0:
        return "Patient", Entries((f"Patient.family~name{number:06}\x1fName{number:06}",))
    subject = "Patient/000000" if rare else f"Patient/{number // 10 * 10:06}"
    moment = (size * 2 if rare else number) * DAY
    keys = (f"Observation.code={'l|rare' if rare else 'l|common'}", f"Observation.subject={subject}")
    coded = f"Observation.code:{'rare' if rare else 'common'}"
    words = ("final",)
    return "Observation", Entries(
        (*keys, coded, "Observation.status:final"), (Range("Observation.date", moment, moment + DAY),), words
    )


def _change(number: int, size: int) -> Change:
    type_, entries = _entries(number, size)
    version = Version(type_, f"{number:06}", 1, number, "POST", b"{}", entries)
    return Change(type_, version.id, lambda current: version, fresh=True)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, sqlite3.Connection]]:
    """The same kind of record in two sizes, with a second owner's record in each file."""
    opened = {}
    for size in (SMALL, LARGE):
        path = tmp_path_factory.mktemp("work") / f"{size}.db"
        prepare(path)
        connection = opened[size] = connect(path)
        names = Names()
        connection.execute("BEGIN IMMEDIATE")
        for owner in (OWNER, OWNER + 1):
            make_changes(connection, names, owner, [_change(number, size) for number in range(size)], None)
        connection.execute("COMMIT")
    yield opened
    for connection in opened.values():
        connection.close()


SEARCHES: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "token": ("Observation", [("code", "l|rare")]),
    "token, found everywhere": ("Observation", [("code", "l|common")]),
    "two tokens": ("Observation", [("status", "final"), ("code", "rare")]),
    "reference": ("Observation", [("subject", "Patient/000010")]),
    "string": ("Patient", [("family", "name0000")]),
    "string, contains": ("Patient", [("family:contains", "e00004")]),
    "date, a day": ("Observation", [("date", "1970-06-02")]),
    "date, a range": ("Observation", [("date", "ge1970-06-02"), ("date", "lt1970-06-12")]),
    "chain": ("Observation", [("subject:Patient.family", "name000010")]),
    "reverse chain": ("Patient", [("_has:Observation:subject:code", "rare")]),
    "id": ("Observation", [("_id", "000011,000012")]),
    "time": ("Observation", [("_lastUpdated", "lt1970-01-01T00:00:00.020Z")]),
    "everything": ("Observation", []),
    "by date": ("Observation", [("_sort", "date")]),
    "by date, newest first": ("Observation", [("_sort:desc", "date")]),
    "by date of one code": ("Observation", [("code", "common"), ("_sort:desc", "date")]),
    "by name": ("Patient", [("_sort", "family")]),
    "by last update": ("Observation", [("_sort:desc", "_lastUpdated")]),
}
SCANNING = {"string, contains"}
"""Looks through the different texts of a record, though not through its resources."""


def _plan(name: str) -> Plan:
    type_, pairs = SEARCHES[name]
    return read_search(type_, pairs, Context()).plan


def _steps(connection: sqlite3.Connection, plan: Plan, place: Place | None = None) -> int:
    """How many tens of machine steps a page of ten takes."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.set_progress_handler(count, 10)
    try:
        assert find(connection, OWNER, plan, Page(10, place)).matches
    finally:
        connection.set_progress_handler(None, 0)
    return steps


def _place_of_page(connection: sqlite3.Connection, plan: Plan, number: int) -> Place | None:
    place: Place | None = None
    for _ in range(number - 1):
        place = find(connection, OWNER, plan, Page(10, place, total=False)).next
        assert place is not None
    return place


@pytest.mark.parametrize("name", [name for name in SEARCHES if name not in SCANNING])
def test_a_page_of_ten_takes_the_same_work_in_a_record_eight_times_as_large(
    records: dict[int, sqlite3.Connection], name: str
) -> None:
    small, large = (_steps(records[size], _plan(name)) for size in (SMALL, LARGE))
    assert large <= small * 1.5 + 20, f"{small} → {large}"


@pytest.mark.parametrize("name", [name for name in SEARCHES if name.startswith(("by", "everything", "token, found"))])
def test_the_sixtieth_page_takes_the_same_work_as_the_second(records: dict[int, sqlite3.Connection], name: str) -> None:
    connection, plan = records[LARGE], _plan(name)
    second, sixtieth = (_steps(connection, plan, _place_of_page(connection, plan, number)) for number in (2, 60))
    assert sixtieth <= second * 1.5 + 20, f"{second} → {sixtieth}"


@pytest.mark.parametrize("name", SEARCHES)
def test_every_table_is_entered_by_an_index_that_begins_with_the_owner(
    records: dict[int, sqlite3.Connection], name: str
) -> None:
    lines = explain(records[LARGE], OWNER, _plan(name), Page(10))
    entered = [line.strip() for line in lines if line.strip().startswith(("SEARCH", "SCAN"))]
    assert entered
    for line in entered:
        if "VIRTUAL TABLE" in line or line in {"SCAN t", "SCAN s"} or line.startswith("SCAN (subquery"):
            continue  # values that were bound, and steps that have their own lines
        assert line.startswith("SEARCH"), f"{line} reads a whole table"
        assert "(owner=?" in line or "USING INTEGER PRIMARY KEY (rowid=?)" in line, line


def _statements(connection: sqlite3.Connection, plan: Plan, page: Page) -> list[tuple[str, tuple[object, ...]]]:
    """What the database is told to find a page."""
    statements: list[tuple[str, tuple[object, ...]]] = []

    class Listening:
        def execute(self, text: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
            statements.append((text, tuple(values)))
            return connection.execute(text, values)

    find(Listening(), OWNER, plan, page)  # type: ignore[arg-type]
    return statements


@pytest.mark.parametrize("name", SEARCHES)
def test_every_statement_names_the_owner_and_holds_nothing_of_what_was_asked(
    records: dict[int, sqlite3.Connection], name: str
) -> None:
    for text, values in _statements(records[SMALL], _plan(name), Page(10)):
        assert "owner" in text
        assert OWNER in values
        for asked in ("rare", "common", "name0", "Patient", "l|", "1970"):
            assert asked not in text, text


WIDE = {
    "a range of dates": ([("date", "ge1975"), ("date", "lt1990")], 4924),
    "two tokens": ([("code", "l|common"), ("status", "final")], 7190),
    "a token and a range": ([("status", "final"), ("date", "ge1975"), ("date", "lt1990")], 4924),
    "a range and not a token": ([("status:not", "amended"), ("date", "ge1975"), ("date", "lt1990")], 4924),
    "a time": ([("_lastUpdated", "ge1970-01-01T00:00:01Z")], 6300),
}


@pytest.mark.parametrize("name", WIDE)
def test_what_very_many_resources_have_is_counted_without_looking_at_their_rows(
    records: dict[int, sqlite3.Connection], name: str
) -> None:
    pairs, total = WIDE[name]
    plan, connection = read_search("Observation", pairs, Context()).plan, records[LARGE]
    assert find(connection, OWNER, plan, Page(0)).total == total
    text, values = next(each for each in reversed(_statements(connection, plan, Page(0))) if "count(" in each[0])
    steps = [line for *_, line in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    assert not [line for line in steps if "INTEGER PRIMARY KEY" in line or "INDEX resources_by_id" in line], steps
