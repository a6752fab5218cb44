"""What one request did, noted for the trail: every interaction, whether it was answered or refused.

`perform` notes each interaction, so that entries of Bundles are noted like requests of their own. Which versions came
of it is seen where they are written, so that nothing that writes is left out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

import msgspec

from fhirstore.caller import Access, Caller
from fhirstore.clock import Clock
from fhirstore.store.contract import Change, Resources, Version
from fhirstore.store.read_through import ReadThrough
from fhirstore.store.trail import Deed, next_order

Result = TypeVar("Result")
Extent = Literal["all", "writes", "off"]
"""How much is noted: everything, all but what only reads, nothing."""

MADE_BY = {"POST": "create", "PUT": "update", "DELETE": "delete"}
"""The interaction that makes a version by a method."""
REQUEST_ID = "fhirstore.request_id"
"""Where a request's ASGI scope keeps its id."""
_PATIENT = b'"reference":"Patient/'


class Notes(msgspec.Struct):
    """The notes of one request; `made` are the versions that were made, and `seen` the users whose shared records
    something was shown of, and not yet noted."""

    put: Callable[[Deed], None]
    caller: Caller
    clock: Clock
    extent: Extent = "all"
    request_id: str = ""
    address: str = ""
    made: list[Version] = []
    seen: set[int] = set()

    def show(self, owner: int) -> None:
        """Something of another user's is shown to the caller."""
        self.seen.add(owner)

    def note(
        self,
        code: str,
        access: Access | None,
        status: int,
        type: str,
        id: str,
        *,
        version: Version | None = None,
        patient: str = "",
    ) -> None:
        """Note an interaction that ended: the versions that it made, or that it was asked for.

        `patient` is the id of the one whose compartment was asked for.
        """
        if self.made:
            for each in self.made:
                action, answered = (code, status) if code != "transaction" else (MADE_BY[each.method], _status(each))
                self._put_write(each, action, answered)
            self.made.clear()
            if code != "transaction":
                return
        caller = self.caller
        user = None if caller.everybody else caller.user
        owners = self._owners(user) if self.seen else (user,)
        if access == "read" and self.extent == "writes":
            return
        if version is not None:
            id = id or version.id
            patient = patient or patient_of(type, id, version.body)
        elif type == "Patient":
            patient = patient or id
        at, by, request_id, address = self.clock(), caller.client_id, self.request_id, self.address
        for owner in owners:
            order = next_order()
            self.put(Deed(at, order, code, status, owner, by, user, type, id, None, patient, request_id, address))

    def _owners(self, user: int | None) -> list[int | None]:
        """Everybody whose record was looked at, and whoever's token it was in any case."""
        owners: list[int | None] = [*self.seen]
        self.seen.clear()
        return owners if user is None else [*owners, user]

    def _put_write(self, version: Version, action: str, status: int) -> None:
        user, by, request_id, address = self.caller.user, self.caller.client_id, self.request_id, self.address
        at, order, type, id, number = version.updated, next_order(), version.type, version.id, version.number
        patient = patient_of(type, id, version.body)
        self.put(Deed(at, order, action, status, user, by, user, type, id, number, patient, request_id, address))


def patient_of(type: str, id: str, body: bytes) -> str:
    """The id of the patient that a resource is about: itself, or the first that it refers to; "" for none."""
    if type == "Patient":
        return id
    start = body.find(_PATIENT)
    if start < 0:
        return ""
    start += len(_PATIENT)
    return body[start : body.find(b'"', start)].partition(b"/")[0].decode()


def _status(made: Version) -> int:
    if made.deleted:
        return 204
    return 201 if made.number == 1 else 200


class Noted(ReadThrough):
    """`Resources` that tell which versions are made: they come into `made` once they are sure."""

    def __init__(self, resources: Resources, made: list[Version]) -> None:
        self._resources = resources
        self._made = made

    async def change(self, change: Change) -> Version | None:
        watched = _Watched(change)
        written = await self._resources.change(watched.change)
        if watched.decided and written is not None:
            self._made.append(written)
        return written

    async def change_all(self, changes: Sequence[Change]) -> Sequence[Version | None]:
        watched = [_Watched(change) for change in changes]
        written = await self._resources.change_all([each.change for each in watched])
        self._made += [
            version for each, version in zip(watched, written, strict=True) if each.decided and version is not None
        ]
        return written

    async def transact(self, work: Callable[[Resources], Awaitable[Result]], locks: Sequence[str] = ()) -> Result:
        made: list[Version] = []

        async def noted(inside: Resources) -> Result:
            made.clear()  # the attempt before this one was undone
            return await work(Noted(inside, made))

        result = await self._resources.transact(noted, locks)
        self._made += made
        return result


class _Watched:
    """A change, and whether it was made the last time it was decided."""

    __slots__ = ("_decide", "change", "decided")

    def __init__(self, change: Change) -> None:
        self.decided = False
        self._decide = change.decide
        self.change = Change(change.type, change.id, self._watch, change.fresh)

    def _watch(self, current: Version | None) -> Version | None:
        following = self._decide(current)
        self.decided = following is not None
        return following
