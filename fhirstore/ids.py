"""Ids of resources: the one place that makes them, and so knows its own."""

from __future__ import annotations

import re
import secrets

from fhirstore.clock import now

_OWN = re.compile(r"[0-9a-f]{28}")


def new_id() -> str:
    """An id for a new resource: 28 hexadecimal digits, never given twice, later ones greater.

    The time in front keeps neighbours in time together in the database's indexes; the rest is random.
    """
    return f"{now():012x}{secrets.token_hex(8)}"


def is_own(id: str) -> bool:
    """Whether an id has the shape of those made here, so that it was given by a server and not by a client."""
    return _OWN.fullmatch(id) is not None
