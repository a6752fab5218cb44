"""How much applications do, counted hour by hour: for plots, not for limits, and kept for a month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

Kind = Literal["management", "management-failed", "throttled", "fhir", "fhir-failed"]
"""Calls of user management and requests of the FHIR API that were answered; those that failed; those too many."""

HOUR = 3_600_000
"""In milliseconds."""
KEPT_HOURS = 31 * 24


class Counted(NamedTuple):
    """What is counted together; `hour` counts hours since 1970."""

    client_id: str
    hour: int
    kind: Kind


class UsageCounts(Protocol):
    async def add(self, counts: Mapping[Counted, int]) -> None:
        """Count so many more; what is older than a month may go."""
        ...

    async def since(self, client_id: str, hour: int) -> Sequence[tuple[Counted, int]]:
        """The counts of an application from an hour on."""
        ...
