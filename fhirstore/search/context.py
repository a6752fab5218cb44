"""What a query's meaning depends on besides its text: the server's address, the time, and known value sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

Code = tuple[str, str]
"""A code system and a code."""


class ValueSets(Protocol):
    """Who knows value sets and code systems' hierarchies. None from any of these: not known here."""

    def codes(self, value_set: str) -> Iterable[Code] | None:
        """The codes in a value set, given by its URL or as "ValueSet/id"."""
        ...

    def below(self, system: str, code: str) -> Iterable[Code] | None:
        """A code and all that it subsumes."""
        ...

    def above(self, system: str, code: str) -> Iterable[Code] | None:
        """A code and all that subsume it."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """`base` is this server's FHIR address without a slash at its end; `now` is in microseconds since 1970."""

    base: str = ""
    now: int = 0
    value_sets: ValueSets | None = None
