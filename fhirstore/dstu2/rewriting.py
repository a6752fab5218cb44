"""References: taken apart, and rewritten where a document holds them.

http://hl7.org/fhir/DSTU2/references.html. The definitions decide what counts as one: `Reference.reference`,
every element of type uri, and the links of a narrative (http://hl7.org/fhir/DSTU2/http.html#transaction).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from fhirstore.dstu2.catalog import elements, is_resource_type, primitive_types

Kind = Literal["reference", "uri", "attachment", "link"]
Rewrite = Callable[[Kind, str], str]
"""What a text is, and the text; answers what shall stand there."""

NAMES = frozenset({"uri", "attachment"})
"""What mostly leads out of the record, or nowhere: there only a name for a time is sure to be meant."""

_LITERAL, _FOREIGN = (
    re.compile(
        rf"(?P<base>https?://[^?#]*/)?(?P<type>[A-Z][A-Za-z]{{1,40}})/(?P<id>{id})(?:/_history/(?P<version>{id}))?"
    )
    for id in (r"[A-Za-z0-9\-.]{1,64}", r"[^/?#$\s][^/?#\s]{0,199}")
)
_NARRATIVE_LINK = re.compile(r"""(\s(?:href|src)\s*=\s*)(["'])([^"']*)\2""")


@dataclass(frozen=True, slots=True)
class LiteralReference:
    """A reference to a resource by type and id; `base` is the address of its server ("" for this one)."""

    type: str
    id: str
    version: str | None = None
    base: str = ""


def parse_literal(text: str, *, foreign: bool = False) -> LiteralReference | None:
    """`Patient/1`, `http://server/base/Patient/1/_history/2` …; None for anything else.

    Of a `foreign` server any id will do: real ones are longer than 64 characters, and hold others than ids may.
    """
    found = (_FOREIGN if foreign else _LITERAL).fullmatch(text)
    if found is None or not is_resource_type(found["type"]):
        return None
    return LiteralReference(found["type"], found["id"], found["version"], (found["base"] or "").rstrip("/"))


def rewrite(document: Mapping[str, Any], replace: Rewrite) -> dict[str, Any]:
    """A copy of a resource in which every reference, uri and narrative link is what `replace` makes of it."""
    return _rewrite_object(document, str(document.get("resourceType", "")), replace)


def references(document: Mapping[str, Any]) -> list[str]:
    """The text of every `Reference.reference` in a resource, contained ones included."""
    return [text for kind, text in texts(document) if kind == "reference"]


def texts(document: Mapping[str, Any]) -> list[tuple[Kind, str]]:
    """All that `rewrite` would ask about: every reference, uri and narrative link, in their order."""
    found: list[tuple[Kind, str]] = []
    _find(document, str(document.get("resourceType", "")), found)
    return found


def _find(document: Mapping[str, Any], path: str, found: list[tuple[Kind, str]]) -> None:
    children = _children(path)
    for name, held in document.items():
        child = children.get(name)
        if child is None:
            continue
        kind, within = child
        for value in held if type(held) is list else (held,):
            if type(value) is dict:
                _find(value, str(value.get("resourceType", "")) if within == "Resource" else within, found)
            elif kind is None or type(value) is not str:
                continue
            elif kind == "link":
                found += [("link", link[3]) for link in _NARRATIVE_LINK.finditer(value)]
            else:
                found.append((kind, value))


@cache
def _children(path: str) -> Mapping[str, tuple[Kind | None, str]]:
    """JSON name → (what its text is, None for an object; path of its children) of the elements to walk into."""
    found: dict[str, tuple[Kind | None, str]] = {}
    for element in elements(path):
        for name, type in element.json_names.items():
            if element.path == "Reference.reference":
                found[name] = ("reference", "")
            elif element.path == "Attachment.url":
                found[name] = ("attachment", "")
            elif type in _KINDS:
                found[name] = (_KINDS[type], "")
            elif type not in primitive_types():
                nested = type in {"BackboneElement", "Element"}
                found[name] = (None, (element.content or element.path) if nested else type)
    return found


def _rewrite_object(document: Mapping[str, Any], path: str, replace: Rewrite) -> dict[str, Any]:
    children, changed = _children(path), dict(document)
    for name, value in document.items():
        found = children.get(name)
        if found is not None:
            changed[name] = _rewrite_value(value, *found, replace)
    return changed


def _rewrite_value(value: Any, kind: Kind | None, path: str, replace: Rewrite) -> Any:
    if isinstance(value, list):
        return [_rewrite_value(item, kind, path, replace) for item in value]
    if isinstance(value, str) and kind:
        return _rewrite_links(value, replace) if kind == "link" else replace(kind, value)
    if isinstance(value, dict):
        return _rewrite_object(value, str(value.get("resourceType", "")) if path == "Resource" else path, replace)
    return value


def _rewrite_links(div: str, replace: Rewrite) -> str:
    return _NARRATIVE_LINK.sub(lambda link: f"{link[1]}{link[2]}{replace('link', link[3])}{link[2]}", div)


_KINDS: Mapping[str, Kind] = {"uri": "uri", "xhtml": "link"}
