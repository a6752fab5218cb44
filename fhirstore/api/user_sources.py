"""The sources of a user's record, for the user's application: what each brought, and one of them taken out."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Request, Response

from fhirstore.api.dependencies import AccountsOf, ClockOf, StoreOf
from fhirstore.api.description import APPLICATION, USER, takes
from fhirstore.api.parameters import Given
from fhirstore.api.users_oneup import Authenticated, boolean, named_user
from fhirstore.auth.tokens import USER_SCOPE
from fhirstore.auth.users import UserInvalid, UserUnknown
from fhirstore.clock import instant
from fhirstore.errors import TooManyRequests
from fhirstore.store.jobs import Job
from fhirstore.store.scope import Scope
from fhirstore.transfer.jobs import JobRunner
from fhirstore.transfer.sources import sources

router = APIRouter(prefix="/user-management/v1/user/source", tags=["User management"])


@router.get("", summary="List the sources of a user's record", openapi_extra=takes(APPLICATION, USER))
async def find(parameters: Given, application: Authenticated, accounts: AccountsOf, store: StoreOf) -> dict[str, Any]:
    user = await named_user(accounts, application, parameters)
    found = await sources(store.within(Scope(user.id)))
    return {
        "success": True,
        "entry": [
            {
                "source": each.source,
                "total": sum(each.counts.values()),
                "types": dict(sorted(each.counts.items())),
                "first_arrival": instant(each.first),
                "last_arrival": instant(each.last),
            }
            for each in found
        ],
        "total": len(found),
    }


@router.delete(
    "",
    status_code=202,
    summary="Take out what one source brought; with erase=true, its history too",
    openapi_extra=takes(APPLICATION, USER, source="The URI of the source.", erase="true erases all versions too."),
)
async def remove(
    request: Request,
    response: Response,
    parameters: Given,
    application: Authenticated,
    accounts: AccountsOf,
    store: StoreOf,
    clock: ClockOf,
) -> dict[str, Any]:
    user, source = await named_user(accounts, application, parameters), parameters.get("source", "")
    if not source:
        raise UserInvalid("source is required")
    if await store.jobs.count_open(application.client_id) >= request.app.state.open_jobs:
        raise TooManyRequests("Too Many Requests", headers={"Retry-After": "10"})
    asked = {"scope": USER_SCOPE, "patient": None, "source": source, "erase": boolean(parameters, "erase") is True}
    now = clock()
    job = Job(secrets.token_hex(16), user.id, application.client_id, "removal", now, asked, updated=now)
    await store.jobs.add(job)
    runner: JobRunner = request.app.state.runner
    runner.wake()
    response.headers["content-location"] = f"{router.prefix}/removal?job={job.id}"
    return _shown(job)


@router.get(
    "/removal",
    summary="How far the removal of a source came",
    openapi_extra=takes(APPLICATION, job="As the answer to the removal named it."),
)
async def status(parameters: Given, application: Authenticated, store: StoreOf) -> dict[str, Any]:
    job = await store.jobs.job(parameters.get("job", ""))
    if job is None or job.kind != "removal" or job.client_id != application.client_id:
        raise UserUnknown("this removal does not exist")
    return _shown(job)


def _shown(job: Job) -> dict[str, Any]:
    told = job.result or job.progress
    return {
        "success": True,
        "job": job.id,
        "state": job.state,
        "oneup_user_id": job.owner,
        "source": job.parameters["source"],
        "removed": told.get("counts", {}),
        "erased_versions": told.get("erased", 0),
    }
