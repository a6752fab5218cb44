"""Panels and their parts: one Observation with components in one source, an Observation for each of them in another.

http://hl7.org/fhir/DSTU2/observation.html#gr-comp. A part is not the same fact as its panel, for it says less: it stays
a fact of its own, and is told to be stated by the panel too. Nothing else follows from it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from fhirstore.unified import concepts
from fhirstore.unified.agreement import Agreement
from fhirstore.unified.clocks import TRUE_CLOCKS, Clocks
from fhirstore.unified.concepts import Concept
from fhirstore.unified.facts import Fact, Stated, Trait, agree
from fhirstore.unified.grouping import WINDOW, Group
from fhirstore.unified.judgements import NO_JUDGEMENTS, Judgements, pair
from fhirstore.unified.kinds.kind import TIMED, dated, time_in_words
from fhirstore.unified.moments import Moment, Timing, timing


class PartOf(msgspec.Struct, frozen=True):
    """Of which panel something is a part (the reference of its first resource), and why."""

    panel: str
    reason: str


class _Fit(msgspec.Struct, frozen=True):
    """A fact of the number `single` that says what the component of the number `component` does, and how sure that is.

    `same` is whether the values agree: at the same time another value tells of another measurement.
    """

    single: int
    component: int
    when: Timing
    same: bool
    moment: Moment | None


def parts(
    groups: Sequence[Group], judgements: Judgements = NO_JUDGEMENTS, clocks: Clocks = TRUE_CLOCKS
) -> Mapping[str, PartOf]:
    """By the reference of its first resource, each group of Observations that is part of a panel of other sources.

    All are of one kind. A part has one panel: where two might be meant, neither is taken.
    """
    if not groups or groups[0][0].fact.kind != "Observation":
        return {}
    panels = [number for number, group in enumerate(groups) if any(_components(member.fact) for member in group)]
    if not panels:
        return {}
    living = [clocks.set([member.fact for member in group if not member.fact.stated.void]) for group in groups]
    singles = _singles(living, frozenset().union(*(code.keys for each in panels for code, _ in _all(living[each]))))
    options: dict[int, dict[int, Timing]] = defaultdict(dict)
    for panel in panels:
        for fit in _fits(panel, living, singles, judgements):
            options[fit.single][panel] = max(fit.when, options[fit.single].get(panel, fit.when))
    found = ((single, _only(held)) for single, held in options.items() if _is_of_one_time(living, single, held))
    return {
        groups[single][0].fact.reference: PartOf(
            groups[panel][0].fact.reference, f"same code and value as a part of it, {time_in_words(when)}"
        )
        for single, (panel, when) in ((single, each) for single, each in found if each is not None)
    }


def _components(fact: Fact) -> Sequence[tuple[Concept, Trait]]:
    return [each for each in fact.stated.values if each[0]]


def _is_of_one_time(living: Sequence[Sequence[Fact]], single: int, panels: Iterable[int]) -> bool:
    """Whether nobody tells one of them of another time than the other."""
    told = [fact.stated.moment for panel in panels for fact in living[panel]]
    return not any(timing(fact.stated.moment, when) is Timing.DIFFERENT for fact in living[single] for when in told)


def _only(options: Mapping[int, Timing]) -> tuple[int, Timing] | None:
    """The panel that agrees best by its time, where there is one alone."""
    best = max(options.values())
    chosen = [panel for panel, when in options.items() if when is best]
    return (chosen[0], best) if len(chosen) == 1 else None


def _all(facts: Sequence[Fact]) -> Iterator[tuple[Concept, Trait]]:
    return (component for fact in facts for component in _components(fact))


def _singles(living: Sequence[Sequence[Fact]], wanted: frozenset[str]) -> Mapping[str, Sequence[int]]:
    """The groups that tell one value under one of the wanted codes, by person, code and time."""
    found: dict[str, dict[int, None]] = defaultdict(dict)
    for number, facts in enumerate(living):
        for fact in facts:
            stated = fact.stated
            if len(stated.values) == 1 and not _components(fact) and not wanted.isdisjoint(stated.code.keys):
                for key in dated(stated):
                    found[f"{fact.person} {key}"][number] = None
    return {key: list(numbers) for key, numbers in found.items()}


def _fits(
    panel: int, living: Sequence[Sequence[Fact]], singles: Mapping[str, Sequence[int]], judgements: Judgements
) -> Iterator[_Fit]:
    """The parts that sources tell of a panel that they do not tell themselves."""
    told = {fact.source for fact in living[panel]}
    for fact in living[panel]:
        by_source: dict[str, list[_Fit]] = defaultdict(list)
        for number, (code, value) in enumerate(_components(fact)):
            component = Stated(code=code, moment=fact.stated.moment)
            blocks = [singles.get(f"{fact.person} {key}", ()) for key in dated(component)]
            # As with all that is compared: in a crowd there is no telling which is meant.
            for single in dict.fromkeys(each for block in blocks if len(block) <= WINDOW for each in block):
                for other in living[single]:
                    if other.source not in told and pair(fact.reference, other.reference) not in judgements.other:
                        by_source[other.source] += _fit(single, number, component, value, other)
        for fits in by_source.values():
            yield from _agreeing(fits, len(_components(fact)))


def _fit(single: int, number: int, component: Stated, value: Trait, other: Fact) -> Iterator[_Fit]:
    when = timing(component.moment, other.stated.moment)
    same_code = concepts.agreement(component.code, other.stated.code) is Agreement.EQUAL
    if same_code and when in TIMED:
        same = agree(value, other.stated.values[0][1]) >= Agreement.CLOSE
        yield _Fit(single, number, when, same, other.stated.moment)


def _agreeing(fits: Sequence[_Fit], components: int) -> Sequence[_Fit]:
    """What a source tells of a panel: parts of the very time, where none differs; else of one time that has all parts.

    Where several tell one part alike, it is not told which of them is meant.
    """
    instant = [fit for fit in fits if fit.when is Timing.INSTANT]
    if not all(fit.same for fit in instant):
        return ()
    by_moment: dict[Moment | None, list[_Fit]] = defaultdict(list)
    for fit in fits:
        if fit.same:
            by_moment[fit.moment].append(fit)
    whole = [each for each in by_moment.values() if len({fit.component for fit in each}) == components]
    chosen = instant or (whole[0] if len(whole) == 1 else [])
    told, singles = (Counter(getattr(fit, name) for fit in chosen) for name in ("component", "single"))
    return [fit for fit in chosen if told[fit.component] == singles[fit.single] == 1]
