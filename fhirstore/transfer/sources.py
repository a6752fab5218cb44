"""The sources of a record: what each brought, and one of them taken out with all that it brought."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from fhirstore.clock import Clock
from fhirstore.dstu2.sources import SOURCE_SYSTEM, source_of
from fhirstore.search.kinds.token import key_of
from fhirstore.search.plan import Filter, HasKey, HasPrefix, Plan
from fhirstore.store.contract import Change, HistoryPlace, HistoryQuery, Page, Resources, Version
from fhirstore.store.purging import Purging
from fhirstore.store.scope import Scope

PAGE = 200


class _Meta(msgspec.Struct):
    meta: dict[str, Any] = {}


_read_meta = msgspec.json.Decoder(_Meta, float_hook=str).decode


@dataclass(slots=True)
class Brought:
    """What one source brought that is there now: counts by type; its first and its last arrival (milliseconds)."""

    source: str
    counts: dict[str, int]
    first: int
    last: int


def source_in(version: Version) -> str | None:
    """The source that a version names itself, None for a deletion."""
    return source_of(_read_meta(version.body).meta) if version.body else None


def is_of(source: str, version: Version) -> bool:
    return source_in(version) == source


async def sources(resources: Resources) -> list[Brought]:
    """All sources of a record, by their URIs. What was updated since arrived when its first version was made."""
    found: dict[str, Brought] = {}
    async for version in _having(HasPrefix(key_of("_tag", SOURCE_SYSTEM, "")), resources):
        source = source_in(version)
        if source is None:
            continue
        first = version if version.number == 1 else await resources.version(version.type, version.id, 1)
        arrived = first.updated if first else version.updated
        brought = found.setdefault(source, Brought(source, {}, arrived, version.updated))
        brought.counts[version.type] = brought.counts.get(version.type, 0) + 1
        brought.first, brought.last = min(brought.first, arrived), max(brought.last, version.updated)
    return [found[source] for source in sorted(found)]


async def of_source(source: str, resources: Resources) -> AsyncIterator[Version]:
    """The current versions that came from exactly this source."""
    async for version in _having(HasKey((key_of("_tag", SOURCE_SYSTEM, source),)), resources):
        if is_of(source, version):  # a key does not tell capitals from small letters
            yield version


async def delete_all(versions: Sequence[Version], source: str, resources: Resources, clock: Clock) -> Sequence[Version]:
    """Delete what is still of the source when its turn comes; answers what was deleted."""

    def ending(version: Version) -> Change:
        def decide(current: Version | None) -> Version | None:
            if current is None or current.deleted or not is_of(source, current):
                return None
            moment = max(clock(), current.updated)
            return Version(current.type, current.id, current.number + 1, moment, "DELETE", b"")

        return Change(version.type, version.id, decide)

    written = await resources.change_all([ending(version) for version in versions]) if versions else ()
    return [version for version in written if version is not None and version.deleted]


async def last_told_by(source: str, resources: Resources) -> AsyncIterator[Version]:
    """The deletions whose resources came last from this source: what is left of it when it is deleted."""
    query = HistoryQuery(count=PAGE, oldest_first=True, total=False)
    while True:
        page = await resources.history(query)
        for version in page.versions:
            if version.deleted:
                before = await resources.version(version.type, version.id, version.number - 1)
                current = await resources.current(version.type, version.id)
                if before is not None and is_of(source, before) and current is not None and current.deleted:
                    yield version
        if not page.more:
            return
        last = page.versions[-1]
        query = replace(query, after=HistoryPlace(last.updated, last.type, last.id, last.number))


async def purge_all(versions: Sequence[Version], scope: Scope, purging: Purging) -> int:
    return await purging.purge(scope, [(version.type, version.id) for version in versions])


async def _having(filter: Filter, resources: Resources) -> AsyncIterator[Version]:
    plan, page = Plan((), filter), Page(PAGE, total=False)
    while True:
        found = await resources.find(plan, page)
        for match in found.matches:
            yield match.version
        if found.next is None:
            return
        page = replace(page, after=found.next)
