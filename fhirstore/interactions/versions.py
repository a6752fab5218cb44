"""versions: the newest versions of one resource, each with who made it; for the pages that people read.

`perform(VERSIONS, …)` carries it out. A history of FHIR's has no place for an author.
"""

from __future__ import annotations

import msgspec

from fhirstore.errors import NotFound
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction
from fhirstore.store.contract import HistoryQuery, Version

VERSIONS_SHOWN = 50


async def versions(request: Request, context: Context) -> Reply:
    """A JSON list, newest first: number, updated (milliseconds), method, client_id, user, and the resource, which a
    deletion has none of. Raises NotFound for a resource that never was."""
    page = await context.resources.history(HistoryQuery(request.type, request.id, count=VERSIONS_SHOWN))
    if not page.versions:
        raise NotFound(f"There is no {request.type} with this id.")
    return Reply(200, msgspec.json.encode([_told(version) for version in page.versions]))


VERSIONS = Interaction("history-instance", "GET", "{type}/{id}/versions", "read", versions)


def _told(version: Version) -> dict[str, object]:
    author = version.author
    return {
        "number": version.number,
        "updated": version.updated,
        "method": version.method,
        "client_id": author.client_id if author else None,
        "user": author.user if author else None,
        "resource": msgspec.Raw(version.body) if version.body else None,
    }
