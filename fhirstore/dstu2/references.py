"""Read literal references: which type of resource a URL or a fragment points at.

http://hl7.org/fhir/DSTU2/references.html
"""

from __future__ import annotations

import re

from fhirstore.dstu2.catalog import is_resource_type

_match_id = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_match_type_name = re.compile(r"[A-Z][A-Za-z]*").fullmatch


def target_type(reference: str) -> str | None:
    """The resource type that a literal names, or None where it names none.

    "Patient/23", "Patient/23/_history/2", "http://example.org/fhir/Patient/23" and the search
    "Patient?identifier=x" of a transaction all name Patient; "urn:uuid:…", "#p1" and a URL of another form
    name nothing.
    """
    address, _, search = reference.partition("?")
    steps = address.split("/")
    if search:
        return steps[-1] if is_resource_type(steps[-1]) else None
    if len(steps) > 3 and steps[-2] == "_history":
        del steps[-2:]
    if len(steps) > 1 and is_resource_type(steps[-2]) and _match_id(steps[-1]):
        return steps[-2]
    return None


def is_malformed(reference: str) -> bool:
    """Whether a literal that names no type is no reference at all: it has blanks, or an unknown type."""
    if any(character.isspace() for character in reference):
        return True
    steps = reference.split("/")
    return len(steps) == 2 and _match_type_name(steps[0]) is not None
