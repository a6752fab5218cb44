"""Questions that plans ask of single keys, as values: they can be compared, and read in an explained plan.

Each is given what follows the plan's prefix in a key or range name.
"""

from __future__ import annotations

from dataclasses import dataclass

from fhirstore.search.entries import UNIT_SEPARATOR


@dataclass(frozen=True, slots=True)
class TextContains:
    """The folded text holds `part` anywhere."""

    prefix: str
    part: str

    def __call__(self, key: str) -> bool:
        return self.part in key[len(self.prefix) :].partition(UNIT_SEPARATOR)[0]


@dataclass(frozen=True, slots=True)
class TextIs:
    """The folded text begins, ends, or is `part`."""

    prefix: str
    part: str
    where: str

    def __call__(self, key: str) -> bool:
        text = key[len(self.prefix) :].partition(UNIT_SEPARATOR)[0]
        if self.where == "end":
            return text.endswith(self.part)
        return text == self.part if self.where == "whole" else text.startswith(self.part)


@dataclass(frozen=True, slots=True)
class Side:
    """What one component of a composite asks: to be one of `exacts`, or (None) a beginning and an end."""

    exacts: tuple[str, ...] | None = None
    begins: str = ""
    ends: str = ""

    def __call__(self, text: str) -> bool:
        if self.exacts is not None:
            return text in self.exacts
        return (
            text.startswith(self.begins) and text.endswith(self.ends) and len(text) >= len(self.begins) + len(self.ends)
        )


@dataclass(frozen=True, slots=True)
class BothSides:
    """The two halves of a composite's key, around "$"."""

    prefix: str
    left: Side
    right: Side

    def __call__(self, key: str) -> bool:
        left, _, right = key[len(self.prefix) :].partition("$")
        return self.left(left) and self.right(right)


@dataclass(frozen=True, slots=True)
class UnitIs:
    """A range name whose token half is accepted (in composites) and whose unit half is `unit`.

    The unit half is "" for the bare value, "^base" for canonical units, "|system|code|text" for units as written.
    `unit` is that half, or, with `written`, what the code or the text must be.
    """

    prefix: str
    unit: str = ""
    written: bool = False
    beginning: bool = False
    left: Side | None = None

    def of(self, prefix: str, left: Side | None = None) -> UnitIs:
        """The same question about names under a prefix."""
        return UnitIs(prefix, self.unit, self.written, self.beginning, left)

    def __call__(self, name: str) -> bool:
        rest = name[len(self.prefix) :]
        if self.left is not None:
            token, _, rest = rest.partition("$")
            if not self.left(token):
                return False
        if self.written:
            parts = rest.split("|")
            return len(parts) == 4 and self.unit in parts[2:]
        return rest.startswith(self.unit) if self.beginning else rest == self.unit
