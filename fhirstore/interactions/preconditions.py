"""If-Match and If-None-Match on writes: http://hl7.org/fhir/DSTU2/http.html#concurrency."""

from __future__ import annotations

from fhirstore.errors import BadRequest, Conflict, PreconditionFailed
from fhirstore.interactions.request import Request
from fhirstore.store.contract import Version


def etags(header: str) -> list[str]:
    """The version ids in a list of entity tags; weak or strong, and bare ones as some clients send them."""
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")]
    if not all(tags):
        raise BadRequest('An entity tag looks like W/"3".')
    return tags


def check_preconditions(request: Request, current: Version | None) -> None:
    """Raises Conflict where If-Match names another version, PreconditionFailed where there is nothing to match."""
    exists = current is not None and not current.deleted
    if request.if_match is not None:
        wanted = etags(request.if_match)
        if not exists:
            raise PreconditionFailed("If-Match was sent, but the resource does not exist.")
        if current is not None and "*" not in wanted and str(current.number) not in wanted:
            raise Conflict("The resource has changed: If-Match does not name its current version.")
    if request.if_none_match is not None and exists and current is not None:
        unwanted = etags(request.if_none_match)
        if "*" in unwanted or str(current.number) in unwanted:
            raise PreconditionFailed("If-None-Match was sent, and the resource exists.")
