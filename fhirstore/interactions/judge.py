"""$judge (ours): say of two resources that they state the same, or that they do not; remembered until it is deleted.

What is said is a Basic of the user's own, found and deleted as every resource is. It is said of what the caller can
read; what is not there and what is somebody else's are refused in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import structs

from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.json_format import parse, reread
from fhirstore.errors import BadRequest, Issue, Unprocessable
from fhirstore.interactions.incoming import accept_document
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.update import update
from fhirstore.store.contract import Version
from fhirstore.unified.judgements import CODES, SYSTEM, Pair, basic, pair
from fhirstore.unified.kinds.kind import subject_of
from fhirstore.unified.reading import parts, reference, text


async def judge(request: Request, context: Context) -> Reply:
    """The Basic that remembers it: 201, or 200 where the two had been judged before.

    Raises BadRequest for a body that is no judgement, Unprocessable where one of the two is not there.
    """
    code, judged = _given(parse(request.body) if request.body else {})
    found = await _found(judged, context)
    # An id that follows from the two: whoever judges them again, in whatever order, changes what was said.
    id = str(uuid5(NAMESPACE_URL, f"{SYSTEM} {' '.join(judged)}"))
    document = {**basic(code, judged, _subject(judged, found)), "id": id}
    incoming = accept_document("Basic", id, document, context.level)
    write = update(structs.replace(request, type="Basic", id=id, incoming=incoming), context)
    written = await context.resources.change(write.change)
    assert written is not None
    return write.reply(written)


def _given(document: Mapping[str, Any]) -> tuple[str, Pair]:
    given = list(parts(document, "parameter"))
    codes = [text(each, "valueCode") or text(each, "valueString") for each in given if each.get("name") == "judgement"]
    judged = [reference(each, "valueReference") for each in given if each.get("name") == "resource"]
    if len(codes) != 1 or codes[0] not in CODES:
        raise _unfit(f"A parameter `judgement` is needed: {' or '.join(CODES)}.")
    types = {each.partition("/")[0] for each in judged}
    if len(judged) != 2 or judged[0] == judged[1] or len(types) != 1 or not all(map(is_resource_type, types)):
        raise _unfit("Two parameters `resource` are needed, references to two resources of one type.")
    return codes[0], pair(*judged)


def _unfit(reason: str) -> BadRequest:
    return BadRequest(reason, [Issue("error", "required", reason, "Parameters.parameter")])


async def _found(judged: Pair, context: Context) -> Sequence[Version]:
    """The two resources, in their order."""
    keys = [(type_, id) for type_, _, id in (each.partition("/") for each in judged)]
    found = {(version.type, version.id): version for version in await context.resources.current_all(keys)}
    if any(key not in found or found[key].deleted for key in keys):
        reason = f"There is no {keys[0][0]} of one of these ids."
        raise Unprocessable(reason, [Issue("error", "not-found", reason, "Parameters.parameter")])
    return [found[key] for key in keys]


def _subject(judged: Pair, found: Sequence[Version]) -> str:
    """The Patient that the two are about, so that what is said of them belongs to the same compartment."""
    if judged[0].startswith("Patient/"):
        return judged[0]
    return next(filter(None, (subject_of(reread(version.body)) for version in found)), "")
