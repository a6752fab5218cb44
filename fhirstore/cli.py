"""The command line: start the server, and look after its applications."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Column, Table

from fhirstore import __version__
from fhirstore.auth import applications
from fhirstore.cli_validate import validate
from fhirstore.clock import instant, now
from fhirstore.dstu2.levels import Level
from fhirstore.errors import Failure
from fhirstore.settings import Settings
from fhirstore.store import open_store
from fhirstore.store.accounts import Accounts
from fhirstore.welcome import welcome

Result = TypeVar("Result")

main = typer.Typer(
    name="fhirstore",
    help="A self-hosted store for patients' health records that speaks FHIR DSTU2.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app = typer.Typer(help="Applications: the clients that create users and get their tokens.", no_args_is_help=True)
main.add_typer(app, name="app")
main.command()(validate)

Database = Annotated[
    str | None, typer.Option("--database", help="sqlite:///path, mongodb://… or mongodb+srv://…", metavar="URI")
]


@main.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
    database: Database = None,
) -> None:
    """Start the server. The first start makes an application and prints its secrets, once."""
    settings = _settings(host=host, port=port, workers=workers, database=database)
    # The workers are processes of their own: they read the same settings from the environment.
    for name in ("host", "port", "workers", "database"):
        os.environ[f"FHIRSTORE_{name.upper()}"] = str(getattr(settings, name))
    first = _with_accounts(settings, _first_application)
    address = settings.base_url or f"http://{_connectable(settings.host)}:{settings.port}"
    sys.stdout.write(welcome(address, first))
    sys.stdout.flush()
    _run_server(settings)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What people call the application.")],
    validation: Annotated[Level | None, typer.Option(help="How strictly its writes are judged.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    database: Database = None,
) -> None:
    """Make an application and print its secrets: they are shown this once."""

    async def run(accounts: Accounts) -> applications.NewApplication:
        return await applications.create_application(accounts, name, now(), validation)

    new = asdict(_with_accounts(_settings(database=database), run))
    if as_json:
        sys.stdout.write(json.dumps(new) + "\n")
        return
    for label, value in new.items():
        sys.stdout.write(f"{label:<19} {value}\n")


@app.command("list")
def list_applications(database: Database = None) -> None:
    """List the applications, without their secrets."""

    async def run(accounts: Accounts) -> list[tuple[str, str, str]]:
        return [(known.client_id, known.name, instant(known.created)) for known in await accounts.applications()]

    # An id that is cut to fit the window could not be copied.
    table = Table(Column("client_id", no_wrap=True), "name", Column("created", no_wrap=True))
    for row in _with_accounts(_settings(database=database), run):
        table.add_row(*row)
    Console().print(table)


@app.command()
def rotate_secret(
    client_id: Annotated[str, typer.Argument(help="Whose secret.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    database: Database = None,
) -> None:
    """Replace an application's secret and print the new one: it is shown this once."""

    async def run(accounts: Accounts) -> str:
        return await applications.rotate_secret(accounts, client_id)

    secret = _with_accounts(_settings(database=database), run)
    answer = {"client_id": client_id, "client_secret": secret}
    sys.stdout.write(f"{json.dumps(answer)}\n" if as_json else f"client_secret       {secret}\n")


@main.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"{__version__}\n")


async def _first_application(accounts: Accounts) -> applications.NewApplication | None:
    if await accounts.applications():
        return None
    return await applications.create_application(accounts, "first application", now())


def _with_accounts(settings: Settings, work: Callable[[Accounts], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        store = open_store(settings.database)
        await store.open()
        try:
            return await work(store.accounts)
        finally:
            await store.close()

    try:
        return asyncio.run(run())
    except Failure as failure:
        _fail(failure.reason)


def _settings(**given: Any) -> Settings:
    """Options of the command line go before the environment."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        _fail(f"The setting {'.'.join(map(str, fault['loc']))} {fault['msg'].removeprefix('Value error, ')}.")


def _fail(reason: str) -> NoReturn:
    sys.stderr.write(f"fhirstore: {reason}\n")
    raise typer.Exit(2)


def _connectable(host: str) -> str:
    """An address to type into a client: a server that listens everywhere is reached at localhost."""
    return "localhost" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound


def _run_server(settings: Settings) -> None:
    import uvicorn

    uvicorn.run(
        "fhirstore.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=_log_config(settings.log_level),
        # Its access log would hold queries, and with them tokens; ours (`api.middleware`) does not.
        access_log=False,
        server_header=False,
        date_header=False,
        # Whom to believe about the client's address is decided in `api.proxies`.
        proxy_headers=False,
        timeout_graceful_shutdown=10,
    )


def _log_config(level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            "fhirstore": {"handlers": ["stderr"], "level": level.upper(), "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }
