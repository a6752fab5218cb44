"""A resource's entries made in the plainest way: each parameter is asked for its values, each path walked alone.

What is compiled, remembered or skipped on the way in a resource is written again here without any of that, except how a
single value is indexed, which the tests of the kinds hold to what is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.search.entries import Collector
from fhirstore.search.folding import fold
from fhirstore.search.handles import make_indexer
from fhirstore.search.kinds import composite
from fhirstore.search.moments import index_moment
from fhirstore.search.parameters import Parameter, parameters
from fhirstore.search.paths import follow, nodes

Document = Mapping[str, Any]


def keys_and_ranges(resource_type: str, document: Document, base: str) -> tuple[set[str], set[Any]]:
    """What the parameters of a type find in a document."""
    contained = document.get("contained")
    within = [each for each in contained if isinstance(each, dict)] if isinstance(contained, list) else []
    into = Collector(base, {each["id"]: each["resourceType"] for each in within})
    for parameter in parameters(resource_type).values():
        if parameter.kind == "composite":
            _join(parameter, document, into)
        elif parameter.kind != "special":
            _ask(resource_type, parameter, document, into)
    index_moment(resource_type, document, into)
    if resource_type in catalog.compartments():
        into.keys.append(f"compartment={resource_type}/{document['id']}")
    return set(into.keys), set(into.ranges)


def _ask(resource_type: str, parameter: Parameter, document: Document, into: Collector) -> None:
    for location in parameter.locations:
        for value, type_ in follow(location, document):
            if not make_indexer(resource_type, parameter, type_)(value, into):
                into.keys.append(f"{parameter.key}!")


def _join(parameter: Parameter, document: Document, into: Collector) -> None:
    assert parameter.base is not None
    for element in nodes(parameter.base.steps, document):
        for name, type_ in composite.properties(parameter.components[1]):
            if name in element:
                composite.completer(parameter, type_)(element[name], element, into)


def words(document: Document) -> set[str]:
    """The words of a document's content, and those of its narrative with "~" before them."""
    told = document.get("text", {}).get("div", "")
    narrative = _cut(re.sub("<[^<>]*>", " ", told))
    rest = {name: value for name, value in document.items() if name not in {"id", "meta", "text"}}
    content = {word for text in _texts("", rest) for word in _cut(text)}
    return {f"~{word}" for word in narrative if len(word) < 40} | (content - narrative)


def _texts(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner, held in value.items():
            yield from _texts(inner, held)
    elif isinstance(value, list):
        for each in value:
            yield from _texts("" if isinstance(each, str) else name, each)
    elif isinstance(value, str):
        if name not in {"resourceType", "div", "reference", "contentType"} and (name != "data" or len(value) <= 200):
            yield value
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield str(value)


def _cut(text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W_]+", fold(text)) if len(word) <= 40}
