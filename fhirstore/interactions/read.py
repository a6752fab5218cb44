"""read and vread: http://hl7.org/fhir/DSTU2/http.html#read, #vread."""

from __future__ import annotations

from fhirstore.clock import parse_http_date
from fhirstore.errors import Gone, NotFound
from fhirstore.interactions.part import part
from fhirstore.interactions.preconditions import etags
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.store.contract import Version


async def read(request: Request, context: Context) -> Reply:
    """The current version; 304 where the client already has it. Raises NotFound, and Gone for a deleted one."""
    version = await context.resources.current(request.type, request.id)
    if version is None:
        raise NotFound(f"There is no {request.type} with this id.")
    return _served(request, version)


async def vread(request: Request, context: Context) -> Reply:
    """One version, current or older. Raises NotFound, and Gone for a version that is a deletion."""
    version = await context.resources.version(request.type, request.id, request.number)
    if version is None:
        raise NotFound(f"There is no {request.type} with this id and version.")
    return _served(request, version)


def _served(request: Request, version: Version) -> Reply:
    if version.deleted:
        raise Gone(f"This {version.type} was deleted.")
    if _unchanged(request, version):
        return Reply(304, version=version)
    return Reply(200, part(version.body, dict(request.query)) if request.query else version.body, version)


def _unchanged(request: Request, version: Version) -> bool:
    """RFC 9110 §13.2.2: If-None-Match decides where it is sent, If-Modified-Since otherwise."""
    if request.if_none_match is not None:
        return bool({"*", str(version.number)} & set(etags(request.if_none_match)))
    if request.if_modified_since is not None:
        since = parse_http_date(request.if_modified_since)
        return since is not None and version.updated // 1000 <= since // 1000
    return False
