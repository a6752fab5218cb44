"""same: what other sources say of the fact that one resource states; for the pages that people read.

`perform(SAME, …)` carries it out. Like `$unified` it is worked out from the record each time, here of one type alone.
"""

from __future__ import annotations

import msgspec

from fhirstore.errors import NotFound
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction
from fhirstore.interactions.unified_record import Shown, kinds, open_record, shown


async def same(request: Request, context: Context) -> Reply:
    """JSON: `members`, each with its resource and the reason why it states the same, the one asked for first; and the
    names of the `elements` in which they differ. Raises NotFound for a resource that is not there."""
    asked = f"{request.type}/{request.id}"
    version = await context.resources.current(request.type, request.id)
    if version is None or version.deleted:
        raise NotFound(f"There is no {request.type} with this id.")
    found = await _fact_of(asked, context) if request.type in kinds() else None
    if found is None:
        return _reply([(version.body, "")], [])
    reasons = {member.fact.reference: member.reason for member in found.fact.members}
    first, *others = sorted(found.versions, key=lambda reference: reference != asked)
    told = [(found.versions[each].body, reasons.get(each, "")) for each in others]
    return _reply([(found.versions[first].body, ""), *told], [each.element for each in found.conflicts])


SAME = Interaction("$unified", "GET", "{type}/{id}/same", "read", same, narrows=True)


async def _fact_of(reference: str, context: Context) -> Shown | None:
    reading = await open_record(context.resources)
    async for facts in reading.facts([reference.partition("/")[0]]):
        for fact in facts:
            if any(member.fact.reference == reference for member in fact.members):
                return next(iter(await shown(context.resources, [fact])), None)
    return None


def _reply(members: list[tuple[bytes, str]], elements: list[str]) -> Reply:
    told = [{"resource": msgspec.Raw(body), "reason": reason} for body, reason in members]
    return Reply(200, msgspec.json.encode({"members": told, "elements": elements}))
