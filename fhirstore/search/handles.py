"""What to do with the properties of a type's documents, so that all its parameters find their values in one walk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from fhirstore.dstu2 import catalog
from fhirstore.search.entries import Collector, Handle, Index
from fhirstore.search.kinds import composite, date, number, position, quantity, reference, string, token, uri
from fhirstore.search.parameters import Parameter, parameters
from fhirstore.search.paths import Location, Step, follow

_INDEXERS: Mapping[str, Callable[[Parameter, str], Index]] = {
    "token": token.indexer,
    "string": string.indexer,
    "phonetic": string.indexer_of_sounds,
    "date": date.indexer,
    "number": number.indexer,
    "quantity": quantity.indexer,
    "uri": uri.indexer,
    "position": position.indexer,
}


@dataclass(slots=True)
class _Property:
    """What to do with one property of an element: values to index, what stands within them, and what takes the whole
    element: composites that it completes, paths that do not lead to every value."""

    sources: list[Handle] = field(default_factory=list)
    inner: _Tree = field(default_factory=dict)
    joint: list[Handle] = field(default_factory=list)


_Tree = dict[str, _Property]
Handles = Mapping[str, Handle]


class TypeHandles(NamedTuple):
    """Those of a type's properties: what takes each value alone, and what takes the whole document."""

    alone: Handles
    joint: Handles


def handle_element(handles: Handles, element: Mapping[str, Any], into: Collector) -> None:
    """Make the entries of one element and of what stands within it, no deeper than the parameters' paths."""
    for name, held in element.items():
        if held is not None and name in handles:
            handles[name](held, element, into)


@cache
def handles_of(resource_type: str) -> TypeHandles:
    """All parameters of a type, by the properties on the way to their values."""
    tree: _Tree = {}
    for parameter in parameters(resource_type).values():
        if parameter.kind == "composite":
            assert parameter.base is not None
            within = _reached(tree, parameter.base.steps)
            # It takes both components; the second one, a value, is the one that most elements lack.
            for name, type_ in composite.properties(parameter.components[1]):
                within.setdefault(name, _Property()).joint.append(composite.completer(parameter, type_))
        elif parameter.kind != "special":
            _plant(tree, resource_type, parameter)
    alone = {name: _Property(each.sources, each.inner) for name, each in tree.items()}
    joint = {name: _Property(joint=each.joint) for name, each in tree.items()}
    return TypeHandles(_compiled(alone), _compiled(joint))


def _plant(tree: _Tree, resource_type: str, parameter: Parameter) -> None:
    for location in parameter.locations:
        for leaf in location.leaves:
            index = make_indexer(resource_type, parameter, leaf.type)
            narrowed = Location(location.steps, (leaf,))
            if narrowed.every:
                within = _reached(tree, location.steps)
                within.setdefault(leaf.name, _Property()).sources.append(_of_all(index, parameter))
            else:
                first = location.steps[0] if location.steps else leaf
                tree.setdefault(first.name, _Property()).joint.append(_of_some(index, parameter, narrowed))


def _reached(tree: _Tree, steps: Sequence[Step]) -> _Tree:
    """The part of the tree that some steps lead to, made where it is missing."""
    for step in steps:
        tree = tree.setdefault(step.name, _Property()).inner
    return tree


def make_indexer(resource_type: str, parameter: Parameter, type_: str) -> Index:
    if parameter.kind != "reference":
        return _INDEXERS[parameter.kind](parameter, type_)
    compartments = catalog.compartments()
    entered = [each for each in compartments if parameter.name in catalog.compartment(each).get(resource_type, ())]
    return reference.indexer(parameter, type_, frozenset(entered))


def _of_all(index: Index, parameter: Parameter) -> Handle:
    """Every value that a property holds."""
    missing = f"{parameter.key}!"

    def handle(held: Any, element: Mapping[str, Any], into: Collector) -> None:
        if type(held) is not list:
            if not index(held, into):
                into.keys.append(missing)
            return
        for value in held:
            if value is not None and not index(value, into):
                into.keys.append(missing)

    return handle


def _of_some(index: Index, parameter: Parameter, location: Location) -> Handle:
    """Only the values that a location leads to from the whole document."""
    every = _of_all(index, parameter)

    def handle(held: Any, document: Mapping[str, Any], into: Collector) -> None:
        every([value for value, _ in follow(location, document)], document, into)

    return handle


def _compiled(tree: _Tree) -> Handles:
    handles = {name: [*each.sources, *_inner(each.inner), *each.joint] for name, each in tree.items()}
    return {name: _joined(each) for name, each in handles.items() if each}


def _joined(handles: Sequence[Handle]) -> Handle:
    if len(handles) == 1:
        return handles[0]

    def handle(held: Any, element: Mapping[str, Any], into: Collector) -> None:
        for each in handles:
            each(held, element, into)

    return handle


def _inner(tree: _Tree) -> list[Handle]:
    """What stands within the elements that a property holds."""
    if not tree:
        return []
    handles = _compiled(tree)

    def handle(held: Any, element: Mapping[str, Any], into: Collector) -> None:
        for each in held if type(held) is list else (held,):
            if type(each) is dict:
                handle_element(handles, each, into)

    return [handle]
