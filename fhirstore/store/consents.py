"""What users allowed to which applications, and the launches that wait for one, as both stores keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Consent:
    """What one user allows one application, about one Patient (its id) or about none in particular: one standing word
    for each three.

    `scope` is all that tokens given for it may carry. `since` is when the user last said so, `used` when a token of it
    was last looked at, to the hour (milliseconds).
    """

    user: int
    client_id: str
    patient: str | None
    scope: str
    since: int
    used: int | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch that was prepared for one user and one application; the secret that names it is kept as its hash."""

    hash: str
    user: int
    client_id: str
    patient: str | None
    expires: int


class Consents(Protocol):
    async def allow(self, consent: Consent, *, anew: bool = False) -> None:
        """Keep a consent in the place of the one before it; `anew`, with all that was given for that one forgotten."""
        ...

    async def consent(self, user: int, client_id: str, patient: str | None) -> Consent | None: ...

    async def consents(self, user: int) -> Sequence[Consent]:
        """All of a user's, oldest first."""
        ...

    async def note_use(self, consent: Consent, now: int) -> None: ...

    async def withdraw(self, user: int, client_id: str) -> bool:
        """Forget all that the user allowed the application, with every token and code that was given for it, those too
        that another process is adding at this moment; False where there was nothing to forget."""
        ...

    async def add_launch(self, launch: Launch, now: int) -> None:
        """Add one; those that have expired may go."""
        ...

    async def launch(self, hash: str) -> Launch | None: ...

    async def take_launch(self, hash: str) -> Launch | None:
        """The launch, and no more of it: of any number of concurrent calls exactly one gets it."""
        ...
