"""What a caller's reads and writes are limited to: the first key of every index, a part of every statement."""

from __future__ import annotations

from dataclasses import dataclass

from fhirstore.caller import Caller
from fhirstore.extents import WHOLE, Extents


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of one owner's record."""

    owner: int
    extents: Extents = WHOLE


@dataclass(frozen=True, slots=True)
class Scope:
    """The resources of one owner, as far as they may be read and written: the whole record, where nothing is said.

    `shared` are parts of others' records that may be read besides. Where two resources have one type and id, the
    owner's goes before a shared one, and an earlier slice before a later.
    """

    owner: int
    readable: Extents = WHOLE
    writable: Extents = WHOLE
    shared: tuple[Slice, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it is one record, all of it and nothing else."""
        return self.readable == WHOLE and self.writable == WHOLE and not self.shared


def scope_of(caller: Caller) -> Scope:
    return Scope(caller.user, caller.opened.readable, caller.opened.writable)
