"""Where search parameters' values stand in a document, read from the official paths in the plainest way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhirstore.dstu2 import catalog

Document = dict[str, Any]
Value = tuple[Any, str]

EXTRA = {
    ("Condition", "age"): ["Condition.onsetQuantity"],
    ("FamilyMemberHistory", "condition"): ["FamilyMemberHistory.condition.code"],
    ("FamilyMemberHistory", "relationship"): ["FamilyMemberHistory.relationship"],
}


def values(document: Document, type_: str, name: str) -> list[Value]:
    """The values of a parameter in a document."""
    paths = EXTRA.get((type_, name)) or catalog.search_parameters(type_)[name].paths
    return [value for path in paths for value in _walk(document, type_, path.split(".", 1)[1])]


def _walk(node: Any, type_: str, path: str) -> Iterator[Value]:
    if "extension('" in path or "[0]" in path or ".where(" in path:
        yield from _walk_specially(node, path)
        return
    name, _, rest = path.partition(".")
    for element in catalog.elements(type_):
        for json_name, kind in element.json_names.items():
            wanted = element.name == name.removesuffix("[x]") if name.endswith("[x]") else json_name == name
            if not wanted or not isinstance(node, dict) or node.get(json_name) is None:
                continue
            held = node[json_name]
            for each in held if isinstance(held, list) else [held]:
                if rest:
                    yield from _walk(
                        each, element.content or (element.path if catalog.elements(element.path) else kind), rest
                    )
                else:
                    yield each, kind


def _walk_specially(node: Document, path: str) -> Iterator[Value]:
    """The three odd forms: the first entry's resource, telecoms of a system, and the values of an extension."""
    if path == "entry.resource[0]":
        for entry in node.get("entry", [])[:1]:
            if "resource" in entry:
                yield entry["resource"], "Resource"
    elif path.startswith("telecom.where(system='"):
        for telecom in node.get("telecom", []):
            if telecom.get("system") == path.split("'")[1]:
                yield telecom, "ContactPoint"
    else:
        before, _, after = path.partition("extension('")
        holders: list[Any] = [node]
        for step in before.strip(".").split(".") if before else []:
            holders = [each for holder in holders for each in holder.get(step, [])]
        for holder in holders:
            for extension in holder.get("extension", []):
                if extension.get("url") == after.split("'")[0]:
                    yield from ((extension[key], key[5:]) for key in extension if key.startswith("value"))


_INNERMOST = {
    "component-code-value-quantity": "component", "component-code-value-concept": "component",
    "component-code-value-string": "component", "event-status-date": "event", "item-status-date": "item.event",
    "characteristic-value": "characteristic", "relationship": "relatesTo",
}  # fmt: skip
_RELATED = {"CarePlan": "relatedPlan", "Observation": "related"}


def pairs(document: Document, parameter: catalog.SearchParameter) -> Iterator[tuple[Value, Value]]:
    """The pairs of values within one element."""
    type_ = document["resourceType"]
    path = _RELATED[type_] if parameter.name == "related" else _INNERMOST.get(parameter.name, "")
    elements: list[tuple[Any, str]] = list(_walk(document, type_, path)) if path else [(document, type_)]
    known = catalog.search_parameters(type_)
    depth = len(path.split(".")) if path else 0
    here = type_
    for step in path.split(".") if path else []:
        element_of_step = next(each for each in catalog.elements(here) if step in each.json_names)
        here = element_of_step.content or element_of_step.path
    for element, _ in elements:
        lefts, rights = (
            [
                found
                for each in known[name].paths
                for found in _walk(element, here, each.split(".", depth + 1)[depth + 1])
            ]
            for name in parameter.components
        )
        yield from ((left, right) for left in lefts for right in rights)
