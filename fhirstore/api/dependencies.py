"""What the management and token routes are given; `app.create_app` puts it into the application's state.

The functions are coroutines so that no thread is needed to call them.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from fhirstore.api.middleware import MANAGED_BY
from fhirstore.auth.allowances import Allowance, Allowances
from fhirstore.auth.credentials import Credentials
from fhirstore.auth.id_tokens import Signer
from fhirstore.auth.tokens import Bearers
from fhirstore.clock import Clock
from fhirstore.errors import TooManyRequests
from fhirstore.store.accounts import Accounts, Application
from fhirstore.store.contract import Store
from fhirstore.store.trail_buffer import TrailBuffer


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


async def credentials_of(request: Request) -> Credentials:
    credentials: Credentials = request.app.state.credentials
    return credentials


async def signer_of(request: Request) -> Signer:
    signer: Signer = request.app.state.signer
    return signer


async def trail_of(request: Request) -> TrailBuffer:
    trail: TrailBuffer = request.app.state.trail
    return trail


async def base_of(request: Request) -> str:
    """The server's address as its clients know it, without a slash at the end."""
    return request.app.state.base_url or f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"


async def address_of(request: Request) -> str:
    """Where a request comes from, as far as it is known."""
    return request.client.host if request.client else ""


async def count_call(request: Request, response: Response, application: Application) -> None:
    """Count one management call; the answer tells what is left, whatever it is. Raises TooManyRequests."""
    setattr(request.state, MANAGED_BY, application.client_id)
    allowances: Allowances = request.app.state.allowances
    allowance = await allowances.count(application)
    request.state.allowance = allowance_headers(allowance)
    response.headers.update(request.state.allowance)
    if allowance.exceeded:
        raise TooManyRequests("Too Many Requests", headers={"Retry-After": str(allowance.wait)})


def allowance_headers(allowance: Allowance) -> dict[str, str]:
    """What GitHub's clients and many others read; the reset is in seconds since 1970."""
    told = {"Limit": allowance.limit, "Remaining": allowance.remaining, "Reset": allowance.reset}
    return {f"X-RateLimit-{name}": str(value) for name, value in told.items()}


def told_allowance(request: Request) -> dict[str, str]:
    """The same headers for an answer that is a failure; none where the call was not counted."""
    headers: dict[str, str] = getattr(request.state, "allowance", {})
    return headers


StoreOf = Annotated[Store, Depends(store_of)]
AccountsOf = Annotated[Accounts, Depends(accounts_of)]
ClockOf = Annotated[Clock, Depends(clock_of)]
CredentialsOf = Annotated[Credentials, Depends(credentials_of)]
SignerOf = Annotated[Signer, Depends(signer_of)]
BaseOf = Annotated[str, Depends(base_of)]
AddressOf = Annotated[str, Depends(address_of)]
TrailOf = Annotated[TrailBuffer, Depends(trail_of)]
BearersOf = Annotated[Bearers, Depends(bearers_of)]
