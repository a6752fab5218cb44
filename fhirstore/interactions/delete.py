"""delete: http://hl7.org/fhir/DSTU2/http.html#delete."""

from __future__ import annotations

from fhirstore.errors import NotFound
from fhirstore.interactions.preconditions import check_preconditions
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.write import Write
from fhirstore.store.contract import Change, Version


def delete(request: Request, context: Context) -> Write:
    """End a resource: its history stays. Deleting again changes nothing. Raises NotFound where there never was one."""

    def decide(current: Version | None) -> Version | None:
        if current is None:
            raise NotFound(f"There is no {request.type} with this id.")
        check_preconditions(request, current)
        if current.deleted:
            return None
        now = max(context.clock(), current.updated)
        return Version(request.type, request.id, current.number + 1, now, "DELETE", b"")

    return Write(Change(request.type, request.id, decide), lambda written: Reply(204, version=written))
