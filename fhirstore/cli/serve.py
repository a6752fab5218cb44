"""`fhirstore serve`: start the server, and help at its first start."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from fhirstore.auth import applications
from fhirstore.cli.database import Database, read_settings, with_accounts
from fhirstore.cli.welcome import welcome
from fhirstore.clock import now
from fhirstore.settings import Settings
from fhirstore.store.accounts import Accounts


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
    database: Database = None,
) -> None:
    """Start the server. The first start makes an application and prints its secrets, once."""
    settings = read_settings(host=host, port=port, workers=workers, database=database)
    # The workers are processes of their own: they read the same settings from the environment.
    for name in ("host", "port", "workers", "database"):
        os.environ[f"FHIRSTORE_{name.upper()}"] = str(getattr(settings, name))
    first = with_accounts(settings, _first_application)
    address = settings.base_url or f"http://{_connectable(settings.host)}:{settings.port}"
    sys.stdout.write(welcome(address, first))
    sys.stdout.flush()
    _run_server(settings)


async def _first_application(accounts: Accounts) -> applications.NewApplication | None:
    if await accounts.applications():
        return None
    return await applications.create_application(accounts, "first application", now())


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
        # Not from this package: every worker imports what is named here, and none needs a command line.
        "formatters": {"line": {"()": "fhirstore.api.log_lines.LogLines"}},
        "handlers": {"stderr": {"()": "fhirstore.api.log_lines.LogStream", "formatter": "line"}},
        "loggers": {
            "fhirstore": {"handlers": ["stderr"], "level": level.upper(), "propagate": False},
            "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }
