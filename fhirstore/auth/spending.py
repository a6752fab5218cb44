"""Codes that were spent a moment ago, to tell a race from a theft.

A code that is shown again has been stolen, or is repeated by whoever had it: a page loaded twice, a proxy that tries
again. Within seconds, and as long as nothing came of the first, it is taken for a repetition. Whoever has used the
tokens already has no reason to ask for them again: then it is a theft, however soon.
"""

from __future__ import annotations

from fhirstore.auth.secrets import digest

TOGETHER_MS = 5000
"""How long after a code was spent it may still be a repetition, in milliseconds."""
_REMEMBERED = 1000


class Spending:
    """What this process gave for codes, as hashes; of what another one gave, only the moment is known."""

    def __init__(self) -> None:
        self._given: dict[str, tuple[int, tuple[str, ...]]] = {}

    def remember(self, code: str, now: int, *given: str | None) -> None:
        """`code` is its hash, `given` are the tokens for it in clear."""
        if len(self._given) >= _REMEMBERED:
            self._given = {each: kept for each, kept in self._given.items() if now - kept[0] < TOGETHER_MS}
        self._given[code] = now, tuple(digest(token) for token in given if token is not None)

    def given_for(self, code: str) -> tuple[str, ...]:
        return self._given.get(code, (0, ()))[1]
