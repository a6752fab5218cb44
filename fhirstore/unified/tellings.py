"""What one source tells of one person, with what it tells again word for word: the least that is ever grouped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from fhirstore.unified.facts import Fact
from fhirstore.unified.kinds.kind import Kind


def tellings(
    kind: Kind, facts: Sequence[Fact], said: Sequence[int], judged: frozenset[str]
) -> Iterator[tuple[Fact, ...]]:
    """Facts; of one source and person, those that say the very same stand together, if that leaves no doubt.

    `said` are equal numbers for what says the same. What other sources know by a number stands with what has the same
    number alone: it may be told differently there.
    """
    together, shared = defaultdict[object, list[Fact]](list), _shared_identifiers(facts)
    for fact, number in zip(facts, said, strict=True):
        moment = fact.stated.moment
        sure = not kind.repeats or (moment is not None and moment.timed)
        alone = fact.reference in judged or not sure or not fact.stated.said
        known = fact.identifiers & shared
        together[fact.reference if alone else (fact.person, fact.source, number, known)].append(fact)
    yield from (tuple(each) for each in together.values())


def _shared_identifiers(facts: Sequence[Fact]) -> frozenset[str]:
    """Identifiers that several sources use."""
    first: dict[str, str] = {}
    return frozenset(
        each for fact in facts for each in fact.identifiers if first.setdefault(each, fact.source) != fact.source
    )
