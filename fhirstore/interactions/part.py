"""The part of a resource that was asked for, by `_summary` or `_elements`.

http://hl7.org/fhir/DSTU2/search.html#summary
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from fhirstore.dstu2.json_format import dump, parse
from fhirstore.dstu2.subset import Part, only_elements, summary
from fhirstore.errors import BadRequest

PART = ("_summary", "_elements")
"""The parameters that `part` reads."""

_PARTS: Mapping[str, Part] = {"true": "true", "text": "text", "data": "data"}


def cut(body: bytes, kind: str, elements: Collection[str] = ()) -> bytes:
    """The stored bytes of a resource, or what `_summary` (its value is `kind`) or `_elements` leaves of them."""
    if elements:
        return dump(only_elements(parse(body), frozenset(elements)))
    wanted = _PARTS.get(kind)
    return dump(summary(parse(body), wanted)) if wanted else body


def cut_all(parts: Sequence[tuple[str, bytes]], kind: str, elements: Collection[str]) -> Sequence[tuple[str, bytes]]:
    """The same of several resources, each with its address."""
    if not elements and kind not in _PARTS:
        return parts
    return [(address, cut(body, kind, elements)) for address, body in parts]


def part(body: bytes, given: Mapping[str, str]) -> bytes:
    """The same for an interaction that is no search, by its parameters. Raises BadRequest."""
    kind, elements = given.get("_summary", "false"), given.get("_elements", "")
    if kind not in {"true", "false", "text", "data"}:
        raise BadRequest("Here, _summary is true, text, data or false.")
    if not all(name.isascii() and name.isalnum() for name in elements.split(",") if elements):
        raise BadRequest("_elements needs names of elements with commas between them.")
    return cut(body, kind, elements.split(",") if elements else ())
