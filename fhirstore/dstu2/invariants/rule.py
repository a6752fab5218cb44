"""What an invariant is, and the words its predicates are written in.

A predicate is handed the element as parsed JSON (an object, or the bare value of a primitive) and tells
whether the rule holds. It may assume the right JSON kinds: where they are wrong the walk has said so already.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Element = Mapping[str, Any]
Predicate = Callable[[Any], bool]
Table = Mapping[tuple[str, str], tuple[Predicate, str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """An invariant at one path: `holds` judges the element there, `message` says what it demands."""

    key: str
    severity: Literal["error", "warning"]
    holds: Predicate
    message: str


def has(element: Element, *names: str) -> bool:
    """Whether any of the elements exists; a primitive may consist of its extensions alone."""
    for name in names:  # noqa: SIM110 - a third of the time of any(), on the hot path
        if name in element or f"_{name}" in element:
            return True
    return False


def has_choice(element: Element, name: str) -> bool:
    """Whether a choice (value[x]) exists in any of its types."""
    return any(key.lstrip("_").startswith(name) for key in element)


def each(element: Element, name: str) -> Iterator[Element]:
    """The objects of a repeating element."""
    yield from element.get(name, ())


def values(elements: Iterable[Element], name: str) -> list[Any]:
    return [element[name] for element in elements if name in element]


def unique(items: Iterable[Hashable]) -> bool:
    found = list(items)
    return len(found) == len(set(found))


def at_most_one(element: Element, *names: str) -> bool:
    return sum(has(element, name) for name in names) <= 1


def exactly_one(element: Element, *names: str) -> bool:
    return sum(has(element, name) for name in names) == 1
