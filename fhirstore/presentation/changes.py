"""What changed from one version of a resource to the next, element by element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.presentation.labels import label
from fhirstore.presentation.lines import Line, lines_of

_SERVER = frozenset({"resourceType", "id", "meta", "text"})


@dataclass(frozen=True, slots=True)
class Change:
    """An element that has other values than before; `before` or `after` is empty where it came or went."""

    label: str
    before: Sequence[str]
    after: Sequence[str]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """By top-level element, in official order."""
    return tuple(chain(_changes(before, after), _labels(before, after)))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    type = str(after.get("resourceType"))
    for element in catalog.elements(type):
        if element.name in _SERVER:
            continue
        names = [each for name in element.json_names for each in (name, f"_{name}")]
        old = {name: before[name] for name in names if name in before}
        new = {name: after[name] for name in names if name in after}
        if old != new:
            yield Change(label(element.path), _said(type, old), _said(type, new))
    if before.get("text") != after.get("text"):
        yield Change("Text of the document", (), ("was written anew",))


def _labels(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Tags and profiles, which are in meta beside what the server decides."""
    for name, words in (("tag", "Labels"), ("profile", "Profiles"), ("security", "Security labels")):
        old, new = (_meta(document).get(name) for document in (before, after))
        if old != new:
            yield Change(words, tuple(_codes(old)), tuple(_codes(new)))


def _meta(document: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = document.get("meta")
    return meta if isinstance(meta, dict) else {}


def _codes(held: Any) -> Iterator[str]:
    for each in held if isinstance(held, list) else ():
        yield str(each.get("code", "")) if isinstance(each, dict) else str(each)


def _said(type: str, part: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_flat(lines_of({"resourceType": type, **part}), top=True)) if part else ()


def _flat(lines: Sequence[Line], *, top: bool = False) -> Iterator[str]:
    """Lines as texts; those within others carry their names."""
    for line in lines:
        if line.text:
            yield line.text if top else f"{line.label}: {line.text}"
        yield from _flat(line.lines)
