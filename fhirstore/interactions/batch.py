"""batch: each entry on its own, through the same doorway as a single request.

http://hl7.org/fhir/DSTU2/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fhirstore.dstu2.rewriting import parse_literal
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.bundles import bundle, failure_entry, response_entry
from fhirstore.interactions.entries import Entry, bundle_entries, placed, read_entry
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context


async def batch(document: Mapping[str, Any], context: Context, *, minimal: bool = False) -> Reply:
    """Answer each entry in its place; one that fails does no harm to the others."""
    raw = bundle_entries(document, context)
    answers: list[bytes] = [b""] * len(raw)
    entries: list[Entry] = []
    for position, entry in enumerate(raw):
        try:
            entries.append(read_entry(position, entry, context))
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
    return Reply(200, bundle("batch-response", answers))


def _names(entry: Entry) -> Sequence[str]:
    """By what the other entries may mean the resource that an entry creates, whose id the server will choose."""
    if entry.interaction.code != "create" or entry.request.incoming is None:
        return ()
    own_id = entry.request.incoming.document.get("id")
    return [name for name in (entry.full_url, f"{entry.request.type}/{own_id}" if own_id else "") if name]


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
