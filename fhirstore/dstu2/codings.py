"""Codings as nearly all of them are: a system, a code and a display, short, and the same in many resources.

http://hl7.org/fhir/DSTU2/datatypes.html#Coding. The keys of such a coding are worth remembering, whatever it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM

REMEMBERED = 16384
"""How many of them are remembered, for each purpose: some megabytes."""

LENGTH_LIMIT = 400
"""Characters of what is remembered: long texts seldom come again, and would fill the memory."""

PlainCoding = tuple[str, str, str | None]


def plain_coding(coding: Mapping[str, Any]) -> PlainCoding | None:
    """System, code and display (or None) of a coding that is no more than these; None for any other.

    The ids that a source gave its resources are others too: each would come once, and drive out what many share.
    """
    system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
    if type(system) is not str or type(code) is not str or system == ORIGINAL_ID_SYSTEM:
        return None
    if display is None:
        return (system, code, None) if len(coding) == 2 and len(system) + len(code) <= LENGTH_LIMIT else None
    if type(display) is not str or len(coding) != 3 or len(system) + len(code) + len(display) > LENGTH_LIMIT:
        return None
    return system, code, display
