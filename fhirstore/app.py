"""The application: assembled here, and nothing else."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from fhirstore import __version__
from fhirstore.api import (
    erasure,
    granted,
    health,
    oauth,
    oauth_metadata,
    profile_validic,
    sign_in_links,
    user_sources,
    users_oneup,
    users_validic,
    validic,
)
from fhirstore.api.application import Application
from fhirstore.api.compression import Compression
from fhirstore.api.failures import add_failure_handlers
from fhirstore.api.fhir import PREFIXES, FhirParts
from fhirstore.api.management_trail import ManagementTrail
from fhirstore.api.middleware import RequestLog
from fhirstore.api.proxies import TrustedProxies
from fhirstore.api.transfers import Transfers
from fhirstore.api.where_sent import WhereSent
from fhirstore.auth.allowances import Allowances
from fhirstore.auth.back_office import BackOffice
from fhirstore.auth.credentials import Credentials
from fhirstore.auth.developers import Passwords
from fhirstore.auth.id_tokens import Signer
from fhirstore.auth.throttle import Throttle
from fhirstore.auth.tokens import Bearers
from fhirstore.auth.usage import Usage
from fhirstore.clock import Clock, now
from fhirstore.ids import new_id
from fhirstore.settings import Settings
from fhirstore.store import open_store
from fhirstore.store.contract import Store
from fhirstore.store.housekeeping import keep_house
from fhirstore.store.trail_buffer import TrailBuffer
from fhirstore.transfer.jobs import JobRules, JobRunner
from fhirstore.web import authorize, console, front, granted_apps, health_history, launch, sign_in_link
from fhirstore.wiring import make_doorway

# Spans and records would carry addresses with tokens, and the texts of exceptions, out of this process.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


_ALLOWANCE = ("Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_EXPOSED = ("ETag", "Location", "Content-Location", "Last-Modified", "X-Progress", "X-Request-Id", *_ALLOWANCE)


def create_worker() -> FastAPI:
    """The application of a server process, which lives as long as the process."""
    app = create_app()
    # What is there now stays, so the garbage collector need not look through it again and again; and it looks less
    # often for circles among what a request makes, which hardly has any.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    return app


def create_app(settings: Settings | None = None, clock: Clock = now, new_id: Callable[[], str] = new_id) -> FastAPI:
    """The server as an ASGI application; the database is opened when it starts."""
    settings = settings or Settings()
    store = open_store(
        settings.database, gathered_reads=settings.gathered_reads, gathered_creates=settings.gathered_creates
    )
    trail, usage = TrailBuffer(store), Usage(store, clock)
    doorway = make_doorway(settings, store, clock, new_id, trail)
    job_rules = JobRules(settings.resource_bytes, settings.import_bytes, settings.open_jobs)
    runner = JobRunner(doorway, job_rules)

    bearers, credentials = Bearers(store, clock), Credentials(store, clock, settings.credential_failures)
    parts = FhirParts(
        doorway,
        bearers,
        BackOffice(store, credentials),
        settings.base_url,
        settings.resource_bytes,
        settings.bundle_bytes,
        Transfers(doorway, runner, job_rules),
    )
    app = Application(
        parts,
        _around(settings, usage),
        [Middleware(ManagementTrail, note=trail.note, clock=clock, extent=settings.audit)],
        title="fhirstore",
        version=__version__,
        lifespan=lambda _: _running(settings, store, clock, runner, usage, trail),
        # `web.front` describes the API by a page of ours: FastAPI's own pages run what other servers send.
        docs_url=None,
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
    )
    state = app.state
    state.store, state.clock, state.doorway, state.trail, state.usage = store, clock, doorway, trail, usage
    state.base_url, state.fhir_prefixes, state.sign_up = settings.base_url, PREFIXES, settings.sign_up
    state.runner, state.open_jobs = runner, settings.open_jobs
    state.bearers, state.credentials, state.signer = bearers, credentials, Signer(store)
    state.allowances = Allowances(store, clock, settings.management_calls_per_hour)
    state.throttle = Throttle(store, clock, settings.credential_failures)
    state.passwords = Passwords(store, state.throttle)
    faces = (users_oneup, erasure, user_sources, sign_in_links, granted, profile_validic, users_validic, validic)
    pages = (front, authorize, console, granted_apps, health_history, launch, sign_in_link)
    for part in (oauth_metadata, oauth, *faces, health, *pages):
        app.include_router(part.router)
    add_failure_handlers(app)
    return app


@asynccontextmanager
async def _running(
    settings: Settings, store: Store, clock: Clock, runner: JobRunner, usage: Usage, trail: TrailBuffer
) -> AsyncIterator[None]:
    """While the server serves: the database is open, jobs go on, and the house is kept."""
    await store.open()
    working = [
        asyncio.create_task(runner.run()),
        asyncio.create_task(keep_house(store, clock, settings.audit_days)),
    ]
    yield
    for task in working:
        task.cancel()
    await asyncio.wait(working)
    await usage.close()
    await trail.close()
    await store.close()


def _around(settings: Settings, usage: Usage) -> list[Middleware]:
    """What every request goes through, the outermost first."""
    cors = partial(
        CORSMiddleware,
        allow_origins=_listed(settings.cors_origins),
        allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=600,
    )
    return [
        Middleware(TrustedProxies, trusted=_listed(settings.trusted_proxies)),
        Middleware(RequestLog, count=usage.note),
        Middleware(WhereSent, b"origin", cors),
        Middleware(Compression),
    ]


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
