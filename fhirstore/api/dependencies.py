"""What the management and token routes are given; `app.create_app` puts it into the application's state.

The functions are coroutines so that no thread is needed to call them.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from fhirstore.auth.tokens import Bearers
from fhirstore.clock import Clock
from fhirstore.store.accounts import Accounts
from fhirstore.store.contract import Store


async def store_of(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def accounts_of(request: Request) -> Accounts:
    return (await store_of(request)).accounts


async def clock_of(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


async def bearers_of(request: Request) -> Bearers:
    bearers: Bearers = request.app.state.bearers
    return bearers


StoreOf = Annotated[Store, Depends(store_of)]
AccountsOf = Annotated[Accounts, Depends(accounts_of)]
ClockOf = Annotated[Clock, Depends(clock_of)]
BearersOf = Annotated[Bearers, Depends(bearers_of)]
