"""create: http://hl7.org/fhir/DSTU2/http.html#create."""

from __future__ import annotations

from fhirstore.clock import instant
from fhirstore.interactions.incoming import accept
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.store.contract import Change, Version


async def create(request: Request, context: Context) -> Reply:
    """Store a new resource under an id of the server's choice; an id in the body is ignored."""
    incoming = accept(request)
    now, id = context.clock(), context.new_id()
    first = Version(request.type, id, 1, now, "POST", incoming.content.stamp(id, 1, instant(now)))
    written = await context.resources.change(Change(request.type, id, lambda current: first, fresh=True))
    assert written is not None
    return Reply(201, written.body, written, location=True)
