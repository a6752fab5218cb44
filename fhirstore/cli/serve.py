"""`fhirstore serve`: start the server, and help at its first start."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from typing import Annotated, Any

import typer

from fhirstore.auth import applications
from fhirstore.cli.database import Database, fail, public_address, read_settings, with_store
from fhirstore.cli.demo import demo_link
from fhirstore.cli.developers import first_link, welcome_address
from fhirstore.cli.welcome import welcome
from fhirstore.clock import now
from fhirstore.demo.making import APPLICATION_NAME as DEMONSTRATION
from fhirstore.settings import Settings
from fhirstore.store.contract import Store

_LISTENERS = 16
_QUEUE = 2048


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
    sockets = _listening(settings.host, settings.port)
    # Port 0 lets the machine choose one.
    settings = settings.model_copy(update={"port": sockets[0].getsockname()[1]})
    # The workers are processes of their own: they read the same settings from the environment.
    for name in ("host", "port", "workers", "database"):
        os.environ[f"FHIRSTORE_{name.upper()}"] = str(getattr(settings, name))
    first, link = with_store(settings, _first_start, new=True)
    address = public_address(settings)
    sys.stdout.write(welcome(address, first, link and welcome_address(settings, link)))
    if demo:
        sys.stdout.write(f"\n{demo_link(settings)}")
    sys.stdout.flush()
    _run_server(settings, sockets)


async def _first_start(store: Store) -> tuple[applications.NewApplication | None, str | None]:
    """The first application, if it was made just now, and the link for the first account at the console."""
    first = None
    if all(each.name == DEMONSTRATION for each in await store.accounts.applications()):
        first = await applications.create_first_application(store.accounts, store.keys, "first application", now())
    return first, await first_link(store.sessions)


def _run_server(settings: Settings, sockets: list[socket.socket]) -> None:
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    config = uvicorn.Config(
        "fhirstore.app:create_worker",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http="fhirstore.api.bounded_http:BoundedHttp",
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
    if settings.workers > 1:
        Multiprocess(config, sockets=sockets).run()
        return
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
    if not server.started:
        sys.exit(1)


def _listening(host: str, port: int) -> list[socket.socket]:
    """One listening socket, several times over.

    Each time that uvloop's event loop comes round it takes one new connection from each, and then carries out all that
    the open connections ask for. With one alone, new clients of a busy server would wait for seconds.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named: asyncio sends short answers at once on such sockets alone.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # where it would let two servers listen at one port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Clients that come before the application is ready wait in this queue, and are not turned away.
        listener.listen(_QUEUE)
    except OSError as error:
        fail(f"Nothing can listen at {host}, port {port}: {error.strerror or error}.")
    return [listener, *(listener.dup() for _ in range(_LISTENERS - 1))]


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
