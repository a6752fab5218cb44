"""transaction: all entries or none. http://hl7.org/fhir/DSTU2/http.html#transaction

Entries refer to one another by fullUrl. First every entry gets its identity: new resources a new id, conditional ones
what their criteria name. Then every reference, uri and narrative link that names an entry is rewritten; then DELETE,
POST and PUT are carried out, and the GETs read what came of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from msgspec import structs

from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.rewriting import Kind, parse_literal, rewrite
from fhirstore.errors import BadRequest, Failure, Issue, NotFound, PreconditionFailed
from fhirstore.interactions.bundles import bundle, failure_entry, response_entry
from fhirstore.interactions.conditional import Settled, criteria_of, existing_reply, lock_of, match_one, settle
from fhirstore.interactions.create import create
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


async def transaction(document: Mapping[str, Any], context: Context, *, minimal: bool = False) -> Reply:
    """Carry out all entries, or raise the first entry's failure with nothing done; entries answer in their places."""
    entries = _read(bundle_entries(document, context), context)
    _refuse_twins(entries)
    locks = [lock_of(entry.method, entry.request) for entry in entries if entry.by_criteria]

    async def work(inside: Resources) -> list[bytes]:
        return await _carry_out(entries, structs.replace(context, resources=inside), minimal=minimal)

    if all(_writes_blindly(entry) for entry in entries):
        answers = await work(context.resources)  # all at once, by themselves: no snapshot need be held meanwhile
    else:
        answers = await context.resources.transact(work, locks)
    return Reply(200, bundle("transaction-response", answers))


def _writes_blindly(entry: Entry) -> bool:
    """Whether an entry needs nothing read: it writes what has an id, and refers by addresses alone."""
    if entry.interaction.write is None or entry.by_criteria:
        return False
    return not any("?" in text for text in entry.references)


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


async def _carry_out(entries: Sequence[Entry], context: Context, *, minimal: bool) -> list[bytes]:
    answers: dict[int, bytes] = {}
    ordered = sorted(entries, key=lambda entry: entry.order)
    identified: list[_Identified] = []
    for entry in ordered:
        try:
            identified += await _identify(entry, context)
        except NotFound as failure:  # nothing to delete: no reason to undo the rest
            answers[entry.position] = failure_entry(placed(failure, entry.path))
        except Failure as failure:
            raise placed(failure, entry.path) from failure
    _refuse_overlaps(identified)
    addresses = _addresses(identified) | await _conditional_references(identified, context)
    for entry, reply in await _write(identified, addresses, context):
        answers[entry.position] = response_entry(reply, context.base, minimal=minimal)
    await _refuse_several_matches(identified, context)
    for entry in ordered:
        if entry.interaction.run is not None:
            answers[entry.position] = response_entry(await _read_one(entry, context), context.base)
    return [answers[position] for position in range(len(entries))]


async def _identify(entry: Entry, context: Context) -> Sequence[_Identified]:
    """The resources that an entry writes: one, several for a conditional delete of many, none for a GET."""
    if entry.by_criteria:
        return [_Identified(entry, each) for each in await settle(entry.method, entry.request, context)]
    if entry.interaction.write is None:
        return []
    request = entry.request if entry.request.id else structs.replace(entry.request, id=context.new_id())
    return [_Identified(entry, Settled(request, entry.interaction.write))]


def _refuse_twins(entries: Sequence[Entry]) -> None:
    """Two resources of one name, or two that are to be made for the same criteria, cannot be told apart."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.request.incoming is None:
            continue
        names = [entry.full_url or _own_name(entry)]
        if entry.by_criteria:
            names.append(lock_of(entry.method, entry.request))
        for name in filter(None, names):
            _refuse_same(seen.setdefault(name, entry), entry)


def _refuse_overlaps(identified: Sequence[_Identified]) -> None:
    """Two entries that write one resource have no order that the client could rely on."""
    seen: dict[tuple[str, str], Entry] = {}
    for each in identified:
        _refuse_same(seen.setdefault(each.key, each.entry), each.entry)


def _refuse_same(one: Entry, other: Entry) -> None:
    if one is not other:
        first, second = sorted((one, other), key=lambda entry: entry.position)
        reason = f"Entries {first.position} and {second.position} are about the same resource."
        raise BadRequest(reason, [Issue("error", "duplicate", reason, entry.path) for entry in (first, second)])


async def _refuse_several_matches(identified: Sequence[_Identified], context: Context) -> None:
    """What was made because nothing matched must be all that matches, also beside what other entries made."""
    written = Counter(each.key[0] for each in identified if each.settled.write is not None)
    for each in identified:
        entry = each.entry
        if entry.by_criteria and each.settled.write is create and written[each.key[0]] > 1:
            try:
                await match_one(each.key[0], criteria_of(entry.method, entry.request), context)
            except PreconditionFailed as failure:
                reason = "Other entries make resources that match the criteria of this one."
                raise BadRequest(reason, [Issue("error", "duplicate", reason, entry.path)]) from failure


def _addresses(identified: Sequence[_Identified]) -> dict[str, str]:
    """What each written resource may be called by the others → the reference to where it will rest."""
    addresses: dict[str, str] = {}
    for each in identified:
        if each.settled.request.incoming is None:
            continue
        type, id = each.key
        full_url = each.entry.full_url
        addresses[full_url or f"{type}/{id}"] = f"{type}/{id}"
        literal = parse_literal(full_url)
        # A fullUrl that is a bare UUID is no address, but some clients send it, and refer to Patient/[uuid].
        bare = f"{type}/{full_url}" if full_url and ":" not in full_url else ""
        for name in filter(None, (f"{literal.type}/{literal.id}" if literal else bare, _own_name(each.entry))):
            addresses.setdefault(name, f"{type}/{id}")
    return addresses


def _own_name(entry: Entry) -> str:
    """The resource by the id that it has in the Bundle, "" without one."""
    id = entry.request.incoming.document.get("id") if entry.request.incoming else None
    return f"{entry.request.type}/{id}" if isinstance(id, str) else ""


async def _conditional_references(identified: Sequence[_Identified], context: Context) -> dict[str, str]:
    """`Patient?identifier=…` as a reference → the one resource that it names. Raises PreconditionFailed otherwise."""
    found: dict[str, str] = {}
    for each in identified:
        for text in each.entry.references:
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
    identified: Sequence[_Identified], addresses: Mapping[str, str], context: Context
) -> list[tuple[Entry, Reply]]:
    """Write everything at once; answers the reply to each entry."""
    replies = [(each.entry, existing_reply(each.settled)) for each in identified if each.settled.write is None]
    writing = [
        (each.entry, each.settled.write(_with_references(each, addresses), context))
        for each in identified
        if each.settled.write is not None
    ]
    written = await context.resources.change_all([_placing(entry, write.change) for entry, write in writing])
    for (entry, write), version in zip(writing, written, strict=True):
        assert version is not None
        replies.append((entry, write.reply(version)))
    return replies


def _placing(entry: Entry, change: Change) -> Change:
    """The same change, whose refusal tells which entry it came from."""

    def decide(current: Version | None) -> Version | None:
        try:
            return change.decide(current)
        except Failure as failure:
            raise placed(failure, entry.path) from failure

    return structs.replace(change, decide=decide)


def _with_references(each: _Identified, addresses: Mapping[str, str]) -> Request:
    """The request with its resource's references led to where the resources meant will rest."""
    request = each.settled.request
    if request.incoming is None or not each.entry.texts:
        return request
    literal = parse_literal(each.entry.full_url)
    base = literal.base if literal else ""

    def replaced(kind: Kind, text: str) -> str:
        address, mark, fragment = text.partition("#")
        if kind == "uri" and not address.startswith(_TEMPORARY):
            return text
        # A relative reference means a neighbour: first one at the same server as this resource.
        found = addresses.get(f"{base}/{address}") if base else None
        found = found or addresses.get(address)
        return found + mark + fragment if found else text

    if all(replaced(kind, text) == text for kind, text in each.entry.texts):
        return request
    return structs.replace(request, incoming=rewritten(request.incoming, rewrite(request.incoming.document, replaced)))


async def _read_one(entry: Entry, context: Context) -> Reply:
    try:
        return await perform(entry.interaction, entry.request, context)
    except Failure as failure:
        raise placed(failure, entry.path) from failure
