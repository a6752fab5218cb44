"""Is the server alive, and can it reach its database?"""

from __future__ import annotations

from fastapi import APIRouter

from fhirstore.api.dependencies import StoreOf

router = APIRouter(prefix="/health", tags=["Health"])


@router.head("", include_in_schema=False)
@router.get("", summary="The process is alive")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.head("/ready", include_in_schema=False)
@router.get("/ready", summary="The database can be reached; 503 otherwise")
async def ready(store: StoreOf) -> dict[str, str]:
    await store.ping()
    return {"status": "ok"}
