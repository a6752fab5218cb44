"""accesses: who did what to a record, newest first, in pages of any record; for the pages that people read.

`perform(ACCESSES, …)` carries it out. A search for AuditEvents may ask for any of them in any order and looks at all;
this looks at as many as it shows.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from fhirstore.errors import BadRequest
from fhirstore.ids import is_own
from fhirstore.interactions.audit_event import audit_event, event_of
from fhirstore.interactions.own_trail import OwnTrail
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction
from fhirstore.store.contract import HistoryPlace, HistoryQuery
from fhirstore.store.trail import Event, TrailQuery, moment_of

ACCESSES_SHOWN = 100
_STEP = 200


async def accesses(request: Request, context: Context) -> Reply:
    """A JSON list of AuditEvents, a hundred or fewer at the end; `after` is the id of the last one on the page before.

    Raises BadRequest for an `after` that is no id of an event.
    """
    after = dict(request.query).get("after", "")
    if after and not is_own(after):
        raise BadRequest("after needs the id of an event.")
    assert context.own_trail is not None
    trail = context.own_trail()
    await trail.flush()
    noted = await trail.trail.events(TrailQuery(trail.owner, after=after or None, count=ACCESSES_SHOWN))
    events = await _writes(trail, after) | {event.id: event for event in noted}
    newest = sorted(events, reverse=True)[:ACCESSES_SHOWN]
    return Reply(200, msgspec.json.encode([audit_event(events[id]) for id in newest]))


ACCESSES = Interaction("search-type", "GET", "AuditEvent/accesses", "read", accesses)


async def _writes(trail: OwnTrail, after: str) -> dict[str, Event]:
    """The newest writes before an event, enough for a page, and all of the moment at which it ends: within a moment
    versions are in another order than events."""
    found: dict[str, Event] = {}
    query = HistoryQuery(before=moment_of(after) + 1 if after else None, count=_STEP, total=False)
    while True:
        page = await trail.versions.history(query)
        told = (event_of(version, trail.owner) for version in page.versions)
        found |= {event.id: event for event in told if event is not None and (not after or event.id < after)}
        if not page.more:
            return found
        last = page.versions[-1]
        if len(found) >= ACCESSES_SHOWN and last.updated < moment_of(sorted(found, reverse=True)[ACCESSES_SHOWN - 1]):
            return found
        query = replace(query, after=HistoryPlace(last.updated, last.type, last.id, last.number))
