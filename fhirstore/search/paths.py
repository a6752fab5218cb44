"""The paths of search parameters: read once, then followed through documents of any quality.

The subset of paths that the DSTU2 parameters use: properties, `value[x]`, `telecom.where(system='phone')`,
`extension('url').value`, `resource[0]`. Following a path never raises: what has another shape is passed by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhirstore.dstu2 import catalog

_STEP = re.compile(
    r"(?P<name>\w+)(?P<choice>\[x\])?(?P<first>\[0\])?"
    r"(?:\((?P<url>'[^']*')\)|\.where\((?P<property>\w+)='(?P<value>[^']*)'\))?(?:\.|$)"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One property on the way; only elements whose property `where[0]` is `where[1]`, or only the first one."""

    name: str
    where: tuple[str, str] | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Leaf:
    """One JSON property that may hold a value, the value's type, and the code systems of a bound code."""

    name: str
    type: str
    systems: frozenset[str] = frozenset()
    where: tuple[str, str] | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    """Where values stand: through `steps`, in one of `leaves`."""

    steps: tuple[Step, ...]
    leaves: tuple[Leaf, ...]

    @property
    def every(self) -> bool:
        """Whether every value there counts, not only the first one or those that meet a condition."""
        parts: tuple[Step | Leaf, ...] = (*self.steps, *self.leaves)
        return not any(part.where or part.first for part in parts)


def locate(resource_type: str, path: str) -> Iterator[Location]:
    """The locations of a parameter's path ("Observation.component.value[x]") in a type's documents."""
    matches = [match.groupdict() for match in _STEP.finditer(path.partition(".")[2])]
    steps: list[Step] = []
    here = resource_type
    for place, match in enumerate(matches):
        name = match["name"]
        found = _element(here, name)
        if found is None:
            return
        where = _where(match)
        if place == len(matches) - 1:
            names = _names(found, name, every=bool(match["choice"]) or (found.choice and found.name == name))
            systems = _systems(found)
            leaves = (
                Leaf(n, t, systems if t == "code" else frozenset(), where, bool(match["first"]))
                for n, t in names.items()
            )
            yield Location(tuple(steps), tuple(leaves))
            return
        # "entry.resource[0]" is the first of all resources, so the first entry's.
        steps.append(Step(name, where, bool(match["first"] or matches[place + 1]["first"])))
        here = found.content or (found.path if catalog.elements(found.path) else found.types[0])


def follow(location: Location, document: Mapping[str, Any]) -> Iterator[tuple[Any, str]]:
    """The values at a location, each with its type; lists are opened, nulls are left out."""
    for node in nodes(location.steps, document) if location.steps else (document,):
        for leaf in location.leaves:
            value = node.get(leaf.name)
            if value is None:
                continue
            values = value if isinstance(value, list) else (value,)
            for each in values[:1] if leaf.first else values:
                if each is not None and (leaf.where is None or _meets(each, leaf.where)):
                    yield each, leaf.type


def listed(held: Any) -> Sequence[Any]:
    """The values that a property holds, one or many."""
    if type(held) is list:
        return [value for value in held if value is not None]
    return () if held is None else (held,)


def nodes(steps: tuple[Step, ...], document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The objects at the end of some steps."""
    here: list[Mapping[str, Any]] = [document]
    for step in steps:
        reached: list[Mapping[str, Any]] = []
        for node in here:
            value = node.get(step.name)
            if isinstance(value, dict):
                value = [value]
            if isinstance(value, list):
                candidates = value[:1] if step.first else value
                reached.extend(
                    c for c in candidates if isinstance(c, dict) and (step.where is None or _meets(c, step.where))
                )
        here = reached
        if not here:
            break
    return here


def _element(path: str, name: str) -> catalog.Element | None:
    for element in catalog.elements(path):
        if element.name == name or name in element.json_names:
            return element
    return None


def _names(element: catalog.Element, name: str, *, every: bool) -> Mapping[str, str]:
    return element.json_names if every else {name: element.json_names[name]}


def _systems(element: catalog.Element) -> frozenset[str]:
    return catalog.code_systems(element.binding.value_set) if element.binding else frozenset()


def _where(match: Mapping[str, str | None]) -> tuple[str, str] | None:
    if match["url"]:
        return "url", match["url"].strip("'")
    return (match["property"], match["value"] or "") if match["property"] else None


def _meets(value: Any, where: tuple[str, str]) -> bool:
    return isinstance(value, dict) and value.get(where[0]) == where[1]
