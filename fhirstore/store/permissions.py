"""Who shares which patient with whom, as both stores keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Permission:
    """`recipient` may read what is in the compartment of `owner`'s Patient with the id `patient`, and that Patient.

    `since` is when it was given (milliseconds).
    """

    owner: int
    patient: str
    recipient: int
    since: int


class Permissions(Protocol):
    async def give(self, permission: Permission) -> None:
        """Keep a permission; one that was given before stays as it is."""
        ...

    async def take_back(self, owner: int, patient: str, recipient: int) -> bool:
        """False where there was none."""
        ...

    async def given(self, owner: int) -> Sequence[Permission]:
        """What an owner shares, with whom: oldest first."""
        ...

    async def received(self, recipient: int) -> Sequence[Permission]:
        """What is shared with somebody, oldest first: also by owners who are switched off."""
        ...
