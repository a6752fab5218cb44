"""The doorway to a record: who comes in by HTTP, by a page or by a job gets the same context, scoped and noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial

from msgspec import structs

from fhirstore.caller import Author, Caller
from fhirstore.clock import Clock
from fhirstore.dstu2.levels import Level
from fhirstore.extents import WHOLE, Extents
from fhirstore.interactions.integrity import ReferentialIntegrity
from fhirstore.interactions.notes import Extent, Noted, Notes
from fhirstore.interactions.own_trail import own_trail
from fhirstore.interactions.provenance import WithProvenance
from fhirstore.interactions.request import Context, Limits
from fhirstore.interactions.unified_views import Views
from fhirstore.store.contract import Resources, Store
from fhirstore.store.reach import reach
from fhirstore.store.scope import Scope, scope_of
from fhirstore.store.trail import Deed, Event

_CALLERS = 1_000


@dataclass(frozen=True, slots=True)
class Doorway:
    """What every request is carried out with.

    `note` puts an event into the trail, and `flush` has it there; `audit` says how much is noted.
    With `provenance` each version comes with an account of itself.
    """

    store: Store
    clock: Clock
    new_id: Callable[[], str]
    level: Level
    limits: Limits
    note: Callable[[Event | Deed], None]
    flush: Callable[[], Awaitable[None]]
    audit: Extent = "all"
    provenance: bool = False
    _blank: Callable[[Caller, str], Context] = field(init=False, repr=False, compare=False)
    _views: Views = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_views", Views(self.store, self.clock))
        # A caller is kept for some seconds: most requests find what is the same in all of its requests made before.
        object.__setattr__(self, "_blank", lru_cache(_CALLERS)(self._new))

    def notes(self, caller: Caller, request_id: str = "", address: str = "") -> Notes | None:
        """Blank notes of one request; None where nothing is noted."""
        if self.audit == "off":
            return None
        return Notes(self.note, caller, self.clock, self.audit, request_id, address)

    def context(self, caller: Caller, base: str, notes: Notes | None, source: str | None = None) -> Context:
        """What a request of this caller may use; `base` and `source` are as in `Context`."""
        blank = self._blank(caller, base)
        if notes is None:
            return structs.replace(blank, named_source=source)
        # Only of what others share is it to be noted whose record something is shown of.
        resources = self._resources(caller, base, notes.show) if caller.shared else blank.resources
        noted = Noted(resources, notes.made)
        renew = partial(self._renewed, caller, base, notes, source)
        return structs.replace(blank, resources=noted, named_source=source, notes=notes, renew=renew)

    def _renewed(self, caller: Caller, base: str, notes: Notes, source: str | None) -> Context:
        return self.context(caller, base, self.notes(caller, notes.request_id, notes.address), source)

    def _new(self, caller: Caller, base: str) -> Context:
        return Context(
            caller,
            self._resources(caller, base),
            self.clock,
            self.new_id,
            self.store.cursors,
            base,
            caller.level or self.level,
            self.limits,
            own_trail=partial(own_trail, self.store, caller.user, self.flush),
            view=partial(self._views.view, scope_of(caller)),
        )

    def within(self, whole: Scope, author: Author, base: str, readable: Extents = WHOLE) -> Resources:
        """A whole record, under the rules that hold for every write; for who acts in an application's name alone.

        Refusals tell nothing of what is not `readable`."""
        resources: Resources = self.store.within(whole, author)
        # Beneath the scope: also what the caller may not see must keep what it refers to.
        if self.limits.referential_integrity:
            resources = ReferentialIntegrity(resources, readable)
        return WithProvenance(resources, author, self.new_id, base) if self.provenance else resources

    def _resources(self, caller: Caller, base: str, shown: Callable[[int], object] | None = None) -> Resources:
        def of_owner(whole: Scope) -> Resources:
            return self.within(whole, caller.author, base, caller.opened.readable)

        return reach(scope_of(caller), of_owner, shown)
