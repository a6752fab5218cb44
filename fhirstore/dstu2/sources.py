"""Where a resource came from: one `meta.tag` says it, of a system of our own.

DSTU2 has no `meta.source`; a tag (http://hl7.org/fhir/DSTU2/resource.html#meta) stays with the resource wherever it
goes, and is indexed as every tag is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhirstore.errors import Issue

SOURCE_SYSTEM = "urn:fhirstore:source"
"""System of the one tag whose code is the URI of a resource's source."""

ORIGINAL_ID_SYSTEM = "urn:fhirstore:original-id"
"""System of the tags whose codes are what the source itself calls a resource that was imported."""

URI_LIMIT = 500

_URI = re.compile(r'[A-Za-z][A-Za-z0-9+.\-]{0,31}:[^\x00-\x20"<>\\^`{|}\x7f-\U0010ffff]+')


@dataclass(frozen=True, slots=True)
class Stated:
    """What a request says of the source of what it writes.

    `named` holds for all of it; where it is None, each resource's own tag counts, and `default` for those without.
    """

    default: str
    named: str | None = None


def application_source(client_id: str) -> str:
    """The source of what an application writes in nobody else's name."""
    return f"urn:fhirstore:application:{client_id}"


def is_absolute_uri(text: str) -> bool:
    """Whether a text can name a source: a scheme, and no blanks (RFC 3986)."""
    return len(text) <= URI_LIMIT and _URI.fullmatch(text) is not None


def source_of(meta: Mapping[str, Any]) -> str | None:
    """The URI of the source that a resource's meta names."""
    codes = tagged(meta, SOURCE_SYSTEM)
    return codes[0] if codes else None


def tagged(meta: Mapping[str, Any], system: str) -> list[str]:
    """The codes of the tags of one system."""
    return [tag["code"] for tag in _tags(meta) if tag.get("system") == system and isinstance(tag.get("code"), str)]


def with_source(meta: Mapping[str, Any], stated: Stated) -> Mapping[str, Any]:
    """The same meta with exactly one tag of the source, behind all others."""
    tags = _tags(meta)
    if not tags:
        return {**meta, "tag": [{"system": SOURCE_SYSTEM, "code": stated.named or stated.default}]}
    own = source_of(meta)
    source = stated.named or own or stated.default
    if source == own and tags[-1].get("system") == SOURCE_SYSTEM and len(tagged(meta, SOURCE_SYSTEM)) == 1:
        return meta
    kept = [tag for tag in tags if tag.get("system") != SOURCE_SYSTEM]
    return {**meta, "tag": [*kept, {"system": SOURCE_SYSTEM, "code": source}]}


def source_issues(document: Mapping[str, Any]) -> list[Issue]:
    """What is wrong with the source that a resource names itself."""
    meta = document.get("meta")
    if not isinstance(meta, dict):
        return []
    found = [
        (position, tag.get("code")) for position, tag in enumerate(_tags(meta)) if tag.get("system") == SOURCE_SYSTEM
    ]
    path = f"{document.get('resourceType')}.meta.tag"
    if len(found) > 1:
        return [Issue("error", "business-rule", f"A resource has one source: one tag of {SOURCE_SYSTEM}.", path)]
    return [
        Issue("error", "value", "The code of a source's tag is an absolute URI.", f"{path}[{position}].code")
        for position, code in found
        if not isinstance(code, str) or not is_absolute_uri(code)
    ]


def _tags(meta: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    tags = meta.get("tag")
    return [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
