"""Is the server alive, and can it reach its database?"""

from __future__ import annotations

from fastapi import APIRouter

from fhirstore.api.dependencies import StoreOf

router = APIRouter(prefix="/health", tags=["Health"])


@router.get("", summary="The process is alive")
async def live() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/ready", summary="The database can be reached; 503 otherwise")
async def ready(store: StoreOf) -> dict[str, str]:
    await store.ping()
    return {"status": "ok"}
