"""Parts of resources: what `_summary` and `_elements` leave. http://hl7.org/fhir/DSTU2/search.html#summary"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal

from fhirstore.dstu2.catalog import Element, elements

Part = Literal["true", "text", "data"]

SUBSETTED: Mapping[str, str] = {"system": "http://hl7.org/fhir/v3/ObservationValue", "code": "SUBSETTED"}
"""The tag that warns a reader: not the whole resource, not to be sent back as an update."""

_ALWAYS = frozenset({"id", "meta"})


def summary(document: Mapping[str, Any], part: Part) -> dict[str, Any]:
    """The elements marked for summaries; or only the narrative; or everything but the narrative.

    What is mandatory stays in any case, so that the part is a valid resource (but for `data`, which leaves it all).
    """
    type = str(document.get("resourceType"))
    if part == "data":
        kept = {name: value for name, value in document.items() if name != "text"}
    elif part == "text":
        kept = _only(document, type, lambda element: element.name == "text")
    else:
        kept = _summarized(document, type)
    return _marked(kept)


def only_elements(document: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """The top-level elements named, and the mandatory ones."""
    type = str(document.get("resourceType"))
    return _marked(_only(document, type, lambda element: element.name in names))


@cache
def _by_property(path: str) -> Mapping[str, Element]:
    """JSON property (a primitive's companion too) → its element."""
    named = {name: element for element in elements(path) for name in element.json_names}
    return named | {f"_{name}": element for name, element in named.items()}


def _only(document: Mapping[str, Any], path: str, wanted: Callable[[Element], bool]) -> dict[str, Any]:
    known = _by_property(path)
    return {
        name: value
        for name, value in document.items()
        if name == "resourceType"
        or (element := known.get(name)) is None
        or element.name in _ALWAYS
        or element.min
        or wanted(element)
    }


def _summarized(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    known = _by_property(path)
    kept = _only(document, path, lambda element: element.summary)
    return {name: _inside(value, known.get(name)) for name, value in kept.items()}


def _inside(value: Any, element: Element | None) -> Any:
    """A group of elements is itself cut down to its summary; data types stay whole."""
    if element is None or "BackboneElement" not in element.types:
        return value
    if isinstance(value, list):
        return [_inside(item, element) for item in value]
    return _summarized(value, element.content or element.path) if isinstance(value, dict) else value


def _marked(document: dict[str, Any]) -> dict[str, Any]:
    meta = dict(document.get("meta") or {})
    meta["tag"] = [*(meta.get("tag") or []), SUBSETTED]
    return {"resourceType": document.get("resourceType"), "id": document.get("id"), **document, "meta": meta}
