"""`fhirstore app`: applications, the clients that create users and get their tokens."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from fhirstore.auth import applications
from fhirstore.cli.database import Database, read_settings, with_accounts
from fhirstore.clock import instant, now
from fhirstore.dstu2.levels import Level
from fhirstore.store.accounts import Accounts

commands = typer.Typer(help="Applications: the clients that create users and get their tokens.", no_args_is_help=True)


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What people call the application.")],
    validation: Annotated[Level | None, typer.Option(help="How strictly its writes are judged.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    database: Database = None,
) -> None:
    """Make an application and print its secrets: they are shown this once."""

    async def run(accounts: Accounts) -> applications.NewApplication:
        return await applications.create_application(accounts, name, now(), validation)

    new = asdict(with_accounts(read_settings(database=database), run))
    if as_json:
        sys.stdout.write(json.dumps(new) + "\n")
        return
    for label, value in new.items():
        sys.stdout.write(f"{label:<19} {value}\n")


@commands.command("list")
def list_applications(database: Database = None) -> None:
    """List the applications, without their secrets."""

    async def run(accounts: Accounts) -> list[tuple[str, str, str]]:
        return [(known.client_id, known.name, instant(known.created)) for known in await accounts.applications()]

    # An id that is cut to fit the window could not be copied.
    table = Table(Column("client_id", no_wrap=True), "name", Column("created", no_wrap=True))
    for row in with_accounts(read_settings(database=database), run):
        table.add_row(*row)
    Console().print(table)


@commands.command()
def rotate_secret(
    client_id: Annotated[str, typer.Argument(help="Whose secret.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    database: Database = None,
) -> None:
    """Replace an application's secret and print the new one: it is shown this once."""

    async def run(accounts: Accounts) -> str:
        return await applications.rotate_secret(accounts, client_id)

    secret = with_accounts(read_settings(database=database), run)
    answer = {"client_id": client_id, "client_secret": secret}
    sys.stdout.write(f"{json.dumps(answer)}\n" if as_json else f"client_secret       {secret}\n")
