"""history: http://hl7.org/fhir/DSTU2/http.html#history."""

from __future__ import annotations

from fhirstore.errors import NotFound
from fhirstore.interactions.bundles import history_bundle
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.store.contract import HistoryQuery


async def history_instance(request: Request, context: Context) -> Reply:
    """All versions of one resource, newest first. Raises NotFound where there never was one."""
    page = await context.resources.history(HistoryQuery(request.type, request.id, count=1000))
    if page.total == 0:
        raise NotFound(f"There is no {request.type} with this id.")
    address = f"{context.base}/{request.type}/{request.id}/_history"
    return Reply(200, history_bundle(page, context.base, address))
