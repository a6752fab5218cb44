"""Judge codes against the required bindings. http://hl7.org/fhir/DSTU2/terminologies.html#required

Value sets that the specification enumerates are checked code by code, languages and media types by their
syntax; what needs a terminology server is let pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from fhirstore.dstu2.catalog import Binding

LANGUAGES = "http://tools.ietf.org/html/bcp47"
MEDIA_TYPES = "http://www.rfc-editor.org/bcp/bcp13.txt"

# The formats that a server supports may be told in short: "xml", "json".
_SHORT_FORMATS = frozenset({"Conformance.format"})

_match_language = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*").fullmatch
_match_media_type = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+*-]+(?: *;.*)?", re.ASCII).fullmatch
_match_format = re.compile(r"[\w!#$&^.+-]+(?:/[\w!#$&^.+*-]+)?(?: *;.*)?", re.ASCII).fullmatch


def code_matcher(binding: Binding, path: str) -> Callable[[str], object] | None:
    """What tells whether a code is allowed by the binding of the element at `path`; None where any is."""
    if binding.strength != "required":
        return None
    if binding.codes is not None:
        return binding.codes.__contains__
    if binding.value_set == LANGUAGES:
        return _match_language
    if binding.value_set == MEDIA_TYPES:
        return _match_format if path in _SHORT_FORMATS else _match_media_type
    return None


def allows_coding(codes: frozenset[str], coding: Any) -> bool:
    """Whether a Coding is one of "system|code"; without its system a code means nothing."""
    if not isinstance(coding, dict):
        return True
    return f"{coding.get('system')}|{coding.get('code')}" in codes


def allows_concept(codes: frozenset[str], concept: Any) -> bool:
    """Whether any coding of a CodeableConcept is; text alone is not."""
    if not isinstance(concept, dict):
        return True
    codings = concept.get("coding", [])
    return not isinstance(codings, list) or any(allows_coding(codes, coding) for coding in codings)


ALLOWS: dict[str, Callable[[frozenset[str], Any], bool]] = {
    "Coding": allows_coding,
    "CodeableConcept": allows_concept,
}
