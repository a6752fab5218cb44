"""transaction: all entries or none. http://hl7.org/fhir/DSTU2/http.html#transaction

Entries refer to one another by fullUrl. First every entry gets its identity: new resources a new id, conditional ones
what their criteria name. Then every reference, uri and narrative link that names an entry is rewritten; then DELETE,
POST and PUT are carried out, and the GETs read what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.rewriting import Kind, Rewrite, parse_literal, references, rewrite
from fhirstore.errors import BadRequest, Failure, Issue, PreconditionFailed
from fhirstore.interactions.bundles import bundle, response_entry
from fhirstore.interactions.conditional import Settled, existing_reply, lock_of, match_one, settle
from fhirstore.interactions.entries import Entry, bundle_entries, placed, read_entry
from fhirstore.interactions.incoming import rewritten
from fhirstore.interactions.perform import authorize, perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.store.contract import Change, Resources, Version

_TEMPORARY = ("urn:uuid:", "urn:oid:")


@dataclass(frozen=True, slots=True)
class _Identified:
    """An entry that writes, and what it comes to now that its identity is known."""

    entry: Entry
    settled: Settled

    @property
    def key(self) -> tuple[str, str]:
        return self.settled.request.type, self.settled.request.id


async def transaction(document: Mapping[str, Any], context: Context) -> Reply:
    """Carry out all entries, or raise the first entry's failure with nothing done; entries answer in their places."""
    entries = _read(bundle_entries(document, context), context)
    locks = [lock_of(entry.method, entry.request) for entry in entries if _is_conditional(entry)]

    async def work(inside: Resources) -> list[bytes]:
        return await _carry_out(entries, replace(context, resources=inside))

    return Reply(200, bundle("transaction-response", await context.resources.transact(work, locks)))


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


async def _carry_out(entries: Sequence[Entry], context: Context) -> list[bytes]:
    answers: list[bytes] = [b""] * len(entries)
    ordered = sorted(entries, key=lambda entry: entry.order)
    identified = [each for entry in ordered for each in await _identify(entry, context)]
    _refuse_overlaps(identified)
    addresses = _addresses(identified) | await _conditional_references(identified, context)
    await _write(identified, addresses, answers, context)
    for entry in ordered:
        if entry.interaction.run is not None:
            answers[entry.position] = await _read_one(entry, context)
    return answers


def _is_conditional(entry: Entry) -> bool:
    return entry.interaction.conditional or bool(entry.request.if_none_exist)


async def _identify(entry: Entry, context: Context) -> Sequence[_Identified]:
    """The resources that an entry writes: one, several for a conditional delete of many, none for a GET."""
    if _is_conditional(entry):
        try:
            return [_Identified(entry, each) for each in await settle(entry.method, entry.request, context)]
        except Failure as failure:
            raise placed(failure, entry.path) from failure
    if entry.interaction.write is None:
        return []
    request = entry.request if entry.request.id else replace(entry.request, id=context.new_id())
    return [_Identified(entry, Settled(request, entry.interaction.write))]


def _refuse_overlaps(identified: Sequence[_Identified]) -> None:
    """Two entries that write one resource have no order that the client could rely on."""
    seen: dict[tuple[str, str], Entry] = {}
    for each in identified:
        other = seen.setdefault(each.key, each.entry)
        if other is not each.entry:
            first, second = sorted((other, each.entry), key=lambda entry: entry.position)
            reason = f"Entries {first.position} and {second.position} are about the same resource."
            raise BadRequest(reason, [Issue("error", "duplicate", reason, entry.path) for entry in (first, second)])


def _addresses(identified: Sequence[_Identified]) -> dict[str, str]:
    """What each written resource may be called by the others → the reference to where it will rest."""
    addresses: dict[str, str] = {}
    for each in identified:
        incoming = each.settled.request.incoming
        if incoming is None:
            continue
        type, id = each.key
        addresses[each.entry.full_url or f"{type}/{id}"] = f"{type}/{id}"
        literal = parse_literal(each.entry.full_url)
        if literal is not None:
            addresses.setdefault(f"{literal.type}/{literal.id}", f"{type}/{id}")
        own_id = incoming.document.get("id")
        if isinstance(own_id, str):
            addresses.setdefault(f"{type}/{own_id}", f"{type}/{id}")
    return addresses


async def _conditional_references(identified: Sequence[_Identified], context: Context) -> dict[str, str]:
    """`Patient?identifier=…` as a reference → the one resource that it names. Raises PreconditionFailed otherwise."""
    found: dict[str, str] = {}
    for each in identified:
        incoming = each.settled.request.incoming
        for text in references(incoming.document) if incoming else ():
            type, mark, query = text.partition("?")
            if not mark or text in found or not is_resource_type(type):
                continue
            try:
                match = await match_one(type, parse_qsl(query, keep_blank_values=True), context)
                if match is None:
                    raise PreconditionFailed(f"No {type} matches the criteria of a conditional reference.")
            except Failure as failure:
                raise placed(failure, each.entry.path) from failure
            found[text] = f"{type}/{match.id}"
    return found


async def _write(
    identified: Sequence[_Identified], addresses: Mapping[str, str], answers: list[bytes], context: Context
) -> None:
    def replaced(kind: Kind, text: str) -> str:
        address, mark, fragment = text.partition("#")
        if kind == "uri" and not address.startswith(_TEMPORARY):
            return text
        return addresses[address] + mark + fragment if address in addresses else text

    writing = []
    for each in identified:
        if each.settled.write is None:
            answers[each.entry.position] = response_entry(existing_reply(each.settled), context.base, "POST")
        else:
            writing.append((each.entry, each.settled.write(_with_references(each.settled, replaced), context)))
    written = await context.resources.change_all([_placing(entry, write.change) for entry, write in writing])
    for (entry, write), version in zip(writing, written, strict=True):
        assert version is not None
        answers[entry.position] = response_entry(write.reply(version), context.base, entry.method)


def _placing(entry: Entry, change: Change) -> Change:
    """The same change, whose refusal names the entry."""

    def decide(current: Version | None) -> Version | None:
        try:
            return change.decide(current)
        except Failure as failure:
            raise placed(failure, entry.path) from failure

    return replace(change, decide=decide)


def _with_references(settled: Settled, replaced: Rewrite) -> Request:
    incoming = settled.request.incoming
    if incoming is None:
        return settled.request
    return replace(settled.request, incoming=rewritten(incoming, rewrite(incoming.document, replaced)))


async def _read_one(entry: Entry, context: Context) -> bytes:
    try:
        reply = await perform(entry.interaction, entry.request, context)
    except Failure as failure:
        raise placed(failure, entry.path) from failure
    return response_entry(reply, context.base, entry.method)
