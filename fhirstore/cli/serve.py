"""`fhirstore serve`: start the server, and help at its first start."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from fhirstore.auth import applications
from fhirstore.cli.database import Database, public_address, read_settings, with_store
from fhirstore.cli.demo import demo_link
from fhirstore.cli.developers import first_link, welcome_address
from fhirstore.cli.welcome import welcome
from fhirstore.clock import now
from fhirstore.demo.making import APPLICATION_NAME as DEMONSTRATION
from fhirstore.settings import Settings
from fhirstore.store.contract import Store


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
    database: Database = None,
    demo: Annotated[bool, typer.Option("--demo", help="Also make a made-up record, and print its link.")] = False,
) -> None:
    """Start the server. The first start makes an application and prints its secrets, once.

    Until there is an account at the console, each start prints a link to make the first.
    """
    settings = read_settings(host=host, port=port, workers=workers, database=database)
    # The workers are processes of their own: they read the same settings from the environment.
    for name in ("host", "port", "workers", "database"):
        os.environ[f"FHIRSTORE_{name.upper()}"] = str(getattr(settings, name))
    first, link = with_store(settings, _first_start)
    address = public_address(settings)
    sys.stdout.write(welcome(address, first, link and welcome_address(settings, link)))
    if demo:
        sys.stdout.write(f"\n{demo_link(settings)}")
    sys.stdout.flush()
    _run_server(settings)


async def _first_start(store: Store) -> tuple[applications.NewApplication | None, str | None]:
    """The first application, if it was made just now, and the link for the first account at the console."""
    first = None
    if all(each.name == DEMONSTRATION for each in await store.accounts.applications()):
        first = await applications.create_first_application(store.accounts, store.keys, "first application", now())
    return first, await first_link(store.sessions)


def _run_server(settings: Settings) -> None:
    import uvicorn

    uvicorn.run(
        "fhirstore.app:create_worker",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http="httptools",
        ws="none",
        lifespan="on",
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
        # Not from this package: every worker imports what is named here, and none needs a command line.
        "formatters": {"line": {"()": "fhirstore.api.log_lines.LogLines"}},
        "handlers": {"stderr": {"()": "fhirstore.api.log_lines.LogStream", "formatter": "line"}},
        "loggers": {
            "fhirstore": {"handlers": ["stderr"], "level": level.upper(), "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }
