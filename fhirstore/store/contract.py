"""What a store does, in FHIR's terms. Two packages keep this contract: `store.sqlite` and `store.mongodb`.

There is no way to a resource but `Store.within(scope)`: every read and write is limited to the scope's owner, and
"not there" and "not yours" look the same from here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from fhirstore.search.entries import Entries
from fhirstore.search.plan import Plan
from fhirstore.store.accounts import Accounts
from fhirstore.store.cursors import Cursors, Place
from fhirstore.store.scope import Scope

Result = TypeVar("Result")
Method = Literal["POST", "PUT", "DELETE"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one resource, as it is stored and as it will be sent.

    `number` counts from 1 without holes; `updated` is in milliseconds and never falls from one version to the
    next; `body` is the final JSON, empty for a deletion. `entries` are what the resource is found by: they are given
    on writing (none for a deletion) and left out on reading.
    """

    type: str
    id: str
    number: int
    updated: int
    method: Method
    body: bytes
    entries: Entries = field(default=Entries(), compare=False, repr=False)

    @property
    def deleted(self) -> bool:
        return self.method == "DELETE"


Decide = Callable[[Version | None], Version | None]
"""What becomes of a resource, given its current version (a deletion counts, None is no resource yet): its next
version, or None to leave it as it is. It may raise a Failure to refuse. It is pure: the store may call it again
when another writer came first, and from another thread."""


@dataclass(frozen=True, slots=True)
class Change:
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
    were still current then (a version ends when the next is made). Moments are milliseconds.
    """

    type: str | None = None
    id: str | None = None
    since: int | None = None
    before: int | None = None
    until: int | None = None
    after: HistoryPlace | None = None
    count: int = 10


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Versions newest first, how many there are in all pages together, and whether this page is the last."""

    versions: Sequence[Version]
    total: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of what is found: `count` matches from a place on, or after `skip` of them; 0 is a count too."""

    count: int
    after: Place | None = None
    skip: int = 0
    total: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """A resource that was found; `contained` is the local id of the one inside it that matched, where one was asked."""

    version: Version
    contained: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of matches, how many there are on all pages together (where asked), and where the next page begins."""

    matches: Sequence[Match]
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

    async def current_all(self, keys: Sequence[tuple[str, str]]) -> Sequence[Version]:
        """The current versions of the resources with these types and ids, as far as there are any."""
        ...

    async def find(self, plan: Plan, page: Page) -> Found:
        """The resources that a plan describes, deleted ones excepted, in its order."""
        ...

    async def history(self, query: HistoryQuery) -> HistoryPage: ...

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


class Store(Protocol):
    """A database, opened."""

    @property
    def accounts(self) -> Accounts: ...

    @property
    def cursors(self) -> Cursors:
        """Page tokens that every process on this database can read."""
        ...

    def within(self, scope: Scope) -> Resources: ...

    async def open(self) -> None:
        """Connect, and make what is missing of tables, collections and indexes. Raises Unavailable."""
        ...

    async def ping(self) -> None:
        """Raises Unavailable when the database cannot be reached."""
        ...

    async def close(self) -> None: ...
