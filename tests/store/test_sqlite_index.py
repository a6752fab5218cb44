"""The index rows of all that shares a commit are gathered and written together: none is lost, doubled or left over."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from fhirstore.search.entries import ContainedEntries, Entries, Range
from fhirstore.search.plan import ByRange, InRange, Limit, Plan
from fhirstore.store.contract import Change, Page, Resources
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite import SqliteStore
from fhirstore.store.sqlite.index import unpack
from fhirstore.store.sqlite.names import TYPE
from tests.store.test_find import day, delete, put

OWNERS = (1, 2)
STATEMENTS_A_COMMIT = 40
"""However many resources share it; beside one statement for the row of each."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "store.db")
    await opened.open()
    yield opened
    await opened.close()


def _entries(random: Random) -> Entries:
    keys = tuple({f"Observation.code:{random.randint(0, 6)}" for _ in range(random.randint(0, 4))})
    ranges = tuple({day(random.randint(0, 4)) for _ in range(random.randint(0, 3))})
    amount = f"350{random.randint(0, 2)}"
    amounts = tuple(
        Range(f"Observation.value{half}", amount, f"{amount}1", amount, f"{amount}!")
        for half in random.sample(["", "|unit", "^base", "$code$"], random.randint(0, 4))
    )
    inner = (ContainedEntries("Device", "d", Entries(("Device.type:x",), (), ("pump",))),) * random.randint(0, 1)
    return Entries(keys, ranges + amounts, ("some", f"word{random.randint(0, 9)}"), inner)


def _change(random: Random) -> Change:
    id = f"o{random.randint(0, 11)}"
    return delete("Observation", id) if random.random() < 0.3 else put("Observation", id, _entries(random))


def _told(connection: sqlite3.Connection) -> list[Counter[object]]:
    """What the rows of resources, and of what they contain, say that the index holds."""
    keys, ranges, uses = Counter[object](), Counter[object](), Counter[object]()
    names = defaultdict[int, set[int]](set)
    for name, whole in connection.execute("SELECT names.id, value FROM names CROSS JOIN json_each(sets)"):
        names[whole].add(name)
    for table in ("resources", "contained"):
        for owner, rid, *packed in connection.execute(f"SELECT owner, rid, keys, ranges FROM {table}"):
            numbered = unpack(*packed)
            keys.update((owner, name, rid) for name in numbered.keys)
            ranges.update((owner, *row[:4], rid, *row[4:]) for row in numbered.ranges)
            uses.update(numbered.keys)
            uses.update({name for row in numbered.ranges for name in names.get(row[0], {row[0]})})
    return [keys, ranges, uses]


def _held(connection: sqlite3.Connection) -> list[Counter[object]]:
    keys = Counter[object](connection.execute("SELECT owner, name, rid FROM keys"))
    ranges = Counter[object](connection.execute("SELECT * FROM ranges"))
    typed = "substr(text, 1, 1) = ? OR substr(text, 2, 1) = ?"
    named = connection.execute(f"SELECT id, uses FROM names WHERE uses > 0 AND NOT ({typed})", (TYPE, TYPE))
    return [keys, ranges, Counter(dict(named.fetchall()))]


async def test_whatever_shares_commits_the_index_holds_what_the_resources_say(store: SqliteStore) -> None:
    random = Random(9)
    for _ in range(12):
        changes = [(Scope(random.choice(OWNERS)), _change(random)) for _ in range(40)]
        await asyncio.gather(*(store.within(scope).change(change) for scope, change in changes))
        assert _held(store._reader) == _told(store._reader)
        counted = store._reader.execute("SELECT owner, count(*) FROM resources GROUP BY owner").fetchall()
        assert counted == store._reader.execute(
            "SELECT owner, uses FROM names WHERE text = '=Observation' AND uses > 0 ORDER BY owner"
        ).fetchall()  # fmt: skip
        texts = store._reader.execute("SELECT owner, rid FROM texts ORDER BY owner, rid").fetchall()
        rows = "SELECT owner, rid FROM resources UNION ALL SELECT owner, -rid FROM contained ORDER BY 1, 2"
        assert texts == store._reader.execute(rows).fetchall()


async def test_a_number_is_found_under_each_of_its_names_however_many_sets_a_name_is_in(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhirstore.store.sqlite.names.SETS_EACH", 3)
    resources = store.within(Scope(1))
    size, codes = 80, 8  # more than are fetched and sorted at once: ordered ones are walked along
    for at in range(size):
        number = f"35{at:03}"
        ends = (number, f"{number}1", number, f"{number}!")
        names = ("Observation.value", "Observation.value|unit", f"Observation.value$code{at % codes}$")
        ranges = tuple(Range(name, *ends) for name in names)
        await resources.change(put("Observation", f"o{at:02}", Entries((), ranges)))
    rows = store._reader.execute("SELECT count(*), count(DISTINCT rid) FROM ranges").fetchone()
    in_sets = size * 3 // codes
    assert rows == (in_sets + 3 * (size - in_sets), size), "one row where there is a set, else one for each name"
    assert _held(store._reader) == _told(store._reader)

    async def found(name: str, *limits: Limit, descending: bool = False) -> list[str]:
        order = ByRange("Observation.value", "least", "most", descending)
        plan = Plan(("Observation",), InRange(name, limits), (order,))
        return [each.version.id for each in (await resources.find(plan, Page(size))).matches]

    every = [f"o{at:02}" for at in range(size)]
    for name in ("Observation.value", "Observation.value|unit"):
        assert await found(name) == every
        assert await found(name, descending=True) == every[::-1]
        assert await found(name, Limit("most", ">", "35069!")) == every[70:]
    for code in range(codes):
        assert await found(f"Observation.value$code{code}$") == every[code::codes]


async def test_what_came_and_went_in_one_transaction_leaves_no_row(store: SqliteStore) -> None:
    async def work(inside: Resources) -> None:
        await inside.change(put("Observation", "a", Entries(("Observation.code:1",), (day(1),), ("some",))))
        await inside.change(delete("Observation", "a"))

    await store.within(Scope(1)).transact(work)
    for table in ("keys", "ranges", "texts", "resources"):
        assert store._reader.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table


@pytest.mark.parametrize("owners", [1, 30])
async def test_resources_that_share_a_commit_cost_one_statement_each_and_a_few_together(
    store: SqliteStore, owners: int
) -> None:
    statements: list[str] = []
    store._writer._connection.set_trace_callback(statements.append)
    entries = Entries(("Observation.code:1", "Observation.code=|1"), (day(1), day(2)), ("some", "words"))
    changes = [
        Change("Observation", f"o{at}", put("Observation", f"o{at}", entries).decide, fresh=True) for at in range(240)
    ]
    written = (store.within(Scope(owner)).change_all(changes[owner::owners]) for owner in range(owners))
    await asyncio.gather(*written)
    store._writer._connection.set_trace_callback(None)
    commits = statements.count("COMMIT")
    assert commits <= 3
    # For each owner, the numbers of its texts are looked up.
    assert len(statements) <= len(changes) + STATEMENTS_A_COMMIT * commits + 3 * owners
