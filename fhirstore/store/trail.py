"""The trail: who did what to whose record, when, from where, and with what outcome. Appended to, never changed.

Of a write, the version's own author is the record that cannot be lost; its event here adds where it came from.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Literal, NamedTuple, Protocol

import msgspec
from msgspec import structs

Outcome = Literal["success", "failure"]


class Event(NamedTuple):
    """One thing that was done, or was refused. A tuple, for every read makes one.

    `id` is 28 hexadecimal digits, the moment in front: ids are in the order of time. `action` is a FHIR interaction's
    code ("read", "search-type", "$everything") or an action of management ("user-create", "token"); `status` the HTTP
    status it was answered with. `owner` is whose record it was about, None for management; `client_id` and `user` who
    acted. `type` and `target` name what was acted on, `version` the one that was made; `patient` is the id of the
    patient it is about, where that is known. Nothing here is content: no bodies, no queries, no tokens.
    """

    id: str
    action: str
    status: int
    owner: int | None
    client_id: str
    user: int | None = None
    type: str = ""
    target: str = ""
    version: int | None = None
    patient: str = ""
    request_id: str = ""
    address: str = ""

    @property
    def at(self) -> int:
        """Milliseconds since 1970."""
        return moment_of(self.id)

    @property
    def succeeded(self) -> bool:
        return self.status < 400


class Deed(msgspec.Struct, frozen=True, gc=False):
    """An event as a request notes it: with its moment and its place among others in place of the id, which takes
    longer to make than all else, and is made when the event is written."""

    at: int
    order: int
    action: str
    status: int
    owner: int | None
    client_id: str
    user: int | None
    type: str
    target: str
    version: int | None
    patient: str
    request_id: str
    address: str

    def event(self) -> Event:
        at, order, *told = structs.astuple(self)
        made = self.version
        return Event(_id(at, order) if made is None else write_id(at, self.type, self.target, made), *told)


USER_TYPE, APPLICATION_TYPE = "User", "Application"
"""The `type` of an event that is about a user or an application, whose number or client_id is its `target`."""
_MOMENT = 12
"""So many digits of an id are its moment."""
next_order = count(secrets.randbits(64)).__next__
"""What comes after what, among events of one moment. Every process counts on from where no other does."""


def event_id(at: int) -> str:
    """An id for an event of this moment, never given twice. Nobody need be kept from guessing it."""
    return _id(at, next_order())


def _id(at: int, order: int) -> str:
    return f"{at:012x}{order % 2**64:016x}"


def write_id(at: int, type: str, id: str, number: int) -> str:
    """The id of the event that made a version: always the same, whether it is told by the trail or by the version."""
    return f"{at:012x}{sha256(f'{type}/{id}/{number}'.encode()).hexdigest()[:16]}"


def moment_of(id: str) -> int:
    """The moment of an event, by its id."""
    return int(id[:_MOMENT], 16)


def lowest_id(at: int) -> str:
    """What no id of this moment or later is below."""
    return f"{max(at, 0):012x}"


@dataclass(frozen=True, slots=True)
class TrailQuery:
    """Which events, newest first: those that fit all that is given, `count` of them after the one with the id `after`.

    `since` asks for that moment or later, `before` for earlier; milliseconds.
    """

    owner: int | None = None
    client_id: str | None = None
    user: int | None = None
    action: str | None = None
    type: str | None = None
    target: str | None = None
    outcome: Outcome | None = None
    since: int | None = None
    before: int | None = None
    id: str | None = None
    after: str | None = None
    count: int = 100


class Trail(Protocol):
    async def append(self, events: Sequence[Event]) -> None:
        """Keep events, on disk when it returns. Those that are there already are passed over, so it may be repeated."""
        ...

    async def events(self, query: TrailQuery) -> Sequence[Event]: ...

    async def discard(self, before: int, count: int = 10_000) -> int:
        """Forget up to `count` of the events before a moment; answers how many those were."""
        ...
