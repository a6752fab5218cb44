"""What every command that touches a database needs: settings, the store opened, a plain word when it fails."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError

from fhirstore.errors import Failure
from fhirstore.settings import Settings
from fhirstore.store import open_store
from fhirstore.store.accounts import Accounts
from fhirstore.store.contract import Store

Result = TypeVar("Result")

Database = Annotated[
    str | None, typer.Option("--database", help="sqlite:///path, mongodb://… or mongodb+srv://…", metavar="URI")
]


def with_accounts(settings: Settings, work: Callable[[Accounts], Awaitable[Result]]) -> Result:
    return with_store(settings, lambda store: work(store.accounts))


def with_store(settings: Settings, work: Callable[[Store], Awaitable[Result]], *, new: bool = False) -> Result:
    """Open the database, do the work, close it; ends the command with a word where that fails.

    Only what may be the first to write in it makes a `new` one: called in the wrong folder, all else says so.
    """
    if not new:
        existing_file(settings)

    async def run() -> Result:
        store = open_store(settings.database, frugal=True)
        await store.open()
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except Failure as failure:
        fail(failure.reason)


def existing_file(settings: Settings) -> Path | None:
    """Where the embedded store rests; None on MongoDB. Ends the command where there is no such file."""
    scheme, _, path = settings.database.partition(":///")
    if scheme != "sqlite":
        return None
    if not os.access(path, os.F_OK):
        fail(f"There is no database at {path}: name yours with --database or FHIRSTORE_DATABASE.")
    return Path(path)


def read_settings(**given: Any) -> Settings:
    """Options of the command line go before the environment."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        # The library speaks of "Input should be", the rules of our own settings of what a value "must be".
        wrong = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        fail(f"The setting {'.'.join(map(str, fault['loc']))} {wrong}.")


def public_address(settings: Settings) -> str:
    """Where clients and browsers reach the server: one that listens everywhere is reached at localhost."""
    host = "localhost" if settings.host in {"0.0.0.0", "::", ""} else settings.host  # noqa: S104 - compared, not bound
    host = f"[{host}]" if ":" in host else host
    return settings.base_url or f"http://{host}:{settings.port}"


def fail(reason: str) -> NoReturn:
    sys.stderr.write(f"fhirstore: {reason}\n")
    raise typer.Exit(2)
