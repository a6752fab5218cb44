"""Answer what is in a value set, as far as the code systems at hand reach.

http://hl7.org/fhir/DSTU2/valueset.html#compositions: a value set is the union of its own code system, its imports and
its includes, less what it excludes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from fhirstore.dstu2.terminology.content import BeyondReach, CodeSystem, Concept, Filter, Include, TooCostly, ValueSet
from fhirstore.dstu2.terminology.shipped import shipped_code_system, shipped_value_set

EXPANSION_LIMIT = 10_000
"""The most concepts that an expansion may hold."""

STEPS_LIMIT = 500_000
"""Concepts looked at for one request: well under a second of work."""

_STEPS_OF_IMPORT = 100
_IMPORTS_LIMIT = 40


class Budget:
    """The work that one request may cause, over all its questions."""

    def __init__(self, steps: int = STEPS_LIMIT) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """Raises TooCostly once there is nothing left."""
        self._left -= steps
        if self._left < 0:
            raise TooCostly("The value sets are too large, or too many, to be worked out here.")


class Terminology:
    """The shipped code systems and value sets, and those of `own`, which go before shipped value sets of the same URL.

    Shipped code systems go before own ones: a code of FHIR, v2 or v3 means the same to everyone.
    """

    def __init__(self, own: Iterable[ValueSet] = ()) -> None:
        given = tuple(own)[::-1]
        self._own = {each.url: each for each in given if each.url}
        self._own_systems = {each.system.url: each.system for each in given if each.system}

    def value_set(self, url: str) -> ValueSet | None:
        return self._own.get(url) or shipped_value_set(url)

    def code_system(self, url: str) -> CodeSystem | None:
        return shipped_code_system(url) or self._own_systems.get(url)

    def expand(self, value_set: ValueSet, budget: Budget | None = None) -> Sequence[Concept]:
        """All concepts of a value set, abstract ones included, each once, in the order of its definition.

        Raises BeyondReach where a part of it cannot be told, naming what is missing; TooCostly over the limits.
        """
        concepts = _Reading(self, budget or Budget()).expand(value_set)
        if len(concepts) > EXPANSION_LIMIT:
            raise TooCostly(f"The value set holds more than {EXPANSION_LIMIT:,} codes, too many for one expansion.")
        return concepts

    def find(self, value_set: ValueSet, system: str, code: str, budget: Budget | None = None) -> Concept | None:
        """The concept if it is in the value set, an abstract one too; None if it surely is not.

        Parts that are beyond reach do not matter as long as the answer does not hang on them. Raises as `expand`.
        """
        return _Reading(self, budget or Budget()).find(value_set, system, code)


class _Reading:
    """One question, answered within a budget."""

    def __init__(self, terminology: Terminology, budget: Budget) -> None:
        self._terminology = terminology
        self._spend = budget.spend

    def expand(self, value_set: ValueSet, path: tuple[str, ...] = ()) -> Sequence[Concept]:
        try:
            return self._composed(value_set, path)
        except BeyondReach:
            if value_set.expansion is None:
                raise
            return value_set.expansion

    def find(self, value_set: ValueSet, system: str, code: str, path: tuple[str, ...] = ()) -> Concept | None:
        try:
            found = self._included(value_set, system, code, path)
            excluded = found and any(self._excludes(part, found) for part in value_set.exclude)
        except BeyondReach:
            if value_set.expansion is None:
                raise
            return self._match(value_set.expansion, system, code)
        return None if excluded else found

    def _composed(self, value_set: ValueSet, path: tuple[str, ...]) -> Sequence[Concept]:
        path = self._enter(value_set, path)
        concepts: dict[tuple[str, str], Concept] = {}
        for part in self._parts(value_set, path):
            self._spend(len(part))
            for concept in part:
                concepts.setdefault((concept.system, concept.code), concept)
        for exclude in value_set.exclude:
            self._spend(len(concepts))
            everything = not (exclude.concepts or exclude.filters)
            codes = frozenset() if everything else {self._fold(each) for each in self._selected(exclude)}
            for key, concept in tuple(concepts.items()):
                if concept.system == exclude.system and (everything or self._fold(concept) in codes):
                    del concepts[key]
        return tuple(concepts.values())

    def _parts(self, value_set: ValueSet, path: tuple[str, ...]) -> Iterator[Sequence[Concept]]:
        if value_set.system:
            yield value_set.system.concepts
        for url in value_set.imports:
            yield self.expand(self._imported(url), path)
        for include in value_set.include:
            yield self._selected(include)

    def _included(self, value_set: ValueSet, system: str, code: str, path: tuple[str, ...]) -> Concept | None:
        path = self._enter(value_set, path)
        found = value_set.system.find(code) if value_set.system and value_set.system.url == system else None
        doubt: BeyondReach | None = None
        sources: tuple[Include | str, ...] = (*value_set.include, *value_set.imports)
        for source in sources:
            if found:
                return found
            try:
                if isinstance(source, str):
                    found = self.find(self._imported(source), system, code, path)
                elif source.system == system:
                    found = self._match(self._selected(source), system, code)
            except BeyondReach as beyond:
                doubt = beyond
        if found is None and doubt:
            raise doubt
        return found

    def _excludes(self, exclude: Include, concept: Concept) -> bool:
        if exclude.system != concept.system:
            return False
        everything = not (exclude.concepts or exclude.filters)
        return everything or self._match(self._selected(exclude), concept.system, concept.code) is not None

    def _enter(self, value_set: ValueSet, path: tuple[str, ...]) -> tuple[str, ...]:
        """The path of imports with this one. Raises where there is nothing to enter, or where it goes in a circle."""
        self._spend(_STEPS_OF_IMPORT)
        if not value_set.defined:
            raise BeyondReach("The value set does not say what it holds.")
        if value_set.url in path:
            raise BeyondReach("The value set imports itself.")
        if len(path) > _IMPORTS_LIMIT:
            raise TooCostly("The value set imports others over too many steps.")
        return (*path, value_set.url)

    def _imported(self, url: str) -> ValueSet:
        imported = self._terminology.value_set(url)
        if imported is None:
            raise BeyondReach(f"The value set imports one that is not known here: {_cut(url)}")
        return imported

    def _selected(self, include: Include) -> Sequence[Concept]:
        system = self._terminology.code_system(include.system)
        if system and include.version and system.version and include.version != system.version:
            system = None
        if include.concepts and not include.filters:
            self._spend(len(include.concepts))
            return [_completed(each, system) for each in include.concepts if each.code]
        if system is None:
            version = f" in version {_cut(include.version)}" if include.version else ""
            raise BeyondReach(f"The code system is needed, and is not held here: {_cut(include.system)}{version}")
        self._spend(len(system.concepts) * (1 + len(include.filters)))
        listed = {each.code for each in include.concepts} or None
        kept = [_kept(each, system) for each in include.filters]
        return [
            each
            for each in system.concepts
            if (listed is None or each.code in listed) and all(each.code in codes for codes in kept)
        ]

    def _match(self, concepts: Sequence[Concept], system: str, code: str) -> Concept | None:
        self._spend(len(concepts))
        known = self._terminology.code_system(system)
        same = [
            each
            for each in concepts
            if each.system == system and (each.code == code or (known and known.same(each.code, code)))
        ]
        return next((each for each in same if each.code == code), same[0] if same else None)

    def _fold(self, concept: Concept) -> str:
        known = self._terminology.code_system(concept.system)
        return concept.code if known is None or known.case_sensitive else concept.code.casefold()


def _completed(concept: Concept, system: CodeSystem | None) -> Concept:
    """What a list leaves out of a concept, its system knows."""
    known = system.find(concept.code) if system else None
    if known is None:
        return concept
    return replace(concept, display=concept.display or known.display, abstract=known.abstract)


def _kept(rule: Filter, system: CodeSystem) -> Collection[str]:
    """The codes that keep a filter; a few more, of no concept, do no harm."""
    match rule.property, rule.operation:
        case (("concept" | "code"), "="):
            return (_named(rule, system),)
        case (("concept" | "code"), "is-a"):
            return frozenset(system.below(_named(rule, system)))
        case (("concept" | "code"), "is-not-a"):
            return {each.code for each in system.concepts} - set(system.below(_named(rule, system)))
        case (("concept" | "code"), "in"):
            return frozenset(each.strip() for each in rule.value.split(","))
        case (("concept" | "code"), "not-in"):
            return {each.code for each in system.concepts} - {each.strip() for each in rule.value.split(",")}
        case "parent", "=":
            return frozenset(system.children(_named(rule, system)))
    asked = f"{_cut(rule.property)} {_cut(rule.operation)}"
    raise BeyondReach(f"A filter is not supported for the code system {_cut(system.url)}: {asked}")


def _named(rule: Filter, system: CodeSystem) -> str:
    found = system.find(rule.value)
    if found is None:
        raise BeyondReach(f"A filter names a code that the code system does not have: {_cut(system.url)}")
    return found.code


def _cut(text: str) -> str:
    return text[:200]
