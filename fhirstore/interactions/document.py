"""Composition/$document: a composition and all that it refers to, as one Bundle.

http://hl7.org/fhir/DSTU2/composition-operations.html#document
"""

from __future__ import annotations

from msgspec import structs

from fhirstore.clock import instant
from fhirstore.dstu2.json_format import own_meta, read, reread
from fhirstore.dstu2.rewriting import parse_literal, references
from fhirstore.errors import Gone, NotFound
from fhirstore.interactions.bundles import document_bundle
from fhirstore.interactions.create import create
from fhirstore.interactions.incoming import Incoming
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.simple_parameters import asked_of
from fhirstore.store.contract import Version

_LIMIT = 1000


async def document(request: Request, context: Context) -> Reply:
    """The document; with `persist=true` it is also stored. What a reference does not lead to is left out."""
    composition = await context.resources.current(request.type, request.id)
    if composition is None:
        raise NotFound(f"There is no {request.type} with this id.")
    if composition.deleted:
        raise Gone(f"This {request.type} was deleted.")
    id, now = context.new_id(), context.clock()
    body = document_bundle([composition, *await _referred_to(composition, context)], context.base)
    parsed, text = read(body)
    incoming = Incoming(parsed, own_meta(parsed), text)
    if dict(asked_of(request)).get("persist") != "true":
        return Reply(200, incoming.content.stamp(id, 1, instant(now)))
    write = create(structs.replace(request, type="Bundle", id=id, incoming=incoming), context)
    written = await context.resources.change(write.change)
    assert written is not None
    return structs.replace(write.reply(written), status=200)


async def _referred_to(composition: Version, context: Context) -> list[Version]:
    """Everything that is reached from a composition, nearest first, each once."""
    found: dict[tuple[str, str], Version] = {(composition.type, composition.id): composition}
    reached = [composition]
    while reached and len(found) < _LIMIT:
        wanted = dict.fromkeys(key for version in reached for key in _targets(version, context) if key not in found)
        reached = [version for version in await context.resources.current_all(list(wanted)) if not version.deleted]
        found |= {(version.type, version.id): version for version in reached}
    return list(found.values())[1:_LIMIT]


def _targets(version: Version, context: Context) -> list[tuple[str, str]]:
    literals = (parse_literal(text.removeprefix(f"{context.base}/")) for text in references(reread(version.body)))
    return [(literal.type, literal.id) for literal in literals if literal is not None and not literal.base]
