"""transaction: all entries or none. http://hl7.org/fhir/DSTU2/http.html#transaction

Entries refer to one another by fullUrl. First every entry gets its identity: new resources a new id, conditional ones
what their criteria name. Then every reference, uri and narrative link that names an entry is rewritten; then DELETE,
POST and PUT are carried out, and the GETs read what came of it.
"""

from __future__ import annotations

from asyncio import sleep
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl

from msgspec import structs

from fhirstore.dstu2.bundle_parts import Bundle
from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.rewriting import NAMES, Kind, rewrite
from fhirstore.errors import BadRequest, Failure, Issue, NotFound, PreconditionFailed
from fhirstore.interactions.bundles import bundle as bundle_of
from fhirstore.interactions.bundles import failure_entry, response_entry
from fhirstore.interactions.conditional import Settled, criteria_of, existing_reply, lock_of, match_one, settle
from fhirstore.interactions.create import create
from fhirstore.interactions.entries import (
    TEMPORARY,
    TOGETHER,
    Entry,
    base_of,
    bundle_parts,
    names_by_url,
    names_of,
    placed,
    read_entry,
)
from fhirstore.interactions.incoming import rewritten
from fhirstore.interactions.perform import authorize, perform
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.interactions.unified_views import fresh_view
from fhirstore.interactions.write import Write
from fhirstore.store.contract import Change, Resources, Version


class _Identified(NamedTuple):
    """An entry that writes, and what it comes to now that its identity is known."""

    entry: Entry
    settled: Settled

    @property
    def key(self) -> tuple[str, str]:
        return self.settled.request.type, self.settled.request.id


async def transaction(bundle: Bundle, context: Context, *, minimal: bool = False) -> Reply:
    """Carry out all entries, or raise the first entry's failure with nothing done; entries answer in their places."""
    entries = await _read(bundle, context)
    _refuse_twins(entries)
    locks = [lock_of(entry.method, entry.request) for entry in entries if entry.by_criteria]

    async def work(inside: Resources) -> list[bytes]:
        # What is known of the record outside is not what there is inside.
        within = structs.replace(context, resources=inside, view=fresh_view)
        return await _carry_out(entries, within, minimal=minimal)

    if all(_writes_blindly(entry) for entry in entries):
        answers = await work(context.resources)  # all at once, by themselves: no snapshot need be held meanwhile
    else:
        answers = await context.resources.transact(work, locks)
    return Reply(200, bundle_of("transaction-response", answers))


def _writes_blindly(entry: Entry) -> bool:
    """Whether an entry needs nothing read: it writes what has an id, and refers by addresses alone."""
    if entry.interaction.write is None or entry.by_criteria:
        return False
    return not any("?" in text for text in entry.references)


async def _read(bundle: Bundle, context: Context) -> list[Entry]:
    """All entries, each allowed to the caller. Raises with the issues of every entry that cannot be taken."""
    entries: list[Entry] = []
    failures: list[Failure] = []
    parts = bundle_parts(bundle, context)
    names = names_of(parts)
    for start in range(0, len(parts), TOGETHER):
        if start:
            await sleep(0)
        some = range(start, min(start + TOGETHER, len(parts)))
        taken: list[Entry] = []
        for position, document in zip(some, [bundle.resource(position) for position in some], strict=True):
            try:
                taken.append(read_entry(position, parts[position], document, names, context))
                authorize(taken[-1].interaction, taken[-1].request, context)
            except Failure as failure:
                failures.append(failure)
        entries += [_prepared(entry, context) for entry in taken] if not failures else taken
    if failures:
        issues = [issue for failure in failures for issue in failure.issues]
        raise type(failures[0])(failures[0].reason, issues, failures[0].headers)
    return entries


def _prepared(entry: Entry, context: Context) -> Entry:
    """The same entry with its write at hand, where no other has a say in it: its resource need not be kept then."""
    write = entry.interaction.write
    if write is None or entry.request.incoming is None or entry.by_criteria or entry.texts:
        return entry
    request = _with_id(entry.request, context)
    return structs.replace(entry, request=structs.replace(request, incoming=None), write=write(request, context))


async def _carry_out(entries: Sequence[Entry], context: Context, *, minimal: bool) -> list[bytes]:
    answers: dict[int, bytes] = {}
    ordered = sorted(entries, key=lambda entry: entry.order)
    identified: list[_Identified] = []
    for entry in ordered:
        try:
            identified += await _settled(entry, context) if entry.by_criteria else _identified(entry, context)
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


async def _settled(entry: Entry, context: Context) -> Sequence[_Identified]:
    """What criteria name: one resource, or several for a conditional delete of many."""
    return [_Identified(entry, each) for each in await settle(entry.method, entry.request, context)]


def _identified(entry: Entry, context: Context) -> Sequence[_Identified]:
    """The resource that an entry writes; none for a GET."""
    write = entry.interaction.write
    return () if write is None else (_Identified(entry, Settled(_with_id(entry.request, context), write)),)


def _with_id(request: Request, context: Context) -> Request:
    return request if request.id else structs.replace(request, id=context.new_id())


def _refuse_twins(entries: Sequence[Entry]) -> None:
    """Two resources of one name, or two that are to be made for the same criteria, cannot be told apart."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        if not entry.interaction.takes_resource:
            continue
        name = entry.full_url or entry.own_name
        if name:
            _refuse_same(seen.setdefault(name, entry), entry)
        if entry.by_criteria:
            _refuse_same(seen.setdefault(lock_of(entry.method, entry.request), entry), entry)


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
    if not any(each.entry.texts for each in identified):
        return addresses  # nobody calls anybody
    for each in identified:
        if not each.entry.interaction.takes_resource:
            continue
        type, id = each.key
        place = f"{type}/{id}"
        name, *others = names_by_url(each.entry.full_url, type) or (place,)
        addresses[name] = place
        for other in filter(None, (*others, each.entry.own_name)):
            addresses.setdefault(other, place)
    return addresses


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
    replies: list[tuple[Entry, Reply]] = []
    writing: list[tuple[Entry, Write]] = []
    for entry, settled in identified:
        if settled.write is None:
            replies.append((entry, existing_reply(settled)))
            continue
        if entry.write is None and len(writing) % TOGETHER == 0:
            await sleep(0)
        made = entry.write or settled.write(_with_references(entry, settled.request, addresses), context)
        writing.append((entry, made))
    written = await context.resources.change_all([_placing(entry, write.change) for entry, write in writing])
    for (entry, write), version in zip(writing, written, strict=True):
        assert version is not None
        replies.append((entry, write.reply(version)))
    return replies


def _placing(entry: Entry, change: Change) -> Change:
    """The same change, whose refusal tells which entry it came from."""
    if change.fresh:
        return change  # nothing is there that could be a reason to refuse

    def decide(current: Version | None) -> Version | None:
        try:
            return change.decide(current)
        except Failure as failure:
            raise placed(failure, entry.path) from failure

    return structs.replace(change, decide=decide)


def _with_references(entry: Entry, request: Request, addresses: Mapping[str, str]) -> Request:
    """The request with its resource's references led to where the resources meant will rest."""
    if request.incoming is None or not entry.texts:
        return request
    base = base_of(entry.full_url)

    def replaced(kind: Kind, text: str) -> str:
        address, mark, fragment = text.partition("#")
        if kind in NAMES and not address.startswith(TEMPORARY):
            return text
        # A relative reference means a neighbour: first one at the same server as this resource.
        found = addresses.get(f"{base}/{address}") if base else None
        found = found or addresses.get(address)
        return found + mark + fragment if found else text

    if all(replaced(kind, text) == text for kind, text in entry.texts):
        return request
    return structs.replace(request, incoming=rewritten(request.incoming, rewrite(request.incoming.document, replaced)))


async def _read_one(entry: Entry, context: Context) -> Reply:
    try:
        return await perform(entry.interaction, entry.request, context)
    except Failure as failure:
        raise placed(failure, entry.path) from failure
