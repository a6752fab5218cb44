"""update, which creates where the id is not yet taken: http://hl7.org/fhir/DSTU2/http.html#update."""

from __future__ import annotations

from fhirstore.clock import instant
from fhirstore.dstu2.json_format import Content, content, parse
from fhirstore.errors import NotFound
from fhirstore.ids import is_own
from fhirstore.interactions.preconditions import check_preconditions
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.write import Write
from fhirstore.store.contract import Change, Version


def update(request: Request, context: Context) -> Write:
    """Store the next version of a resource: 200, or 201 where there was none (or only a deleted one).

    Content equal to the current version's makes no new version. Raises BadRequest, NotFound, Conflict,
    PreconditionFailed.
    """
    assert request.incoming is not None
    incoming = request.incoming.sourced(context.source)
    new, entries = incoming.content, incoming.entries(request.id, context.base)
    created = False

    def decide(current: Version | None) -> Version | None:
        nonlocal created
        if current is None and is_own(request.id):
            # Only the server gives such ids, so this one is another user's or never was. A caller who may pick
            # any other id for a new resource must not come to hold a copy beside somebody else's.
            raise NotFound(f"There is no {request.type} with this id.")
        check_preconditions(request, current)
        created = current is None or current.deleted
        if current is not None and _same(current, new):
            return None
        number = current.number + 1 if current else 1
        # Clocks of several servers differ; a resource's time must never fall.
        now = max(context.clock(), current.updated if current else 0)
        body = new.stamp(request.id, number, instant(now))
        return Version(request.type, request.id, number, now, "PUT", body, entries)

    return Write(
        Change(request.type, request.id, decide),
        lambda written: Reply(201 if created else 200, written.body, written, location=True),
    )


def _same(current: Version, new: Content) -> bool:
    if current.deleted:
        return False
    return new.same_as(content(current.body, parse(current.body)))
