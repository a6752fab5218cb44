"""Where a resource came from, in words: its source's name, and what the source itself calls the resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM, SOURCE_SYSTEM, application_source

_APPLICATION = application_source("")


@dataclass(frozen=True, slots=True)
class Origin:
    """`uri` names the source; `client_id` is its application, where it is one of this server's."""

    uri: str = ""
    name: str = "Unknown source"
    original_id: str = ""
    client_id: str = ""


def origin_of(document: Mapping[str, Any]) -> Origin:
    """What the tags of any stored resource say."""
    meta = document.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    named, original = {}, ""
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, dict) and isinstance(tag.get("code"), str):
            if tag.get("system") == SOURCE_SYSTEM:
                named = tag
            elif tag.get("system") == ORIGINAL_ID_SYSTEM:
                original = original or str(tag["code"])
    if not named:
        return Origin(original_id=original)
    uri = str(named["code"])
    client_id = uri.removeprefix(_APPLICATION) if uri.startswith(_APPLICATION) else ""
    return Origin(uri, str(named.get("display") or "") or _name(uri), original, client_id)


def without_a_name(document: Mapping[str, Any]) -> str:
    """The client_id of the application that is a resource's source, where its tag does not say how it is called."""
    origin = origin_of(document)
    return origin.client_id if origin.name == origin.uri else ""


def named(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same resource, whose source is called by a name."""
    meta = document["meta"]
    tags = [{**tag, "display": name} if tag.get("system") == SOURCE_SYSTEM else tag for tag in meta["tag"]]
    return {**document, "meta": {**meta, "tag": tags}}


def _name(uri: str) -> str:
    """Of an address its host, which people may know."""
    try:
        host = urlsplit(uri).hostname
    except ValueError:
        host = None
    return host or uri
