"""same: what other sources say of the fact that one resource states; for the pages that people read.

`perform(SAME, …)` carries it out. Like `$unified` it is worked out from the record, here of one type alone, and of
Observations only from the days around it: of a watch's readings there are very many.
"""

from __future__ import annotations

import msgspec

from fhirstore.dstu2.json_format import reread
from fhirstore.errors import NotFound
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.table import Interaction
from fhirstore.interactions.unified_facts import UnifiedFact
from fhirstore.interactions.unified_record import kinds, open_record, shown
from fhirstore.search.moments import WHEN, moment
from fhirstore.search.plan import AnyOf, Filter, InRange, Limit, Not, Plan
from fhirstore.store.contract import Version

_AROUND = 3 * 86_400_000_000
"""No two times that far apart are one, whatever their zones and clocks. Microseconds."""


async def same(request: Request, context: Context) -> Reply:
    """JSON: `members`, each with its resource and the reason why it states the same, the one asked for first; and the
    names of the `elements` in which they differ. Raises NotFound for a resource that is not there."""
    asked = f"{request.type}/{request.id}"
    version = await context.resources.current(request.type, request.id)
    if version is None or version.deleted:
        raise NotFound(f"There is no {request.type} with this id.")
    fact = await _fact_of(version, context) if request.type in kinds() else None
    found = next(iter(await shown(context.resources, [fact] if fact else [])), None)
    if found is None:
        return _reply([(version.body, "")], [])
    reasons = {member.reference: member.reason for member in found.fact.members}
    first, *others = sorted(found.versions, key=lambda reference: reference != asked)
    told = [(found.versions[each].body, reasons.get(each, "")) for each in others]
    return _reply([(found.versions[first].body, ""), *told], [each.element for each in found.conflicts])


SAME = Interaction("$unified", "GET", "{type}/{id}/same", "read", same, narrows=True)


async def _fact_of(version: Version, context: Context) -> UnifiedFact | None:
    reference = f"{version.type}/{version.id}"
    view = await context.view()
    async with view.lock:
        reading = await open_record(context.resources, view)
        near = _near(version) if version.type not in view.facts else None
        if near is not None:
            facts = await reading.facts_near(Plan((version.type,), near))
        else:
            facts = [fact async for each in reading.facts([version.type]) for fact in each]
    return next((fact for fact in facts if any(member.reference == reference for member in fact.members)), None)


def _near(version: Version) -> Filter | None:
    """What took place around the same time, or nobody knows when; None for a type of which there are few."""
    when = moment(version.type, reread(version.body)) if version.type == "Observation" else None
    if when is None:
        return None
    (low, high), _ = when
    around = (Limit("low", "<", high + _AROUND), Limit("high", ">", low - _AROUND))
    return AnyOf((InRange(WHEN, around), Not(InRange(WHEN))))


def _reply(members: list[tuple[bytes, str]], elements: list[str]) -> Reply:
    told = [{"resource": msgspec.Raw(body), "reason": reason} for body, reason in members]
    return Reply(200, msgspec.json.encode({"members": told, "elements": elements}))
