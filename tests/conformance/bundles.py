"""Bundles of requests, as cases post them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def entry(
    method: str, url: str, resource: Mapping[str, Any] | None = None, full_url: str = "", **request: str
) -> dict[str, Any]:
    """One entry; names in `request` are those of Bundle.entry.request (`ifNoneExist` …)."""
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if full_url:
        made["fullUrl"] = full_url
    return made


def transaction(*entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def batch(*entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}
