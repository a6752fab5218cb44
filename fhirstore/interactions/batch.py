"""batch: each entry on its own, through the same doorway as a single request.

Entries that cannot see one another are carried out at once, so that they share commits and round trips as requests of
different clients do. http://hl7.org/fhir/DSTU2/http.html#transaction
"""

from __future__ import annotations

from asyncio import gather, sleep
from collections.abc import Iterator, Mapping, Sequence

from fhirstore.dstu2.bundle_parts import Bundle
from fhirstore.dstu2.rewriting import parse_literal
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.bundles import bundle as bundle_of
from fhirstore.interactions.bundles import failure_entry, response_entry
from fhirstore.interactions.entries import TOGETHER, Entry, bundle_parts, names_of, placed, read_entry
from fhirstore.interactions.perform import perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context

Created = Mapping[str, Entry]
"""The entries that create something, by what others may call it."""


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
    for together in _rounds(sorted(entries, key=lambda entry: entry.order), created, context):
        performed = (_perform(entry, created, context.apart()) for entry in together)
        # All come to their end, whatever becomes of the others.
        for entry, outcome in zip(together, await gather(*performed, return_exceptions=True), strict=True):
            if isinstance(outcome, Failure):
                answers[entry.position] = failure_entry(placed(outcome, entry.path))
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                answers[entry.position] = response_entry(outcome, context.base, minimal=minimal)
    return Reply(200, bundle_of("batch-response", answers))


def _rounds(entries: Sequence[Entry], created: Created, context: Context) -> Iterator[Sequence[Entry]]:
    """The entries in their order, and those together that follow one another and cannot see one another: what only
    reads, or what writes different resources."""
    together: list[Entry] = []
    written: set[tuple[str, str]] = set()
    last = "alone"
    for entry in entries:
        sort, key = _sort(entry, created, context), (entry.request.type, entry.request.id)
        if together and (sort == "alone" or sort != last or key in written or len(together) == TOGETHER):
            yield together
            together, written = [], set()
        together.append(entry)
        last = sort
        if sort == "writes" and entry.request.id:
            written.add(key)
    if together:
        yield together


def _sort(entry: Entry, created: Created, context: Context) -> str:
    """Whether an entry is one that reads, one that writes a resource of its own, or one that may see others."""
    if entry.by_criteria or entry.interaction.code.startswith("$") or any(_leads(entry, created)):
        return "alone"
    if entry.interaction.write is None:
        return "reads"
    # With it a deletion looks at what others wrote.
    return "alone" if context.limits.referential_integrity else "writes"


async def _perform(entry: Entry, created: Created, context: Context) -> Reply:
    for text, other in _leads(entry, created):
        await _refuse_dependence(text, entry, other, context)
    return await perform(entry.interaction, entry.request, context)


def _names(entry: Entry) -> Sequence[str]:
    """By what the other entries may mean the resource that an entry creates, whose id the server will choose."""
    if entry.interaction.code != "create":
        return ()
    return [name for name in (entry.full_url, entry.own_name) if name]


def _leads(entry: Entry, created: Created) -> Iterator[tuple[str, Entry]]:
    """The references of an entry that another one's new resource may be meant by."""
    for text in entry.references:
        other = created.get(text)
        if other is not None and other is not entry:
            yield text, other


async def _refuse_dependence(text: str, entry: Entry, other: Entry, context: Context) -> None:
    """In a batch nothing is rewritten: a reference to what another entry creates would lead nowhere."""
    literal = parse_literal(text)
    if literal is None or literal.base or await context.resources.current(literal.type, literal.id) is None:
        reason = f"In a batch, entry {entry.position} must not refer to what entry {other.position} creates."
        raise BadRequest(reason, [Issue("error", "business-rule", reason)])
