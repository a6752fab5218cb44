"""Erasing an owner: nothing of the record is left in any table, nobody else's is touched, and it can be done again."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from fhirstore.caller import Author
from fhirstore.search.extract import extract
from fhirstore.store.accounts import Application, NewUser, User
from fhirstore.store.contract import Change, HistoryQuery, Store, Version
from fhirstore.store.housekeeping import LATER, tidy
from fhirstore.store.jobs import Job
from fhirstore.store.mongodb import erasing as in_mongodb
from fhirstore.store.scope import Scope
from fhirstore.store.sqlite import erasing as in_sqlite
from fhirstore.store.trail import TrailQuery
from tests.store.test_trail import event

MARK = "unmistakable"


def write(owner: int, id: str, number: int) -> Change:
    contained = {"resourceType": "Practitioner", "id": "c", "name": {"text": MARK}}
    document = {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "comments": f"{MARK} {number}",
        "code": {"text": MARK},
        "effectiveDateTime": f"20{number:02}-02-07",
        "valueQuantity": {"value": number, "unit": MARK},
        "contained": [contained],
    }
    body = f'{{"resourceType":"Observation","comments":"{MARK}","id":"{id}"}}'.encode()
    entries = extract("Observation", document)
    return Change(
        "Observation", id, lambda _: Version("Observation", id, number, number, "PUT", body, entries), fresh=number == 1
    )


async def fill(store: Store, owner: int) -> None:
    resources = store.within(Scope(owner), Author("one", owner))
    for id in (f"{MARK}{number}" for number in range(6)):
        for number in (1, 2):
            await resources.change(write(owner, id, number))
    await resources.change(
        Change("Observation", f"{MARK}0", lambda _: Version("Observation", f"{MARK}0", 3, 3, "DELETE", b""))
    )
    noted = [event(at, owner=owner, user=owner, target=MARK, patient=MARK, address=MARK) for at in range(7)]
    elsewhere = event(9, owner=99, user=owner, target="kept", address=MARK)
    await store.trail.append([*noted, elsewhere])
    await store.jobs.add(Job(f"job{owner}", owner, "one", "import", 1, {"name": MARK}))


async def holding(database: str, text: str, owner: int) -> dict[str, int]:
    """How many rows that hold a text, or belong to an owner, each table has; asked of the database itself."""
    found: dict[str, int] = {}
    if database.startswith("sqlite"):
        connection = sqlite3.connect(database.removeprefix("sqlite:///"))
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            owned = table not in {"events", "users"} and "owner" in columns
            for row in connection.execute(f"SELECT * FROM {table}").fetchall():
                told = dict(zip(columns, row, strict=True))
                if text in repr(row) if not owned else told["owner"] == owner:
                    found[table] = found.get(table, 0) + 1
        connection.close()
        return found
    async with AsyncMongoClient[dict[str, Any]](database) as client:
        opened = client.get_default_database()
        for name in await opened.list_collection_names():
            async for document in opened[name].find():
                owned = name not in {"events", "users"} and "owner" in document
                if document["owner"] == owner if owned else text in repr(document):
                    found[name] = found.get(name, 0) + 1
    return found


async def everything(store: Store, owner: int) -> list[Version]:
    page = await store.within(Scope(owner)).history(HistoryQuery(count=1000))
    return list(page.versions)


async def test_nothing_is_left_of_the_owner_and_everything_of_others(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_sqlite, "STEP", 4)
    monkeypatch.setattr(in_mongodb, "STEP", 4)
    await fill(store, 1)
    await fill(store, 2)
    others = await everything(store, 2)
    assert len(await holding(database, MARK, 1)) >= 3, "there is something to erase"
    before = await holding(database, "nothing", 2)
    await store.erase(1)
    left = await holding(database, "nothing", 1)
    assert left == {}
    assert await everything(store, 1) == []
    assert await everything(store, 2) == others
    assert await holding(database, "nothing", 2) == before
    assert await store.jobs.job("job1") is None
    assert await store.jobs.job("job2") is not None


async def test_the_trail_keeps_that_something_was_done_and_not_what_or_from_where(store: Store) -> None:
    await fill(store, 1)
    await fill(store, 2)
    await store.erase(1)
    mine = await store.trail.events(TrailQuery(owner=1))
    assert [(each.action, each.client_id, each.user) for each in mine] == [("read", "one", 1)] * 7
    assert MARK not in repr(mine)
    visits = {each.user: each for each in await store.trail.events(TrailQuery(owner=99))}
    assert visits[1].address == ""
    assert visits[2].address == MARK
    assert all(each.target == MARK for each in await store.trail.events(TrailQuery(owner=2)))


async def test_erasing_again_or_where_nothing_is_does_no_harm(store: Store) -> None:
    await fill(store, 1)
    for _ in range(2):
        await store.erase(1)
    await store.erase(3)
    assert await everything(store, 1) == []


async def test_an_erasure_that_was_interrupted_is_ended_by_another(
    store: Store, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_sqlite, "STEP", 2)
    monkeypatch.setattr(in_mongodb, "STEP", 2)
    await fill(store, 1)
    steps = 0

    class _KilledError(Exception): ...

    def killed(*_: object, **__: object) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise _KilledError

    with monkeypatch.context() as patched:
        if database.startswith("sqlite"):
            original = in_sqlite._repeat

            async def repeat(*args: Any) -> None:
                killed()
                await original(*args)

            patched.setattr(in_sqlite, "_repeat", repeat)
        else:
            chosen = in_mongodb._chosen

            async def choose(*args: Any) -> Any:
                killed()
                return await chosen(*args)

            patched.setattr(in_mongodb, "_chosen", choose)
        with pytest.raises(_KilledError):
            await store.erase(1)
    await store.erase(1)
    assert await holding(database, "nothing", 1) == {}


async def user(store: Store) -> User:
    await store.accounts.add_application(Application("one", "tests", "", "org", "", 1))
    return await store.accounts.add_user(NewUser("a" * 24, "one", "me", True, 1))


async def test_what_was_written_by_a_request_that_had_begun_before_is_erased_later(store: Store) -> None:
    removed = await user(store)
    await store.accounts.remove_user(removed, 1000)
    await store.erase(removed.id)
    await fill(store, removed.id)
    await tidy(store, 1000 + LATER, audit_days=1_000_000)
    assert await everything(store, removed.id) != [], "not yet: another such request may still be on its way"
    await tidy(store, 1001 + LATER, audit_days=1_000_000)
    assert await everything(store, removed.id) == []
    assert await store.accounts.removed_users(2**50) == [], "the row is gone too"


async def test_a_user_who_was_not_removed_keeps_row_and_record(store: Store) -> None:
    kept = await user(store)
    await fill(store, kept.id)
    await store.accounts.forget_removed_user(kept.id)
    await tidy(store, 2**50, audit_days=1_000_000)
    assert len(await everything(store, kept.id)) == 13
    assert await store.accounts.user(kept.id) == kept


async def test_old_events_go_and_young_ones_stay(store: Store) -> None:
    day = 24 * 3600 * 1000
    await store.trail.append([event(at * day) for at in range(10)])
    await tidy(store, 10 * day, audit_days=3)
    assert [each.at // day for each in await store.trail.events(TrailQuery())] == [9, 8, 7]
