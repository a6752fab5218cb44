"""$judge (ours): say of two resources that they state the same, or that they do not; remembered until it is deleted.

What is said is a Basic of the user's own, found and deleted as every resource is. It may be said before its resources
are there, as everything may be that refers to others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from msgspec import structs

from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.json_format import parse, reread
from fhirstore.errors import BadRequest, Issue
from fhirstore.interactions.incoming import accept_document
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.update import update
from fhirstore.unified.judgements import CODES, SYSTEM, Pair, basic, pair
from fhirstore.unified.kinds.kind import subject_of
from fhirstore.unified.reading import parts, reference, text


async def judge(request: Request, context: Context) -> Reply:
    """The Basic that remembers it: 201, or 200 where the two had been judged before. Raises BadRequest."""
    code, judged = _given(parse(request.body) if request.body else {})
    # An id that follows from the two: whoever judges them again, in whatever order, changes what was said.
    id = str(uuid5(NAMESPACE_URL, f"{SYSTEM} {' '.join(judged)}"))
    document = {**basic(code, judged, await _subject(judged, context)), "id": id}
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


async def _subject(judged: Pair, context: Context) -> str:
    """The Patient that the two are about, so that what is said of them belongs to the same compartment."""
    if judged[0].startswith("Patient/"):
        return judged[0]
    for each in judged:
        type_, _, id = each.partition("/")
        version = await context.resources.current(type_, id)
        if version is not None and not version.deleted:
            return subject_of(reread(version.body))
    return ""
