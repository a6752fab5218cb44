"""How two values, and two facts, stand to each other."""

from __future__ import annotations

from enum import IntEnum

import msgspec


class Agreement(IntEnum):
    """Of two values. UNLIKE is told by words alone, DIFFERENT by codes, numbers or times; CLOSE leaves some doubt."""

    DIFFERENT = -2
    UNLIKE = -1
    UNKNOWN = 0
    CLOSE = 1
    EQUAL = 2


class Likeness(IntEnum):
    """Of two facts: from a contradiction to an identity that somebody assigned.

    FAINT says nothing of two alone: only where several sources tell as many of it are they taken for the same.
    """

    CONTRARY = -1
    UNKNOWN = 0
    FAINT = 1
    WEAK = 2
    FAIR = 3
    STRONG = 4
    CERTAIN = 5


class Comparison(msgspec.Struct, frozen=True, gc=False):
    """What there is to say of two facts, with the reason in words where they state the same."""

    likeness: Likeness
    words: str = ""


CONTRARY = Comparison(Likeness.CONTRARY)
UNKNOWN = Comparison(Likeness.UNKNOWN)
