"""create: http://hl7.org/fhir/DSTU2/http.html#create."""

from __future__ import annotations

from fhirstore.clock import instant
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.write import Write
from fhirstore.store.contract import Change, Version


def create(request: Request, context: Context) -> Write:
    """Store a new resource under an id of the server's choice; an id in the body is ignored.

    Within a transaction the id is chosen before, so that other entries can refer to it: `request.id`.
    """
    assert request.incoming is not None
    incoming = request.incoming.sourced(context.source)
    now, id = context.clock(), request.id or context.new_id()
    body = incoming.content.stamp(id, 1, instant(now))
    first = Version(request.type, id, 1, now, "POST", body, incoming.entries(id, context.base))
    return Write(
        Change(request.type, id, lambda current: first, fresh=True),
        lambda written: Reply(201, written.body, written, location=True),
    )
