"""batch: each entry on its own, through the same doorway as a single request.

http://hl7.org/fhir/DSTU2/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fhirstore.errors import Failure
from fhirstore.interactions.bundles import bundle, failure_entry, response_entry
from fhirstore.interactions.entries import Entry, bundle_entries, placed, read_entry
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context


async def batch(document: Mapping[str, Any], context: Context) -> Reply:
    """Answer each entry in its place; one that fails does no harm to the others."""
    raw = bundle_entries(document, context)
    answers: list[bytes] = [b""] * len(raw)
    entries: list[Entry] = []
    for position, entry in enumerate(raw):
        try:
            entries.append(read_entry(position, entry, context))
        except Failure as failure:
            answers[position] = failure_entry(failure)
    for entry in _ordered(entries):
        answers[entry.position] = await _answer(entry, context)
    return Reply(200, bundle("batch-response", answers))


def _ordered(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.order)


async def _answer(entry: Entry, context: Context) -> bytes:
    try:
        reply = await perform(entry.interaction, entry.request, context)
    except Failure as failure:
        return failure_entry(placed(failure, entry.path))
    return response_entry(reply, context.base, entry.method)
