"""Resources removed with all that they ever were: the one way in which a version goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fhirstore.store.scope import Scope


class Purging(Protocol):
    async def purge(self, scope: Scope, keys: Sequence[tuple[str, str]]) -> int:
        """Take away resources, given by type and id, with every version and everything that they are found by.

        Answers how many versions went. What is not there is no failure, so that it can be done again.
        """
        ...
