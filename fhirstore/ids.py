"""Ids of resources: the one place that makes them, and so knows its own."""

from __future__ import annotations

import os
import re
import secrets

from fhirstore.clock import now

_OWN = re.compile(r"[0-9a-f]{28}")


def new_id() -> str:
    """An id for a new resource: 28 hexadecimal digits, never given twice, later ones greater.

    The time in front keeps neighbours in time together in the database's indexes; the rest is random.
    """
    try:
        random = _random.pop()
    except IndexError:
        # Many at once: each call of the system's lets other threads go first.
        drawn = secrets.token_hex(8 * _DRAWN)
        _random.extend(drawn[at : at + 16] for at in range(0, len(drawn), 16))
        random = _random.pop()
    return f"{now():012x}{random}"


_DRAWN = 256
_random: list[str] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.clear)


def is_own(id: str) -> bool:
    """Whether an id has the shape of those made here, so that it was given by a server and not by a client."""
    return _OWN.fullmatch(id) is not None
