"""What is known of everything that was done to one user's record, from its versions and from the trail.

Writes are told by the versions that they made, so that none that was acknowledged is missing; what the trail knows of
them besides (from where they came) goes before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass, replace

from fhirstore.errors import BadRequest
from fhirstore.ids import is_own
from fhirstore.interactions.audit_event import event_of
from fhirstore.search.plan import AllOf, Filter, HasKey, InRange, Updated, WithIds
from fhirstore.store.contract import HistoryPlace, HistoryQuery, Resources, Store
from fhirstore.store.scope import Scope
from fhirstore.store.trail import Event, Trail, TrailQuery, moment_of, write_id

LOOKED_AT = 10_000
"""So many events are looked at for one search; more would take too long to tell of at once."""
_STEP = 500


@dataclass(frozen=True, slots=True)
class Bounds:
    """What of a search's criteria the indexes can tell apart: a time (milliseconds), and the resource acted on."""

    since: int | None = None
    before: int | None = None
    type: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class OwnTrail:
    """`versions` is the owner's whole record; `flush` brings into the trail what this process has noted."""

    owner: int
    trail: Trail
    versions: Resources
    flush: Callable[[], Awaitable[None]]

    async def event(self, id: str) -> Event | None:
        if not is_own(id):
            return None
        await self.flush()
        if noted := await self.trail.events(TrailQuery(owner=self.owner, id=id)):
            return noted[0]
        at = moment_of(id)
        page = await self.versions.history(HistoryQuery(since=at, before=at + 1, count=LOOKED_AT, total=False))
        same = (each for each in page.versions if write_id(at, each.type, each.id, each.number) == id)
        return next((event_of(each, self.owner) for each in same), None)

    async def events(self, within: Bounds) -> Iterable[Event]:
        """All within bounds, in no order. Raises BadRequest where they are too many to look at."""
        await self.flush()
        found: dict[str, Event] = {}
        await self._add_writes(within, found)
        asked = {"since": within.since, "before": within.before, "type": within.type, "target": within.target}
        query = TrailQuery(self.owner, count=_STEP, **asked)  # type: ignore[arg-type]
        while events := await self.trail.events(query):
            found |= {event.id: event for event in events}
            _refuse_too_many(found)
            query = replace(query, after=events[-1].id)
        return found.values()

    async def _add_writes(self, within: Bounds, found: dict[str, Event]) -> None:
        query = HistoryQuery(
            within.type, within.target, since=within.since, before=within.before, count=_STEP, total=False
        )
        while True:
            page = await self.versions.history(query)
            found |= {event.id: event for each in page.versions if (event := event_of(each, self.owner))}
            _refuse_too_many(found)
            if not page.more:
                return
            last = page.versions[-1]
            query = replace(query, after=HistoryPlace(last.updated, last.type, last.id, last.number))


def own_trail(store: Store, owner: int, flush: Callable[[], Awaitable[None]]) -> OwnTrail:
    return OwnTrail(owner, store.trail, store.within(Scope(owner)), flush)


def bounds_of(filter_: Filter) -> Bounds:
    """Bounds outside of which a filter cannot hold; the filter itself still decides within them."""
    parts = filter_.parts if isinstance(filter_, AllOf) else (filter_,)
    within = Bounds()
    for part in parts:
        match part:
            case InRange("AuditEvent.date", limits):
                for limit in limits:
                    if isinstance(limit.value, int):  # microseconds; a millisecond more on either side does no harm
                        moment = limit.value // 1000
                        later = limit.operator in {">", ">="}
                        within = _later(within, moment - 1) if later else _earlier(within, moment + 2)
            case Updated(from_, before):
                within = within if from_ is None else _later(within, from_)
                within = within if before is None else _earlier(within, before)
            case WithIds(ids) if ids and all(map(is_own, ids)):
                moments = [moment_of(id) for id in ids]
                within = _earlier(_later(within, min(moments)), max(moments) + 1)
            case HasKey((key,)) if key.startswith(_REFERENCE):
                # A patient is also told beside the resource that was acted on.
                type_, _, id_ = key.removeprefix(_REFERENCE).partition("/")
                if id_ and "/" not in id_ and type_ != "Patient":
                    within = replace(within, type=type_, target=id_)
    return within


_REFERENCE = "AuditEvent.reference="


def _later(within: Bounds, since: int) -> Bounds:
    return replace(within, since=since if within.since is None else max(since, within.since))


def _earlier(within: Bounds, before: int) -> Bounds:
    return replace(within, before=before if within.before is None else min(before, within.before))


def _refuse_too_many(found: Collection[object]) -> None:
    if len(found) > LOOKED_AT:
        raise BadRequest(f"More than {LOOKED_AT:,} events would have to be looked at: narrow the search by date.")
