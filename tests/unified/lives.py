"""The lives of known truth that the benchmark tells, for tests."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from fhirstore.dstu2.json_format import dump, parse
from fhirstore.unified.clocks import find_clocks
from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import Group, group
from fhirstore.unified.judgements import NO_JUDGEMENTS, Judgements
from fhirstore.unified.people import people
from fhirstore.unified.stating import state

BENCH = Path(__file__).parents[2] / "scripts" / "bench"


def bench(name: str) -> Any:
    """A module of the benchmark's, which is no part of any package."""
    if str(BENCH) not in sys.path:
        sys.path.append(str(BENCH))
    return import_module(name)


@cache
def told(seed: int) -> Sequence[Any]:
    return tuple(bench("lives.telling").tell(seed))


@cache
def documents(seed: int) -> Sequence[Mapping[str, Any]]:
    return tuple(parse(dump(each.document)) for each in told(seed))


def grouped(facts: Sequence[Fact], judgements: Judgements = NO_JUDGEMENTS) -> list[Group]:
    """The groups of a whole record, kind by kind."""
    kinds: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        kinds[fact.kind].append(fact)
    known = people(group(kinds.pop("Patient", []), judgements))
    placed = [known.placed(each) for each in kinds.values()]
    clocks = find_clocks([fact for each in placed for fact in each])
    return [*known.groups, *(each for kind in placed for each in group(kind, judgements, clocks))]


def facts_of(seed: int) -> list[Fact]:
    return [state(document) for document in documents(seed)]


def together(groups: Sequence[Group]) -> set[frozenset[str]]:
    """The groups as sets of references, which is all that a result is."""
    return {frozenset(member.fact.reference for member in each) for each in groups}
