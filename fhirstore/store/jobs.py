"""Work that outlives a request: imports, exports, removals. Any process takes up what another one dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

State = Literal["receiving", "waiting", "running", "done", "failed", "cancelled"]

OPEN: frozenset[State] = frozenset({"receiving", "waiting", "running"})
CHUNK_BYTES = 1_000_000
"""How long a piece of a job's files is at most, in bytes: a database takes no documents of any size."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work for one owner's record, asked for by one application.

    `kind` says what to do and `parameters` with what; `progress` is what a successor needs to go on, and `result` what
    came of it: JSON, all three. A job whose input still arrives is `receiving`, and nobody takes it up. A running one
    belongs to its `holder` until the moment `lease` (milliseconds), and is anybody's afterwards.
    """

    id: str
    owner: int
    client_id: str
    kind: str
    created: int
    parameters: Mapping[str, Any] = field(default_factory=dict)
    state: State = "waiting"
    progress: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    updated: int = 0
    lease: int = 0
    holder: str = ""


class Jobs(Protocol):
    async def add(self, job: Job) -> None: ...

    async def job(self, id: str) -> Job | None: ...

    async def receive(self, id: str, now: int) -> bool:
        """All input of a job is there: now it waits to be taken up. False where it is gone."""
        ...

    async def count_open(self, client_id: str) -> int:
        """How many of an application's jobs have not ended."""
        ...

    async def take(self, kinds: Sequence[str], holder: str, now: int, lease: int) -> Job | None:
        """The oldest job of these kinds that waits, or whose holder's lease is over; it is the new holder's now.

        Of any number of concurrent calls exactly one gets it.
        """
        ...

    async def note(self, job: Job, progress: Mapping[str, Any], now: int, lease: int) -> bool:
        """Keep how far the holder came, and its hold; False where it has lost it, or the job was cancelled."""
        ...

    async def end(self, job: Job, state: State, result: Mapping[str, Any], now: int) -> bool:
        """The holder's last word; False as in `note`."""
        ...

    async def cancel(self, id: str, now: int) -> bool:
        """End a job that has not ended; its holder learns it at its next note."""
        ...

    async def forget(self, id: str) -> None:
        """Take away a job and its files."""
        ...

    async def forget_ended(self, before: int) -> int:
        """Take away all jobs that ended before a moment, or whose input never came to its end; answers how many."""
        ...

    async def forget_owner(self, owner: int) -> None:
        """Take away all jobs of an owner, with their files."""
        ...

    async def put_chunk(self, id: str, file: str, number: int, content: bytes) -> None:
        """Keep a piece of one of a job's files, in the place of an earlier one of that number."""
        ...

    async def chunk(self, id: str, file: str, number: int) -> bytes | None:
        """A piece of a file, None where there is none of that number. Numbers need not be without gaps."""
        ...

    async def chunk_numbers(self, id: str, file: str) -> Sequence[int]:
        """The numbers of all pieces of a file, ascending."""
        ...

    async def forget_file(self, id: str, file: str) -> None: ...
