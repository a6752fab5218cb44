"""The application: assembled here, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from fhirstore import __version__
from fhirstore.api import health, oauth, users_oneup
from fhirstore.api.failures import add_failure_handlers
from fhirstore.api.fhir import PREFIXES, FhirParts, FhirRoute
from fhirstore.api.middleware import RequestLog
from fhirstore.auth.tokens import Bearers
from fhirstore.clock import Clock, now
from fhirstore.ids import new_id
from fhirstore.settings import Settings
from fhirstore.store import open_store


def create_app(settings: Settings | None = None, clock: Clock = now, new_id: Callable[[], str] = new_id) -> FastAPI:
    """The server as an ASGI application; the database is opened when it starts."""
    settings = settings or Settings()
    store = open_store(settings.database)
    bearers = Bearers(store, clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await store.open()
        yield
        await store.close()

    app = FastAPI(title="fhirstore", version=__version__, lifespan=lifespan, redoc_url=None)
    app.state.store, app.state.clock, app.state.bearers = store, clock, bearers
    parts = FhirParts(store, bearers, clock, new_id, settings.base_url, settings.resource_bytes)
    for prefix in PREFIXES:
        app.router.routes.insert(0, FhirRoute(prefix, parts))
    for router in (oauth.router, users_oneup.router, health.router):
        app.include_router(router)
    add_failure_handlers(app)
    app.add_middleware(RequestLog)
    return app
