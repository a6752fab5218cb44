"""Judge how a resource and what it contains hang together.
http://hl7.org/fhir/DSTU2/references.html#contained

Contained resources have an id, are referred to from within their container, and neither nest, nor have
narrative, nor a version of their own (dom-1 to dom-4); a reference "#x" finds one of them (ref-1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhirstore.dstu2.catalog import is_resource_type


@dataclass(slots=True)
class Container:
    """The resource that fragments are resolved in: type of each contained resource by id, fragments seen so
    far.
    """

    types: dict[str, str | None] = field(default_factory=dict)
    fragments: set[str] = field(default_factory=set)


NOTHING = Container()  # of a resource that contains nothing: no fragment is ever found in it


def open_container(resource: dict[str, Any]) -> Container:
    if "contained" not in resource:
        return NOTHING
    container = Container(fragments=set(_fragments(resource)))
    contained = resource.get("contained")
    if isinstance(contained, list):
        for inner in contained:
            if isinstance(inner, dict) and isinstance(inner.get("id"), str):
                kind = inner.get("resourceType")
                container.types[inner["id"]] = kind if isinstance(kind, str) and is_resource_type(kind) else None
    return container


def _fragments(resource: dict[str, Any]) -> Iterator[str]:
    """The ids referred to anywhere in the resource, by whatever element is called reference."""
    pending: list[Any] = [resource]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            literal = value.get("reference")
            if isinstance(literal, str) and literal.startswith("#"):
                yield literal[1:]
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def contained_faults(inner: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(element, message) for what a contained resource may not have."""
    if "text" in inner:
        yield "text", "dom-1: a contained resource has no narrative"
    if "contained" in inner:
        yield "contained", "dom-2: contained resources do not nest"
    meta = inner.get("meta")
    if isinstance(meta, dict):
        for name in ("versionId", "lastUpdated"):
            if name in meta or f"_{name}" in meta:
                yield f"meta.{name}", f"dom-4: a contained resource has no {name}"


def unreferenced(resource: dict[str, Any], container: Container) -> Iterator[int]:
    """The indexes of contained resources that nothing in their container refers to (dom-3)."""
    contained = resource.get("contained")
    if isinstance(contained, list):
        for index, inner in enumerate(contained):
            if isinstance(inner, dict) and not _is_referred_to(inner.get("id"), container):
                yield index


def _is_referred_to(identity: Any, container: Container) -> bool:
    return isinstance(identity, str) and identity in container.fragments
