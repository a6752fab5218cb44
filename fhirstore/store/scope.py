"""What a caller's reads and writes are limited to: the first key of every index, a part of every statement."""

from __future__ import annotations

from dataclasses import dataclass

from fhirstore.caller import Caller


@dataclass(frozen=True, slots=True)
class Scope:
    """All the resources of one owner, and no others."""

    owner: int


def scope_of(caller: Caller) -> Scope:
    return Scope(caller.user)
