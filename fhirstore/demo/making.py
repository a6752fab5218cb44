"""Store the made-up record: an application, a user, and what the user's sources wrote, through the usual doorway."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from fhirstore.auth.applications import create_application
from fhirstore.auth.tokens import USER_SCOPE
from fhirstore.auth.users import create_user, list_users
from fhirstore.caller import Caller
from fhirstore.clock import Clock
from fhirstore.demo.building import Resource
from fhirstore.demo.record import earlier_versions, record
from fhirstore.dstu2.json_format import dump
from fhirstore.ids import new_id
from fhirstore.interactions.perform import perform
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.served import TABLE
from fhirstore.store.accounts import Accounts, Application, User
from fhirstore.store.contract import Store
from fhirstore.store.scope import scope_of

APPLICATION_NAME = "Demonstration"
USER_NAME = "demo"

_AT_ONCE = 50


async def make_demo(store: Store, clock: Clock) -> User:
    """The user with the made-up record, both made where they are missing; a record that is there stays as it is."""
    application = await _application(store.accounts, clock())
    user = await _user(store.accounts, application, clock())
    caller = Caller(application.client_id, user.id, USER_SCOPE)
    context = Context(
        caller,
        store.within(scope_of(caller), caller.author),
        clock,
        new_id,
        store.cursors,
        "http://localhost/dstu2",
        "official",
    )
    resources = list(record(datetime.fromtimestamp(clock() / 1000, UTC).date()))
    last = resources[-1]
    # Written last, so that where it is, all others are.
    if await context.resources.current(last["resourceType"], last["id"]) is None:
        await _write(list(earlier_versions(resources)), context)
        await _write(resources[:-1], context)
        await _write([last], context)
    return user


async def _write(resources: Sequence[Resource], context: Context) -> None:
    for first in range(0, len(resources), _AT_ONCE):
        await asyncio.gather(*(_put(each, context) for each in resources[first : first + _AT_ONCE]))


async def _put(resource: Resource, context: Context) -> None:
    match = TABLE.match("PUT", f"{resource['resourceType']}/{resource['id']}")
    await perform(match.interaction, match.fill(Request(body=dump(resource))), context)


async def _application(accounts: Accounts, now: int) -> Application:
    for each in await accounts.applications():
        if each.name == APPLICATION_NAME:
            return each
    made = await create_application(accounts, APPLICATION_NAME, now)
    application = await accounts.application(made.client_id)
    assert application is not None
    return application


async def _user(accounts: Accounts, application: Application, now: int) -> User:
    page = await list_users(accounts, application, app_user_id=USER_NAME, count=1)
    return page.users[0] if page.users else await create_user(accounts, application, USER_NAME, now)
