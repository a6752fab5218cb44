"""A Provenance for each version that is made, in the same commit: http://hl7.org/fhir/DSTU2/provenance.html.

For those who want it: it tells in the record itself, and in whatever is exported of it, who made what, and from which
source. It is a resource like any other, but makes no Provenance of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from fhirstore.caller import Author
from fhirstore.clock import instant
from fhirstore.dstu2.json_format import reread
from fhirstore.dstu2.sources import source_of
from fhirstore.interactions.audit_event import APPLICATION, USER
from fhirstore.search.extract import extract
from fhirstore.store.contract import Change, Resources, Version
from fhirstore.store.read_through import ReadThrough

Result = TypeVar("Result")

TYPE = "Provenance"
_ROLES = "http://hl7.org/fhir/provenance-participant-role"
_DEED = {"POST": "create", "PUT": "update", "DELETE": "delete"}


class WithProvenance(ReadThrough):
    """`Resources` each of whose writes brings a Provenance; `base` is the server's address."""

    def __init__(self, resources: Resources, author: Author, new_id: Callable[[], str], base: str) -> None:
        super().__init__(resources)
        self._author = author
        self._new_id = new_id
        self._base = base

    async def change(self, change: Change) -> Version | None:
        if change.type == TYPE:
            return await self._resources.change(change)
        return (await self.change_all([change]))[0]

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        accounts = [self._accounted(change) for change in changes if change.type != TYPE]
        told = iter(accounts)
        watched = [change if change.type == TYPE else next(told)[0] for change in changes]
        # Changes are decided in their order, so that each Provenance knows what it is of.
        written = await self._resources.change_all([*watched, *(provenance for _, provenance in accounts)])
        return written[: len(changes)]

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        def within(inside: Resources) -> Awaitable[Result]:
            return work(WithProvenance(inside, self._author, self._new_id, self._base))

        return await self._resources.transact(within, locks)

    def _accounted(self, change: Change) -> tuple[Change, Change]:
        """The same change, and that of its Provenance, which is made where the other is."""
        id, made = self._new_id(), _Made()

        def decide(current: Version | None) -> Version | None:
            made.before, made.version = current, change.decide(current)
            return made.version

        def account(_: Version | None) -> Version | None:
            if made.version is None:
                return None
            document = self._document(id, made.version, made.before)
            entries = extract(TYPE, document, self._base)
            return Version(TYPE, id, 1, made.version.updated, "POST", msgspec.json.encode(document), entries)

        return Change(change.type, change.id, decide, change.fresh), Change(TYPE, id, account, fresh=True)

    def _document(self, id: str, made: Version, before: Version | None) -> dict[str, Any]:
        at = instant(made.updated)
        document = {
            "resourceType": TYPE,
            "id": id,
            "meta": {"versionId": "1", "lastUpdated": at},
            "target": [{"reference": f"{made.type}/{made.id}/_history/{made.number}"}],
            "recorded": at,
            "activity": {"text": _DEED[made.method]},
            "agent": self._agents(),
        }
        # A deletion has no content: it takes away what came from where the version before it came from.
        told = before if made.deleted else made
        source = source_of(reread(told.body).get("meta") or {}) if told is not None and told.body else None
        if source is not None:
            sort = {"system": "http://hl7.org/fhir/resource-types", "code": made.type}
            document["entity"] = [{"role": "source", "type": sort, "reference": source}]
        return document

    def _agents(self) -> list[dict[str, Any]]:
        application = {
            "role": {"system": _ROLES, "code": "assembler"},
            "userId": {"system": APPLICATION, "value": self._author.client_id},
        }
        if self._author.user is None:
            return [application]
        user = {
            "role": {"system": _ROLES, "code": "enterer"},
            "userId": {"system": USER, "value": str(self._author.user)},
        }
        return [user, application]


class _Made:
    """What was decided last: a transaction may be run again."""

    def __init__(self) -> None:
        self.before: Version | None = None
        self.version: Version | None = None
