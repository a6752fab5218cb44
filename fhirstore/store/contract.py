"""What a store does, in FHIR's terms. Two packages keep this contract: `store.sqlite` and `store.mongodb`.

There is no way to a resource but `Store.within(scope)`: every read and write is limited to the scope's owner, and
"not there" and "not yours" look the same from here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol, TypeVar

import msgspec

from fhirstore.caller import Author
from fhirstore.search.entries import Entries
from fhirstore.search.plan import Plan
from fhirstore.store.accounts import Accounts
from fhirstore.store.consents import Consents
from fhirstore.store.cursors import Cursors, Place
from fhirstore.store.holdings import Holdings
from fhirstore.store.jobs import Jobs
from fhirstore.store.keys import Keys
from fhirstore.store.permissions import Permissions
from fhirstore.store.purging import Purging
from fhirstore.store.scope import Scope
from fhirstore.store.sessions import Sessions
from fhirstore.store.trail import Trail
from fhirstore.store.usage import UsageCounts

Result = TypeVar("Result")
Method = Literal["POST", "PUT", "DELETE"]
NO_ENTRIES = Entries()


class Version(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One version of one resource, as it is stored and as it will be sent.

    `number` counts from 1 without holes; `updated` is in milliseconds and never falls from one version to the
    next; `body` is the final JSON, empty for a deletion. `entries` are what the resource is found by: they are given
    on writing (none for a deletion) and left out on reading. `author` is set by the store, in the same write: whatever
    a writer puts there is overwritten.
    """

    type: str
    id: str
    number: int
    updated: int
    method: Method
    body: bytes
    entries: Entries = NO_ENTRIES
    author: Author | None = None

    @property
    def deleted(self) -> bool:
        return self.method == "DELETE"

    def __eq__(self, other: object) -> bool:
        """Whether both tell the same of the same version; what it is found by is told on writing alone."""
        return isinstance(other, Version) and _told(self) == _told(other)

    def __hash__(self) -> int:
        return hash(_told(self))

    def by(self, author: Author | None) -> Version:
        """The same version, made by an author."""
        return Version(self.type, self.id, self.number, self.updated, self.method, self.body, self.entries, author)


def _told(version: Version) -> tuple[object, ...]:
    each = version
    return each.type, each.id, each.number, each.updated, each.method, each.body, each.author


@lru_cache(maxsize=10_000)  # most versions that are read one after the other have one author
def author_of(client_id: str | None, user: int | None) -> Author | None:
    """An author from the parts that stores keep."""
    return None if client_id is None else Author(client_id, user)


Decide = Callable[[Version | None], Version | None]
"""What becomes of a resource, given its current version (a deletion counts, None is no resource yet): its next
version, or None to leave it as it is. It may raise a Failure to refuse. It is pure: the store may call it again
when another writer came first, and from another thread."""


class Change(msgspec.Struct, frozen=True):
    """One write: which resource, and how its next version follows from the current one.

    `fresh` says that the id was just made, so that a store need not look for a current version first.
    """

    type: str
    id: str
    decide: Decide
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class HistoryPlace:
    """Where a page of history ends: newest first, by time, then type, id and version."""

    updated: int
    type: str
    id: str
    number: int


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which versions: of one resource, of one type, or of all; how many; those after a page's end.

    `since` asks for versions made at that moment or later, `before` for those made earlier, `until` for those that
    were still current then (a version ends when the next is made). Moments are milliseconds. `oldest_first` turns the
    order around; `total` says that the number of all is wanted, which costs a count of them.
    """

    type: str | None = None
    id: str | None = None
    since: int | None = None
    before: int | None = None
    until: int | None = None
    after: HistoryPlace | None = None
    count: int = 10
    oldest_first: bool = False
    total: bool = True


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Versions in their order, how many there are in all pages together (0 where that was not asked), and whether
    more follow."""

    versions: Sequence[Version]
    total: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of what a plan finds: `count` matches after a place, or after the first `skip`.

    `total` says that the exact number of all matches is wanted, which costs a count of them; `places`, that each
    match is to come with its own; `own`, that nothing is looked at which others share.
    """

    count: int
    after: Place | None = None
    skip: int = 0
    total: bool = True
    places: bool = False
    own: bool = False


class Match(msgspec.Struct, frozen=True, gc=False):
    """A resource that was found; with `contained`, the id of the contained resource in it that was.

    `place` is that of the match, where it was asked for: its value for each order, then what decides in the end.
    """

    version: Version
    contained: str | None = None
    place: Place | None = None


class Found(msgspec.Struct, frozen=True):
    """A page of matches in the plan's order; `next` is the place that the next page follows, None after the last."""

    matches: Sequence[Match] = ()
    total: int | None = None
    next: Place | None = None


class Resources(Protocol):
    """The resources of one scope. Inside a transaction the same calls see and make that transaction's writes."""

    async def current(self, type: str, id: str) -> Version | None:
        """The newest version, which may be a deletion; None where there never was one."""
        ...

    async def version(self, type: str, id: str, number: int) -> Version | None:
        """One version, current or older."""
        ...

    async def history(self, query: HistoryQuery) -> HistoryPage: ...

    async def find(self, plan: Plan, page: Page) -> Found:
        """The resources that a plan finds, as of one moment. Deletions are never found.

        A place is where its page ended, by values and not by position: what is there throughout is on exactly one
        page, whatever is written meanwhile. Raises BadRequest for a plan with more parts than can be asked at once.
        """
        ...

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        """The newest versions of several resources, given by type and id, in that order, in one round trip.

        Those that are deleted or never were are left out.
        """
        ...

    async def change(self, change: Change) -> Version | None:
        """Make one write, atomically; answers the version that is current afterwards.

        When it returns, the write is on disk. Raises what `decide` raises, with nothing written.
        """
        ...

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        """Make several writes of different resources, together or not at all; answers as `change` does."""
        ...

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        """Run `work` with resources whose reads share one snapshot and whose writes happen together or not at all.

        Of transactions that name an equal lock in the same scope, one runs after the other, also over processes.
        `work` may be run again after a conflict with other writers, so it must have no other effects.
        """
        ...


MakeEntries = Callable[[Version], Entries]
"""The entries of a resource by the rules of today. Pure, and called from another thread."""


@dataclass(frozen=True, slots=True)
class Reindexed:
    """How many resources a step looked at, which of them had other entries than now, and where the next step begins."""

    seen: int
    changed: Sequence[tuple[int, str, str]] = ()
    next: Place | None = None


class Indexing(Protocol):
    """The entries of all resources of all owners: for administrators, and for no request."""

    async def outdated(self) -> int:
        """How many resources have entries that were made by older rules."""
        ...

    async def reindex(
        self, make: MakeEntries, after: Place | None = None, *, count: int = 100, all: bool = False
    ) -> Reindexed:
        """Make the entries of the next `count` resources anew: of those with older rules, or of `all`.

        Each step is one atomic write, so that it can be stopped, and begun again, at any moment, and goes on while
        the store is in use. `changed` names owner, type and id.
        """
        ...

    async def explain(self, scope: Scope, plan: Plan, page: Page) -> Sequence[str]:
        """Lines that tell how the database answers a search: what it is asked, and which indexes it uses."""
        ...


class Store(Protocol):
    """A database, opened."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def sessions(self) -> Sessions: ...

    @property
    def holdings(self) -> Holdings: ...

    @property
    def usage(self) -> UsageCounts: ...

    @property
    def consents(self) -> Consents: ...

    @property
    def permissions(self) -> Permissions: ...

    @property
    def keys(self) -> Keys: ...

    @property
    def trail(self) -> Trail: ...

    @property
    def cursors(self) -> Cursors:
        """Page tokens that every process on this database can read."""
        ...

    @property
    def indexing(self) -> Indexing: ...

    @property
    def jobs(self) -> Jobs: ...

    @property
    def purging(self) -> Purging: ...

    def within(self, scope: Scope, author: Author | None = None) -> Resources:
        """The resources of a scope; every version that is made there tells its author."""
        ...

    async def erase(self, owner: int) -> None:
        """Take away everything of an owner's record: resources, versions, what they are found by, jobs, and all that
        the trail tells of them but that something was done.

        In steps, each of which is bounded, so that others need not wait. Doing it again does no harm, and ends what
        was begun before.
        """
        ...

    async def open(self) -> None:
        """Connect, and make what is missing of tables, collections and indexes. Raises Unavailable."""
        ...

    async def ping(self) -> None:
        """Raises Unavailable when the database cannot be reached."""
        ...

    async def close(self) -> None: ...
