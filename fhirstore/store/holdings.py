"""How much a user's record holds, for those who look after users and see no record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Holdings(Protocol):
    async def counts(self, owner: int) -> Mapping[str, int]:
        """How many resources of each type are there now, types in alphabetical order; types without any are left out.

        It costs as much as there are types, not resources, where the store can help it.
        """
        ...
