"""What value sets and code systems are made of, as values: http://hl7.org/fhir/DSTU2/valueset.html."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fhirstore.errors import Unprocessable


class BeyondReach(Unprocessable):
    """The answer would need content that is not held here; the reason names it."""

    code = "not-supported"


class TooCostly(Unprocessable):
    """The answer would be larger than what is given."""

    code = "too-costly"


@dataclass(frozen=True, slots=True)
class Concept:
    """A code of a system. `abstract` ones order others and are no values themselves; `display` may be ""."""

    system: str
    code: str
    display: str = ""
    abstract: bool = False


@dataclass(frozen=True)
class CodeSystem:
    """All concepts of a system, each before those below it, and for each code the codes right above it.

    `case_sensitive` says whether codes that differ in case alone are different.
    """

    url: str
    version: str
    name: str
    case_sensitive: bool
    concepts: Sequence[Concept]
    parents: Mapping[str, Sequence[str]]

    def find(self, code: str) -> Concept | None:
        found = self._by_code.get(code)
        return found if found or self.case_sensitive else self._by_folded_code.get(code.casefold())

    def spelling(self, code: str) -> str:
        """The code as the system writes it."""
        found = self.find(code)
        return found.code if found else code

    def same(self, code: str, other: str) -> bool:
        return code == other or (not self.case_sensitive and code.casefold() == other.casefold())

    def below(self, code: str) -> Sequence[str]:
        """A code and all that it subsumes, itself first."""
        return _reached(code, self._children)

    def above(self, code: str) -> Sequence[str]:
        """A code and all that subsume it, itself first."""
        return _reached(code, self.parents)

    def children(self, code: str) -> Sequence[str]:
        return self._children.get(code, ())

    @cached_property
    def _by_code(self) -> Mapping[str, Concept]:
        return {concept.code: concept for concept in reversed(self.concepts)}

    @cached_property
    def _by_folded_code(self) -> Mapping[str, Concept]:
        return {concept.code.casefold(): concept for concept in reversed(self.concepts)}

    @cached_property
    def _children(self) -> Mapping[str, Sequence[str]]:
        children: dict[str, list[str]] = {}
        for code, parents in self.parents.items():
            for parent in parents:
                children.setdefault(parent, []).append(code)
        return children


@dataclass(frozen=True, slots=True)
class Filter:
    """A rule that a concept of the system must keep: http://hl7.org/fhir/DSTU2/valueset-filter-operator.html."""

    property: str
    operation: str
    value: str


@dataclass(frozen=True, slots=True)
class Include:
    """Some of a system: the concepts listed, or those that keep all filters, or, without either, all of it."""

    system: str
    version: str = ""
    concepts: Sequence[Concept] = ()
    filters: Sequence[Filter] = ()


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A value set's definition: its own code system, what it imports and includes, and what it leaves out again.

    `expansion` is one that came with it and is whole, None where there is none.
    """

    url: str
    version: str = ""
    name: str = ""
    status: str = ""
    system: CodeSystem | None = None
    imports: Sequence[str] = ()
    include: Sequence[Include] = ()
    exclude: Sequence[Include] = ()
    expansion: Sequence[Concept] | None = None

    @property
    def defined(self) -> bool:
        return bool(self.system or self.imports or self.include)


class Outline:
    """Gathers the concepts of a code system, given in the order of an outline with their depths."""

    def __init__(self, system: str) -> None:
        self._system = system
        self._above: list[str] = []
        self.concepts: list[Concept] = []
        self.parents: dict[str, list[str]] = {}

    def add(self, depth: int, code: str, display: str, abstract: bool, also: Iterable[str] = ()) -> None:
        """`also` are codes that it subsumes besides those below it."""
        del self._above[depth:]
        self.concepts.append(Concept(self._system, code, display, abstract))
        if self._above:
            self._put_below(self._above[-1], code)
        for other in also:
            self._put_below(code, other)
        self._above.append(code)

    def _put_below(self, parent: str, code: str) -> None:
        parents = self.parents.setdefault(code, [])
        if parent not in parents:
            parents.append(parent)


def _reached(start: str, steps: Mapping[str, Sequence[str]]) -> Sequence[str]:
    seen = {start: None}
    waiting = [start]
    while waiting:
        for code in steps.get(waiting.pop(), ()):
            if code not in seen:
                seen[code] = None
                waiting.append(code)
    return tuple(seen)
