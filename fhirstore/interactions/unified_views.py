"""Views of records that were worked out lately, for as long as nothing in their records changes.

To unify ten thousand resources takes a second, to show fifty facts of them a few milliseconds: whoever reads page after
page has it worked out once. Every write makes another state of the record, whichever process made it, and so does
every version that is taken away; a view of another state is never looked at. It is kept for exactly what its readers
reach: whoever reaches less of the record, or more, has one of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from fhirstore.clock import Clock
from fhirstore.extents import Extents
from fhirstore.interactions.unified_facts import UnifiedFact
from fhirstore.store.contract import HistoryQuery, Store
from fhirstore.store.scope import Scope
from fhirstore.unified.clocks import Clocks
from fhirstore.unified.judgements import NO_JUDGEMENTS, Judgements
from fhirstore.unified.people import People

ROOM = 100_000
"""For so many resources there may be facts in all views of a process together: some 600 bytes each."""

UNUSED_SECONDS = 600
"""After so long a view that nobody asked for is let go: records are not to linger in memory."""

_Reach = tuple[int, Extents]
_State = tuple[object, ...]


async def _never() -> bool:
    return False


@dataclass(slots=True)
class View:
    """What is known of a record by now. Whoever adds to it holds `lock`, so that it is worked out once.

    `room` is for how many resources facts may be kept in it, `size` how many there are. `holds` tells whether the
    record is still in the view's state: what was worked out while others wrote is of no state, and is not kept.
    """

    room: int = 0
    holds: Callable[[], Awaitable[bool]] = _never
    size: int = 0
    judged: Judgements = NO_JUDGEMENTS
    people: People | None = None
    clocks: Clocks | None = None
    facts: dict[str, Sequence[UnifiedFact]] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def keep(self, facts: Mapping[str, Sequence[UnifiedFact]]) -> None:
        """Keep all facts of some kinds, where there is room for them."""
        if await self._takes(sum(len(fact.members) for each in facts.values() for fact in each)):
            self.facts |= facts

    async def keep_people(self, people: People, judged: Judgements) -> None:
        """Keep who is in the record, and what was judged of it, where there is room for all Patients."""
        if await self._takes(len(people.of_patient)):
            self.people, self.judged = people, judged

    async def keep_clocks(self, clocks: Clocks) -> None:
        if await self._takes(0):
            self.clocks = clocks

    async def _takes(self, size: int) -> bool:
        takes = self.size + size <= self.room and await self.holds()
        self.size += size if takes else 0
        return takes


async def fresh_view() -> View:
    """A view that nothing is known for yet, and in which no facts are kept."""
    return View()


@dataclass(slots=True)
class _Kept:
    state: _State
    view: View
    used: int


class Views:
    """The views of a process. `room` is for how many resources there may be facts in all of them."""

    def __init__(self, store: Store, clock: Clock, room: int = ROOM) -> None:
        self._store = store
        self._clock = clock
        self._room = room
        self._kept: dict[_Reach, _Kept] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many views are kept."""
        return len(self._kept)

    async def view(self, scope: Scope) -> View:
        """The view of what a scope reaches, as far as it is known for the present state of the record.

        Of what others share nothing is kept: those records have states of their own, and tell who was shown them.
        """
        if scope.shared:
            return View()
        state, reach = await self._state(scope.owner), (scope.owner, scope.readable)
        kept = self._kept.pop(reach, None)
        if kept is None or kept.state != state:
            kept = _Kept(state, View(self._room, partial(self._is_in, state, scope.owner)), 0)
        kept.used = self._clock()
        self._kept[reach] = kept
        self._make_room()
        self._come_back()
        return kept.view

    async def _is_in(self, state: _State, owner: int) -> bool:
        return await self._state(owner) == state

    async def _state(self, owner: int) -> _State:
        """Another one after every write of the record: there is a version more, or, of what was erased, fewer."""
        page = await self._store.within(Scope(owner)).history(HistoryQuery(count=1))
        return (page.total, *((each.updated, each.type, each.id, each.number) for each in page.versions))

    def _make_room(self) -> None:
        """Let go of what is too much, the longest unused first, but never of the newest."""
        total = sum(each.view.size for each in self._kept.values())
        for reach in list(self._kept)[:-1]:
            if total > self._room:
                total -= self._kept.pop(reach).view.size

    def _come_back(self) -> None:
        """See to it that what nobody uses is let go, also when nobody asks for anything any more."""
        if self._timer is None and self._kept:
            self._timer = asyncio.get_running_loop().call_later(UNUSED_SECONDS, self._let_go)

    def _let_go(self) -> None:
        latest = self._clock() - UNUSED_SECONDS * 1000
        self._kept = {reach: each for reach, each in self._kept.items() if each.used > latest}
        self._timer = None
        self._come_back()
