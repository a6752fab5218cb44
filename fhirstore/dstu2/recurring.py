"""Values that come again and again, word for word: concepts, quantities, references, and what is made of these.

What is found out about such a value by itself, its verdict and its entries, is remembered by its text. Identifiers,
names, dates and narratives are mostly unique: they would only drive out what many resources share.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from fhirstore.dstu2 import catalog

REMEMBERED = 8192
"""How many of them are remembered, for each purpose: some megabytes."""

TEXT_LIMIT = 600
"""Bytes of what is remembered: longer ones seldom come again, and would fill the memory."""

SIGHTS = 32_768
"""Of so many values it is known that they came; then all of these are forgotten."""

_TYPES = frozenset({"CodeableConcept", "Coding", "Quantity", "Reference", "BackboneElement"})

_write = msgspec.json.Encoder(decimal_format="number").encode
_read = msgspec.json.Decoder(float_hook=Decimal).decode


@cache
def recurring(resource_type: str) -> Mapping[str, str]:
    """The properties of a resource that hold such values, with their places ("Observation.code"); none of one that is
    in no patient's compartment, for of those there are few, and their parts are long.
    """
    if resource_type not in catalog.compartment("Patient"):
        return {}
    kinds = [each for element in catalog.elements(resource_type) for each in element.json_names.items()]
    return {name: f"{resource_type}.{name}" for name, kind in kinds if kind in _TYPES}


class Recurrence:
    """What came before, for one purpose. What comes but once is not worth remembering, and most of that never comes
    again: so it takes a second time.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def text_of(self, place: str, value: Any) -> bytes | None:
        """The text that a value at a place is remembered by; None where it is not."""
        try:
            text = _write(value)
        except (ValueError, ArithmeticError, TypeError, RecursionError):  # what no client can have sent as JSON
            return None
        if len(text) > TEXT_LIMIT:
            return None
        sight = hash((place, text))
        if sight in self._seen:
            return text
        if len(self._seen) >= SIGHTS:
            self._seen.clear()
        self._seen.add(sight)
        return None


def read_text(text: bytes) -> Any:
    """The value of such a text."""
    return _read(text)
