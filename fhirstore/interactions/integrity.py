"""Referential integrity, for those who want it: nothing is deleted while something refers to it.

http://hl7.org/fhir/DSTU2/http.html#delete leaves this to the server. Off by default: records that come from several
sources refer to what was never sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import TypeVar

from fhirstore.dstu2.catalog import resource_types
from fhirstore.errors import Conflict
from fhirstore.extents import WHOLE, Extents
from fhirstore.search.parameters import parameters
from fhirstore.search.plan import AllOf, HasKey, Not, OfType, Plan
from fhirstore.store.contract import Change, Page, Resources, Version
from fhirstore.store.part import is_inside
from fhirstore.store.read_through import ReadThrough

Result = TypeVar("Result")


class ReferentialIntegrity(ReadThrough):
    """`Resources` whose writes happen only if they leave no reference by a search parameter pointing at a deletion.

    Writes that happen together are judged together: a transaction may delete two resources that refer to each other.
    What refers to a deletion is named to those alone who may read it: it is in `readable`.
    """

    def __init__(self, resources: Resources, readable: Extents = WHOLE) -> None:
        super().__init__(resources)
        self._readable = readable

    async def change(self, change: Change) -> Version | None:
        return (await self.change_all([change]))[0]

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        async def work(inside: Resources) -> Sequence[Version | None]:
            written = await inside.change_all(changes)
            for version in written:
                if version is not None and version.deleted:
                    await self._refuse_while_referred_to(version, inside)
            return written

        return await self._resources.transact(work)

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        return await self._resources.transact(lambda inside: work(ReferentialIntegrity(inside, self._readable)), locks)

    async def _refuse_while_referred_to(self, deleted: Version, inside: Resources) -> None:
        address = f"{deleted.type}/{deleted.id}"
        referring = HasKey(tuple(f"{key}={address}" for key in _referring(deleted.type)))
        # A Provenance is about versions, which stay.
        other = Not(OfType(("Provenance",)))
        found = await inside.find(Plan((), AllOf((referring, other))), Page(1, total=False))
        if found.matches:
            by = found.matches[0].version
            named = f"{by.type}/{by.id}" if is_inside(by, self._readable) else "something"
            raise Conflict(f"{address} cannot be deleted: {named} refers to it.")


@cache
def _referring(type: str) -> tuple[str, ...]:
    """The keys of all reference parameters that may point at a type."""
    return tuple(
        parameter.key
        for other in resource_types()
        for parameter in parameters(other).values()
        if parameter.kind == "reference" and (not parameter.targets or type in parameter.targets)
    )
