"""Judge de-duplication against lives of known truth: precision, recall, and what was confused, by type.

Usage: python scripts/bench/duplicates.py [--seeds N] [--first SEED] [--sources N] [--show N]

A pair is two resources of different sources. It is right when both tell one event of the life. A missed pair is open
where nobody could decide it: where what one of the two tells, a day or no date at all, fits another event as well. The
last column is the recall among those that can be decided. Where a source tells a panel as several single measurements,
a single one and the panel are a pair of their own, right where the one is said to be part of the other.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import combinations

from lives.telling import Told, tell

from fhirstore.dstu2.json_format import dump, parse
from fhirstore.unified.clocks import Clocks, find_clocks
from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import Group, group, pairs
from fhirstore.unified.judgements import pair
from fhirstore.unified.panels import parts
from fhirstore.unified.people import people
from fhirstore.unified.stating import state

Pairs = set[tuple[str, str]]
PARTS = "Observation in a panel"


@dataclass
class Score:
    """Pairs that were found and are true, that were found and are false, and that were not found.

    Of the right and of the missed ones some are open: nobody could be asked to find them.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    right_open: int = 0
    missed_open: int = 0
    seconds: float = 0
    resources: int = 0
    examples: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def recall_of_decidable(self) -> float:
        right, missed = self.right - self.right_open, self.missed - self.missed_open
        return right / (right + missed) if right + missed else 1.0

    def __add__(self, other: Score) -> Score:
        return Score(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Score)})


def truth(told: Sequence[Told]) -> Pairs:
    """Every two tellings of one event by different sources."""
    return {
        pair(one.reference, other.reference)
        for tellings in _by_event(told)
        for one, other in combinations(tellings, 2)
        if one.source != other.source and one.part == other.part
    }


def truth_of_parts(told: Sequence[Told]) -> Pairs:
    """Every two tellings of different sources of which one tells a part of what the other does."""
    return {
        pair(one.reference, other.reference)
        for tellings in _by_event(told)
        for one, other in combinations(tellings, 2)
        if one.source != other.source and bool(one.part) != bool(other.part)
    }


def _by_event(told: Sequence[Told]) -> Iterable[Sequence[Told]]:
    events: dict[int, list[Told]] = defaultdict(list)
    for each in told:
        if each.event is not None:
            events[each.event].append(each)
    return events.values()


def found(told: Sequence[Told]) -> tuple[Pairs, Pairs, float]:
    """The pairs of the unified record, those of a part and its panel, and the seconds that it took."""
    documents = [parse(dump(each.document)) for each in told]
    begun = time.process_time()
    facts: dict[str, list[Fact]] = defaultdict(list)
    for document in documents:
        facts[document["resourceType"]].append(state(document))
    known = people(group(facts.pop("Patient", [])))
    together = set(pairs(known.groups))
    kinds = [known.placed(each) for each in facts.values()]
    clocks = find_clocks([fact for each in kinds for fact in each])
    of_panels: Pairs = set()
    for each in kinds:
        groups = group(each, clocks=clocks)
        together |= set(pairs(groups))
        of_panels |= set(_parts(groups, clocks))
    return together, of_panels, time.process_time() - begun


def _parts(groups: Sequence[Group], clocks: Clocks) -> Iterator[tuple[str, str]]:
    members = {each[0].fact.reference: [member.fact for member in each] for each in groups}
    for single, part in parts(groups, clocks=clocks).items():
        for one in members[single]:
            for other in members[part.panel]:
                if one.source != other.source:
                    yield pair(one.reference, other.reference)


def judge(seed: int, sources: int) -> Mapping[str, Score]:
    """The score of one life, by type."""
    told = tell(seed, sources)
    together, of_panels, seconds = found(told)
    scores: dict[str, Score] = defaultdict(Score)
    left_open = {each.reference for each in told if each.open}
    for name, true, claimed in (("", truth(told), together), (PARTS, truth_of_parts(told), of_panels)):
        for one, other in sorted(true | claimed):
            score, is_open = scores[name or one.partition("/")[0]], not left_open.isdisjoint({one, other})
            if (one, other) not in true:
                score.wrong += 1
                score.examples.append(("wrong", one, other))
            elif (one, other) in claimed:
                score.right += 1
                score.right_open += is_open
            else:
                score.missed += 1
                score.missed_open += is_open
                score.examples.append(("open" if is_open else "missed", one, other))
    for each in told:
        scores[each.document["resourceType"]].resources += 1
    scores["Patient"].seconds += seconds
    return scores


def total(seeds: Sequence[int], sources: int) -> Mapping[str, Score]:
    scores: dict[str, Score] = defaultdict(Score)
    for seed in seeds:
        for type_, score in judge(seed, sources).items():
            scores[type_] += score
    return scores


def lines(scores: Mapping[str, Score]) -> Iterator[str]:
    names = f"{'right':>7} {'wrong':>6} {'missed':>6} {'open':>6} {'precision':>9} {'recall':>7} {'decidable':>9}"
    yield f"{'type':26} {'resources':>9} {names}"
    every = sum(scores.values(), Score())
    for name, score in [*sorted(scores.items()), ("all", every)]:
        counts = f"{score.resources:9} {score.right:7} {score.wrong:6} {score.missed:6} {score.missed_open:6}"
        yield f"{name:26} {counts} {score.precision:9.4f} {score.recall:7.4f} {score.recall_of_decidable:9.4f}"
    yield f"{every.seconds:.2f} s of processor time, {every.seconds / every.resources * 1e6:.0f} µs a resource"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--sources", type=int, default=3)
    parser.add_argument("--show", type=int, default=0, help="examples of what is wrong or missed, of each type")
    asked = parser.parse_args()
    scores = total(range(asked.first, asked.first + asked.seeds), asked.sources)
    for line in lines(scores):
        print(line)
    for type_, score in sorted(scores.items()):
        for kind, count in Counter(each[0] for each in score.examples).items():
            for example in [each for each in score.examples if each[0] == kind][: asked.show]:
                print(f"{type_} ({count} {kind}):", *example[1:])


if __name__ == "__main__":
    main()
