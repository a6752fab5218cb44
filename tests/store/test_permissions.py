"""What both stores promise of permissions, and how soon a process obeys what another one took back."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from fhirstore.store.accounts import Application, NewUser
from fhirstore.store.contract import Store
from fhirstore.store.permissions import Permission
from tests.builders import patient
from tests.clients import new_application
from tests.server import AppServer, TurnedClock, running

FIRST = Permission(owner=1, patient="p", recipient=2, since=1000)


async def test_a_permission_is_told_to_both_sides_oldest_first(store: Store) -> None:
    later, other = replace(FIRST, patient="a", since=2000), replace(FIRST, owner=3, since=500)
    elsewhere = replace(FIRST, recipient=4, since=1500)
    for each in (later, FIRST, other, elsewhere):
        await store.permissions.give(each)
    assert await store.permissions.given(1) == [FIRST, elsewhere, later]
    assert await store.permissions.received(2) == [other, FIRST, later]
    assert await store.permissions.given(2) == await store.permissions.received(1) == []


async def test_giving_again_changes_nothing_and_taking_back_takes_one(store: Store) -> None:
    other = replace(FIRST, patient="q")
    for each in (FIRST, other, replace(FIRST, since=9000)):
        await store.permissions.give(each)
    assert await store.permissions.given(1) == [FIRST, other]
    assert await store.permissions.take_back(1, "p", 2)
    assert not await store.permissions.take_back(1, "p", 2)
    assert not await store.permissions.take_back(2, "q", 1)
    assert await store.permissions.received(2) == [other]


async def test_of_many_who_give_one_permission_at_once_none_fails(store: Store) -> None:
    await asyncio.gather(*(store.permissions.give(replace(FIRST, since=moment)) for moment in range(8)))
    assert len(await store.permissions.received(2)) == 1


async def test_of_a_deleted_user_no_permission_stays(store: Store) -> None:
    await store.accounts.add_application(Application("app", "tests", "hash", "org", "org-hash", 1))
    user = await store.accounts.add_user(NewUser("a" * 24, "app", "somebody", True, 1))
    for each in (Permission(user.id, "p", 9, 1), Permission(8, "p", user.id, 1), Permission(8, "p", 9, 1)):
        await store.permissions.give(each)
    await store.accounts.remove_user(user, 2)
    assert await store.permissions.received(9) == [Permission(8, "p", 9, 1)]
    assert await store.permissions.received(user.id) == []


def test_another_process_obeys_within_five_seconds(turned: AppServer, clock: TurnedClock) -> None:
    application = new_application(turned)
    owner, recipient = application.user(), application.user()
    id = owner.create(patient())["id"]
    with running(turned.database, clock) as second:
        elsewhere = replace(recipient, address=second.address)
        assert elsewhere.get(f"Patient/{id}").status_code == 404
        owner.put(f"Patient/{id}/_permission/{recipient.id}", b"")
        assert recipient.get(f"Patient/{id}").status_code == 200, "in this process at once"
        clock.ahead += 5
        assert elsewhere.get(f"Patient/{id}").status_code == 200
        owner.delete(f"Patient/{id}/_permission/{recipient.id}")
        assert recipient.get(f"Patient/{id}").status_code == 404, "in this process at once"
        clock.ahead += 5
        assert elsewhere.get(f"Patient/{id}").status_code == 404
