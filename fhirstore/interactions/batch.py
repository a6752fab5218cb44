"""batch: each entry on its own, through the same doorway as a single request.

http://hl7.org/fhir/DSTU2/http.html#transaction
"""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Mapping, Sequence

from fhirstore.dstu2.bundle_parts import Bundle
from fhirstore.dstu2.rewriting import parse_literal
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.bundles import bundle as bundle_of
from fhirstore.interactions.bundles import failure_entry, response_entry
from fhirstore.interactions.entries import TOGETHER, Entry, bundle_parts, names_of, placed, read_entry
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context


async def batch(bundle: Bundle, context: Context, *, minimal: bool = False) -> Reply:
    """Answer each entry in its place; one that fails does no harm to the others."""
    parts = bundle_parts(bundle, context)
    names = names_of(parts)
    answers: list[bytes] = [b""] * len(parts)
    entries: list[Entry] = []
    for position, part in enumerate(parts):
        if position % TOGETHER == TOGETHER - 1:
            await sleep(0)
        document = bundle.resource(position)
        try:
            entries.append(read_entry(position, part, document, names, context))
        except Failure as failure:
            answers[position] = failure_entry(failure)
    created = {name: entry for entry in entries for name in _names(entry)}
    for entry in sorted(entries, key=lambda entry: entry.order):
        try:
            await _refuse_dependence(entry, created, context)
            reply = await perform(entry.interaction, entry.request, context)
        except Failure as failure:
            answers[entry.position] = failure_entry(placed(failure, entry.path))
        else:
            answers[entry.position] = response_entry(reply, context.base, minimal=minimal)
    return Reply(200, bundle_of("batch-response", answers))


def _names(entry: Entry) -> Sequence[str]:
    """By what the other entries may mean the resource that an entry creates, whose id the server will choose."""
    if entry.interaction.code != "create":
        return ()
    return [name for name in (entry.full_url, entry.own_name) if name]


async def _refuse_dependence(entry: Entry, created: Mapping[str, Entry], context: Context) -> None:
    """In a batch nothing is rewritten: a reference to what another entry creates would lead nowhere."""
    for text in entry.references:
        other = created.get(text)
        if other is None or other is entry:
            continue
        literal = parse_literal(text)
        if literal is None or literal.base or await context.resources.current(literal.type, literal.id) is None:
            reason = f"In a batch, entry {entry.position} must not refer to what entry {other.position} creates."
            raise BadRequest(reason, [Issue("error", "business-rule", reason)])
