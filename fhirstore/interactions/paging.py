"""How many entries a page has, and the parameter that asks for the next."""

from __future__ import annotations

from fhirstore.errors import BadRequest
from fhirstore.interactions.request import Limits

PAGE = "_page"
"""Ours: holds an opaque token. Clients get it in links and never make it up."""


def page_size(count: str | None, limits: Limits) -> int:
    """What `_count` asks for, as far as the limit goes. Raises BadRequest."""
    if count is None:
        return limits.default_page
    if not (count.isascii() and count.isdigit() and len(count) < 10):
        raise BadRequest("_count must be a whole number.")
    return min(int(count), limits.page)
