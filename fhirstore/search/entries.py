"""What one resource is found by: exact keys, ranges, and the words of its text.

A key is `name` + separator + value, where `name` is "Observation.code" or, for parameters of every resource, "_tag":

    Observation.code=http://loinc.org|8480-6   token with its system ("|8480-6" where it has none)
    Observation.code:8480-6                    token whatever its system
    Observation.code~systolic␟Systolic         text, folded, then as it is written (␟ is U+001F)
    Observation.subject=Patient/123            reference, or uri
    Observation.subject!                       present, though nothing of it can be searched
    compartment=Patient/123                    in a compartment

Inside values `\\`, `|` and `$` are written `\\5c`, `\\7c` and `\\24`, so that they only ever separate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from fhirstore.search.folding import FOLDED_LIMIT, fold

RULES_VERSION = 2
"""Of the rules that make entries. Whoever changes what a resource is found by counts it up: reindexing looks at it."""

UNIT_SEPARATOR = "\x1f"
EXACT_LIMIT = 120

Bound = int | str
"""Microseconds since 1970 in UTC, or a number as `decimals.encode` writes it."""

_ESCAPES = str.maketrans({"\\": "\\5c", "|": "\\7c", "$": "\\24"})


class Range(NamedTuple):
    """The half-open interval [low, high) that a value may lie in. A tuple, for a resource has a dozen.

    For numbers `low` and `high` include the precision of how they are written, and [least, most) is the number
    alone (or the explicit limits); for dates there are only `low` and `high`.
    """

    name: str
    low: Bound
    high: Bound
    least: Bound | None = None
    most: Bound | None = None


class Entries(msgspec.Struct, frozen=True):
    """What one resource is found by. Keys, ranges and words are each without doubles.

    `words` are those of the whole content; the words of the narrative stand there with "~" before them.
    `contained` holds the entries of contained resources, which are searched with `_contained`.
    """

    keys: tuple[str, ...] = ()
    ranges: tuple[Range, ...] = ()
    words: tuple[str, ...] = ()
    contained: tuple[ContainedEntries, ...] = ()


class ContainedEntries(msgspec.Struct, frozen=True):
    """Entries of one contained resource; `id` is its local one, without "#"."""

    type: str
    id: str
    entries: Entries


class Collector:
    """Gathers the entries of one resource while its document is walked; what is gathered twice counts once.

    `base` is this server's own address; `contained` maps the ids of contained resources to their types.
    """

    __slots__ = ("base", "contained", "keys", "ranges", "words")

    def __init__(self, base: str, contained: Mapping[str, str]) -> None:
        self.base = base
        self.contained = contained
        self.keys: list[str] = []
        self.ranges: list[Range] = []
        self.words: list[str] = []


Index = Callable[[Any, Collector], bool]
"""Makes the entries of one value of a parameter; False where there is nothing in it to search."""

Handle = Callable[[Any, Mapping[str, Any], Collector], None]
"""Makes the entries of all that a property holds, given the element that has it."""


def escape(text: str) -> str:
    """A value as it stands inside a key."""
    if "|" in text or "$" in text or "\\" in text:
        text = text.translate(_ESCAPES)
    if len(text) > EXACT_LIMIT * 4:
        return text[:EXACT_LIMIT] + UNIT_SEPARATOR + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return text


def text_key(name: str, text: str) -> str:
    """The key of a text: its folded form, by which it is ordered and ranged, then its exact one."""
    form = _both_forms(text) if len(text) <= EXACT_LIMIT else _both_forms.__wrapped__(text)
    return f"{name}~{form}"


@lru_cache(maxsize=8192)
def _both_forms(text: str) -> str:
    """Names, places and displays come again and again; long texts do not, and are not kept."""
    return f"{fold(text)[:FOLDED_LIMIT]}{UNIT_SEPARATOR}{exact(text)}"


def exact(text: str) -> str:
    """A text as `:exact` compares it: itself, or a digest where it is long."""
    if len(text) <= EXACT_LIMIT and "\x00" not in text:
        return text
    return "#" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
