"""The trail keeps what it is given, tells it newest first, and forgets what is old."""

from __future__ import annotations

import pytest

from fhirstore.store.contract import Store
from fhirstore.store.trail import Event, TrailQuery, event_id, write_id


def event(at: int, action: str = "read", status: int = 200, **fields: object) -> Event:
    known: dict[str, object] = {"owner": 1, "client_id": "one", "user": 1, "type": "Patient", "target": "a"}
    return Event(event_id(at), action, status, **{**known, **fields})  # type: ignore[arg-type]


async def test_an_event_is_told_as_it_was_noted(store: Store) -> None:
    full = Event("0" * 28, "update", 200, 1, "one", 7, "Observation", "b", 3, "a", "req-1", "10.0.0.9")
    bare = Event("1" * 28, "token", 401, None, "two")
    await store.trail.append([full, bare])
    assert list(await store.trail.events(TrailQuery())) == [bare, full]


async def test_events_are_told_newest_first_page_after_page(store: Store) -> None:
    events = [event(at) for at in (5, 1, 3, 3, 2, 4, 3)]
    await store.trail.append(events[:4])
    await store.trail.append(events[4:])
    told: list[Event] = []
    while page := await store.trail.events(TrailQuery(after=told[-1].id if told else None, count=2)):
        told += page
    assert [each.at for each in told] == [5, 4, 3, 3, 3, 2, 1]
    assert sorted(told) == sorted(events)


async def test_what_is_appended_twice_is_there_once(store: Store) -> None:
    first, second = event(1), event(2)
    await store.trail.append([first])
    await store.trail.append([first, second])
    assert list(await store.trail.events(TrailQuery())) == [second, first]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (TrailQuery(owner=1), "abc"),
        (TrailQuery(owner=2), "d"),
        (TrailQuery(client_id="two"), "cd"),
        (TrailQuery(owner=1, client_id="two"), "c"),
        (TrailQuery(user=7), "b"),
        (TrailQuery(action="search-type"), "b"),
        (TrailQuery(type="Observation"), "c"),
        (TrailQuery(target="x"), "d"),
        (TrailQuery(outcome="failure"), "ce"),
        (TrailQuery(outcome="success"), "abd"),
        (TrailQuery(since=3), "cde"),
        (TrailQuery(before=3), "ab"),
        (TrailQuery(since=2, before=4), "bc"),
        (TrailQuery(owner=1, since=2, count=1), "c"),
        (TrailQuery(owner=3), ""),
    ],
)
async def test_events_are_found_by_all_that_they_tell(store: Store, query: TrailQuery, found: str) -> None:
    events = {
        "a": event(1),
        "b": event(2, "search-type", user=7, target=""),
        "c": event(3, status=403, client_id="two", type="Observation"),
        "d": event(4, owner=2, user=2, client_id="two", target="x"),
        "e": event(5, "token", 401, owner=None, user=None, type="", target=""),
    }
    await store.trail.append(list(events.values()))
    names = {each: name for name, each in events.items()}
    assert "".join(sorted(names[each] for each in await store.trail.events(query))) == found


async def test_one_event_is_found_by_its_id_and_only_with_its_owner(store: Store) -> None:
    mine, other = event(1), event(1, owner=2)
    await store.trail.append([mine, other])
    assert list(await store.trail.events(TrailQuery(owner=1, id=mine.id))) == [mine]
    assert list(await store.trail.events(TrailQuery(owner=1, id=other.id))) == []


async def test_old_events_are_forgotten_step_by_step(store: Store) -> None:
    await store.trail.append([event(at) for at in range(10)])
    assert [await store.trail.discard(7, count=4) for _ in range(3)] == [4, 3, 0]
    assert [each.at for each in await store.trail.events(TrailQuery())] == [9, 8, 7]


def test_the_event_of_a_write_has_an_id_that_its_version_tells() -> None:
    id = write_id(1_423_310_897_239, "Patient", "a", 3)
    assert id == write_id(1_423_310_897_239, "Patient", "a", 3)
    assert len(id) == 28
    assert Event(id, "update", 200, 1, "one").at == 1_423_310_897_239
    assert id != write_id(1_423_310_897_239, "Patient", "a", 2)
