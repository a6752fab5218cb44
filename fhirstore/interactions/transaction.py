"""transaction: all entries or none. http://hl7.org/fhir/DSTU2/http.html#transaction

Entries refer to one another by fullUrl. New resources get their ids first; then every reference, uri and narrative
link that names an entry is rewritten; then DELETE, POST and PUT are carried out, and the GETs read what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from fhirstore.dstu2.rewriting import Kind, Rewrite, parse_literal, rewrite
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.bundles import bundle, response_entry
from fhirstore.interactions.entries import Entry, bundle_entries, placed, read_entry
from fhirstore.interactions.incoming import rewritten
from fhirstore.interactions.perform import authorize, perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context
from fhirstore.store.contract import Resources

_TEMPORARY = ("urn:uuid:", "urn:oid:")


async def transaction(document: Mapping[str, Any], context: Context) -> Reply:
    """Carry out all entries, or raise the first entry's failure with nothing done; entries answer in their places."""
    entries = _read(bundle_entries(document, context), context)
    identified = [_with_id(entry, context) for entry in entries]
    _refuse_overlaps(identified)
    ready = _with_references(identified)

    async def work(inside: Resources) -> list[bytes]:
        return await _carry_out(ready, replace(context, resources=inside))

    return Reply(200, bundle("transaction-response", await context.resources.transact(work)))


def _read(raw: Sequence[Any], context: Context) -> list[Entry]:
    """All entries, each allowed to the caller. Raises with the issues of every entry that cannot be taken."""
    entries: list[Entry] = []
    failures: list[Failure] = []
    for position, entry in enumerate(raw):
        try:
            entries.append(read_entry(position, entry, context))
            authorize(entries[-1].interaction, entries[-1].request, context)
        except Failure as failure:
            failures.append(failure)
    if failures:
        issues = [issue for failure in failures for issue in failure.issues]
        raise type(failures[0])(failures[0].reason, issues, failures[0].headers)
    return entries


def _with_id(entry: Entry, context: Context) -> Entry:
    if entry.interaction.code != "create":
        return entry
    return replace(entry, request=replace(entry.request, id=context.new_id()))


def _refuse_overlaps(entries: Sequence[Entry]) -> None:
    """Two entries that write one resource have no order that the client could rely on."""
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if entry.method == "GET":
            continue
        other = seen.setdefault((entry.request.type, entry.request.id), entry)
        if other is not entry:
            reason = f"Entries {other.position} and {entry.position} are about the same resource."
            raise BadRequest(reason, [Issue("error", "duplicate", reason, found.path) for found in (other, entry)])


def _with_references(entries: Sequence[Entry]) -> list[Entry]:
    addresses = _addresses(entries)

    def replaced(kind: Kind, text: str) -> str:
        address, mark, fragment = text.partition("#")
        if kind == "uri" and not address.startswith(_TEMPORARY):
            return text
        return addresses[address] + mark + fragment if address in addresses else text

    return [_with_rewritten(entry, replaced) for entry in entries]


def _addresses(entries: Sequence[Entry]) -> dict[str, str]:
    """What each written entry may be called by the others → the reference to where it will rest."""
    addresses: dict[str, str] = {}
    for entry in entries:
        incoming = entry.request.incoming
        if incoming is None:
            continue
        reference = f"{entry.request.type}/{entry.request.id}"
        if entry.full_url:
            addresses[entry.full_url] = reference
            literal = parse_literal(entry.full_url)
            if literal is not None:
                addresses.setdefault(f"{literal.type}/{literal.id}", reference)
        own_id = incoming.document.get("id")
        if isinstance(own_id, str):
            addresses.setdefault(f"{entry.request.type}/{own_id}", reference)
    return addresses


def _with_rewritten(entry: Entry, replaced: Rewrite) -> Entry:
    incoming = entry.request.incoming
    if incoming is None:
        return entry
    document = rewrite(incoming.document, replaced)
    return replace(entry, request=replace(entry.request, incoming=rewritten(incoming, document)))


async def _carry_out(entries: Sequence[Entry], context: Context) -> list[bytes]:
    answers: list[bytes] = [b""] * len(entries)
    ordered = sorted(entries, key=lambda entry: entry.order)
    writes = [
        (entry, entry.interaction.write(entry.request, context))
        for entry in ordered
        if entry.interaction.write is not None
    ]
    written = await context.resources.change_all([write.change for _, write in writes])
    for (entry, write), version in zip(writes, written, strict=True):
        assert version is not None
        answers[entry.position] = response_entry(write.reply(version), context.base, entry.method)
    for entry in ordered:
        if entry.interaction.run is not None:
            answers[entry.position] = await _read_one(entry, context)
    return answers


async def _read_one(entry: Entry, context: Context) -> bytes:
    try:
        reply = await perform(entry.interaction, entry.request, context)
    except Failure as failure:
        raise placed(failure, entry.path) from failure
    return response_entry(reply, context.base, entry.method)
