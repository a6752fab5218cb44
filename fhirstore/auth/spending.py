"""Codes and refresh tokens while they are spent, to tell a race from a theft.

Who shows a code that is spent already has it from somebody else, and all that was given for it is taken back. But of
requests that run at the same moment, as when a page was sent twice or a client tries again too early, one wins and the
others have taken nothing: whoever holds the code would have won alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Race:
    """Requests of this process for one code, each of which began before another of them had ended."""

    running: int = 0
    won: bool = False


class Spending:
    """The races that are run at this moment. A race with another process is a theft: nobody can tell it from one."""

    def __init__(self) -> None:
        self._races: dict[str, Race] = {}

    @contextmanager
    def race(self, hash: str) -> Iterator[Race]:
        """Join the race for a code, or begin it."""
        race = self._races.setdefault(hash, Race())
        race.running += 1
        try:
            yield race
        finally:
            race.running -= 1
            if not race.running:
                del self._races[hash]
