"""`fhirstore app`: applications, the clients that create users and get their tokens."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from fhirstore.auth import applications
from fhirstore.auth.developers import find_developer
from fhirstore.caller import Profile
from fhirstore.cli.database import Database, read_settings, with_accounts, with_store
from fhirstore.clock import instant, now
from fhirstore.dstu2.levels import Level
from fhirstore.store.accounts import Accounts, Application
from fhirstore.store.contract import Store

ClientId = Annotated[str, typer.Argument(help="Which application.")]
Validation = Annotated[Level | None, typer.Option(help="How strictly its writes are judged.")]
ProfileOption = Annotated[Profile, typer.Option(help="Whose habits it wants where FHIR's and 1upHealth's differ.")]
CallsPerHour = Annotated[int | None, typer.Option(help="Management calls in an hour.", min=1)]
RedirectUris = Annotated[list[str] | None, typer.Option(help="Where codes may be sent; may be given several times.")]
LaunchUri = Annotated[str | None, typer.Option(help="Where it is opened from within another application.")]
Public = Annotated[bool, typer.Option(help="It also runs where no secret can be kept.")]
DeveloperOption = Annotated[
    str | None, typer.Option(help="Who looks after it at the console, by e-mail address.", metavar="EMAIL")
]
RevokePrevious = Annotated[
    bool, typer.Option("--revoke-previous", help="Make no new one, and end the validity of the one before.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

commands = typer.Typer(help="Applications: the clients that create users and get their tokens.", no_args_is_help=True)


@commands.command()
def create(
    name: Annotated[str, typer.Argument(help="What people call the application.")],
    validation: Validation = None,
    profile: ProfileOption = "standard",
    calls_per_hour: CallsPerHour = None,
    redirect_uri: RedirectUris = None,
    public: Public = False,
    developer: DeveloperOption = None,
    launch_uri: LaunchUri = None,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Make an application and print its secrets: they are shown this once."""

    async def run(store: Store) -> applications.NewApplication:
        return await applications.create_application(
            store.accounts,
            name,
            now(),
            validation,
            profile=profile,
            calls_per_hour=calls_per_hour,
            redirect_uris=redirect_uri or (),
            public=public,
            developer=await _known(store, developer),
            launch_uri=launch_uri,
        )

    new = asdict(with_store(read_settings(database=database), run, new=True))
    if as_json:
        sys.stdout.write(json.dumps(new) + "\n")
        return
    for label, value in new.items():
        sys.stdout.write(f"{label:<19} {value}\n")


@commands.command("set")
def set_options(
    client_id: ClientId,
    validation: Validation = None,
    profile: Annotated[Profile | None, typer.Option(help="Whose habits it wants.")] = None,
    calls_per_hour: CallsPerHour = None,
    redirect_uri: RedirectUris = None,
    public: Annotated[bool | None, typer.Option(help="Whether it runs where no secret can be kept.")] = None,
    developer: DeveloperOption = None,
    launch_uri: LaunchUri = None,
    database: Database = None,
) -> None:
    """Change an application: what is not given stays as it is."""
    given = {
        "level": validation,
        "profile": profile,
        "calls_per_hour": calls_per_hour,
        "redirect_uris": tuple(redirect_uri) if redirect_uri else None,
        "public": public,
        "launch_uri": launch_uri,
    }
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}

    async def run(store: Store) -> None:
        if developer is not None:
            changes["developer"] = await _known(store, developer)
        await applications.change_application(store.accounts, client_id, **changes)

    with_store(read_settings(database=database), run)


@commands.command("list")
def list_applications(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, with what is set.")] = False,
    database: Database = None,
) -> None:
    """List the applications, without their secrets."""
    known = with_accounts(read_settings(database=database), lambda accounts: accounts.applications())
    if as_json:
        sys.stdout.writelines(f"{json.dumps(_told(application))}\n" for application in known)
        return
    # An id that is cut to fit the window could not be copied.
    table = Table(Column("client_id", no_wrap=True), "name", Column("created", no_wrap=True))
    for application in known:
        table.add_row(application.client_id, Text(application.name), instant(application.created))
    Console().print(table)


@commands.command()
def rotate_secret(
    client_id: ClientId,
    revoke_previous: RevokePrevious = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Give an application a new secret and print it, this once. The one before it stays good too."""
    revoke = applications.revoke_previous_secret if revoke_previous else None
    _rotate(client_id, "client_secret", applications.rotate_secret, revoke, as_json, database)


@commands.command()
def rotate_token(
    client_id: ClientId,
    revoke_previous: RevokePrevious = False,
    as_json: AsJson = False,
    database: Database = None,
) -> None:
    """Give an organization a new token, by which Validic's clients are known; the one before it stays good too."""
    revoke = applications.revoke_previous_organization_token if revoke_previous else None
    _rotate(client_id, "organization_token", applications.rotate_organization_token, revoke, as_json, database)


def _told(application: Application) -> dict[str, Any]:
    """What `create` and `set` gave it, by the names of their options."""
    return {
        "client_id": application.client_id,
        "name": application.name,
        "created": instant(application.created),
        "organization_id": application.organization_id,
        "validation": application.level,
        "profile": application.profile,
        "calls_per_hour": application.calls_per_hour,
        "redirect_uris": application.redirect_uris,
        "launch_uri": application.launch_uri,
        "public": application.public,
        "developer": application.developer,
    }


async def _known(store: Store, email: str | None) -> str | None:
    """Only an account can look after an application: a mistyped address would give it away."""
    return (await find_developer(store.sessions, email)).email if email is not None else None


def _rotate(
    client_id: str,
    label: str,
    rotate: Callable[[Accounts, str], Awaitable[str]],
    revoke: Callable[[Accounts, str], Awaitable[None]] | None,
    as_json: bool,
    database: str | None,
) -> None:
    settings = read_settings(database=database)
    if revoke is not None:
        with_accounts(settings, lambda accounts: revoke(accounts, client_id))
        return
    secret = with_accounts(settings, lambda accounts: rotate(accounts, client_id))
    answer = {"client_id": client_id, label: secret}
    sys.stdout.write(f"{json.dumps(answer)}\n" if as_json else f"{label:<19} {secret}\n")
