"""What a caller's reads and writes are limited to: the first key of every index, a part of every statement."""

from __future__ import annotations

from typing import NamedTuple

from fhirstore.caller import Caller
from fhirstore.extents import WHOLE, Extents, Slice


class Scope(NamedTuple):
    """The resources of one owner, as far as they may be read and written: the whole record, where nothing is said.

    A tuple, for every request makes one.

    `shared` are parts of others' records that may be read besides. An address means one resource: the owner's before a
    shared one, an earlier slice's before a later's. The others are not there, unless the records are `apart`: then all
    are found, and only reading by address has to choose.
    """

    owner: int
    readable: Extents = WHOLE
    writable: Extents = WHOLE
    shared: tuple[Slice, ...] = ()
    apart: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is one record, all of it and nothing else."""
        return self.readable == WHOLE and self.writable == WHOLE and not self.shared


def scope_of(caller: Caller) -> Scope:
    return Scope(caller.user, caller.opened.readable, caller.opened.writable, caller.shared, caller.everybody)
