"""`fhirstore developer`: who may sign in to the console."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from fhirstore.auth import developers
from fhirstore.auth.sign_in import developer_link
from fhirstore.cli.database import Database, public_address, read_settings, with_store
from fhirstore.clock import instant, now
from fhirstore.settings import Settings
from fhirstore.store.sessions import Sessions

Result = TypeVar("Result")
Email = Annotated[str, typer.Argument(help="The developer's e-mail address.")]

commands = typer.Typer(help="Developers: who may sign in to the console.", no_args_is_help=True)


@commands.command()
def create(email: Email, database: Database = None) -> None:
    """Make an account. The password is asked for, or read from a pipe's first line."""
    password = _read_password()
    settings = read_settings(database=database)
    with_store(settings, lambda store: developers.create_developer(store.sessions, email, password, now()), new=True)


@commands.command()
def link(email: Email, database: Database = None) -> None:
    """Print a link by which a developer chooses a new password: it works once, for an hour."""
    settings = read_settings(database=database)

    async def make(sessions: Sessions) -> str:
        known = await developers.find_developer(sessions, email)
        return await developer_link(sessions, known.email, now())

    secret = _with_sessions(settings, make)
    sys.stdout.write(f"{welcome_address(settings, secret)}\n")


@commands.command("list")
def list_developers(database: Database = None) -> None:
    """List the accounts."""
    for developer in _with_sessions(read_settings(database=database), lambda sessions: sessions.developers()):
        sys.stdout.write(f"{instant(developer.created)}  {developer.email}\n")


async def first_link(sessions: Sessions) -> str | None:
    """The secret of a link for the first account; None where there is one already."""
    return None if await sessions.developers() else await developer_link(sessions, None, now())


def welcome_address(settings: Settings, secret: str) -> str:
    return f"{public_address(settings)}/console/welcome/{secret}"


def _with_sessions(settings: Settings, work: Callable[[Sessions], Awaitable[Result]]) -> Result:
    return with_store(settings, lambda store: work(store.sessions))


def _read_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
