"""Sources whose clocks are wrong: local times under the name of UTC, found by the hours between what else is alike.

A system that forgets its zone shifts all that it tells by the same hours (one more or less in summer). No two
resources can show that; many can. What is found changes when facts are taken to have been, and nothing else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from msgspec.structs import replace

from fhirstore.unified.agreement import Agreement
from fhirstore.unified.facts import Fact, Trait
from fhirstore.unified.kinds import kind_of
from fhirstore.unified.kinds.observation import compare_values
from fhirstore.unified.moments import Moment, day_if_midnight, month

_MINUTE = 60_000_000
_QUARTER = 15
_FARTHEST = 14 * 60
_VOTES_NEEDED, _MAJORITY = 4, 0.6
_NEAR, _KEYS = 16, 3
_SOURCES = 30
_SUMMER = 60

Votes = Mapping[tuple[str, str], Mapping[int, Counter[int]]]
"""Two sources → month of the year → by how many minutes the second is later, and how often that was seen."""

Shifts = Mapping[tuple[str, int], int]
"""Source and month of the year → minutes to add to what the source calls UTC."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """What was found of the clocks of all sources, and of the place: minutes from UTC to its time, by months."""

    shifts: Shifts = field(default_factory=dict)
    zones: Mapping[int, int] = field(default_factory=dict)

    def set(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """The facts, with the moments of sources that are found to be shifted put right."""
        if not self.shifts and not self.zones:
            return facts
        return [_moved(fact, self.shifts, self.zones) for fact in facts]


TRUE_CLOCKS = Clocks()


def find_clocks(facts: Sequence[Fact]) -> Clocks:
    """What facts of several kinds, told by several sources, give away; any good part of a record will do."""
    counted = Counter(fact.source for fact in facts)
    if len(counted) < 2:
        return TRUE_CLOCKS
    known = sorted(counted, key=lambda source: (-counted[source], source))[:_SOURCES]
    facts = [fact for fact in facts if fact.source in known]
    anchored = _explicit(facts)
    shifts = _spread(_votes(facts), {source for source, _ in anchored})
    return Clocks(shifts, _zones(anchored, shifts))


def _explicit(facts: Sequence[Fact]) -> Counter[tuple[str, tuple[int, int]]]:
    """Who writes offsets from UTC, and which ones in which months: those clocks are believed."""
    found = Counter[tuple[str, tuple[int, int]]]()
    for fact in facts:
        moment = fact.stated.moment
        if moment is not None and moment.zone not in {"", "Z"}:
            found[fact.source, (month(moment.low), (moment.local_low - moment.low) // _MINUTE)] += 1
    return found


def _votes(facts: Sequence[Fact]) -> Votes:
    """How much later one source tells what another tells too: whole quarters of an hour, all else alike."""
    votes: dict[tuple[str, str], dict[int, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
    pairs = {(one.reference, other.reference): (one, other) for one, other in _alike(facts)}
    for pair in pairs.values():  # each once, by however many names they are alike
        one, other = sorted(pair, key=lambda fact: fact.source)
        first, second = one.stated.moment, other.stated.moment
        assert first is not None
        assert second is not None
        later = second.low // _MINUTE - first.low // _MINUTE
        votes[one.source, other.source][month(first.low)][later] += 1
    return votes


def _alike(facts: Sequence[Fact]) -> Iterator[tuple[Fact, Fact]]:
    """Timed facts of different sources with a code and a value in common, and the same minute of the quarter."""
    blocks: dict[object, list[tuple[int, Fact]]] = defaultdict(list)
    for fact in facts:
        moment = fact.stated.moment
        if moment is not None and moment.timed and not fact.stated.void:
            minute = moment.low // _MINUTE
            for key in [*sorted(fact.stated.code.codes), *sorted(fact.stated.code.names)][:_KEYS]:
                blocks[fact.kind, fact.person, key, minute % _QUARTER].append((minute, fact))
    for block in blocks.values():
        block.sort(key=lambda each: (each[0], each[1].reference))
        for place, (minute, fact) in enumerate(block):
            for later, other in block[place + 1 : place + 1 + _NEAR]:
                if later - minute > _FARTHEST:
                    break
                if other.source != fact.source and _same_values(fact, other):
                    yield fact, other


def _same_values(one: Fact, other: Fact) -> bool:
    return compare_values(one.stated.values, other.stated.values) is not Agreement.DIFFERENT


def _spread(votes: Votes, anchored: set[str]) -> Shifts:
    """From the sources that are believed to their neighbours, and on: each source's shift, where it is one."""
    sources = sorted({source for two in votes for source in two})
    shifts: dict[tuple[str, int], int] = {}
    known: list[str] = []
    for start in sorted(sources, key=lambda source: (source not in anchored, source)):
        queue = [] if start in known else [start]
        known += queue
        for source in queue:
            for other in sources:
                if other in known:
                    continue
                later = _later(votes, source, other)
                if later is None:
                    continue
                known.append(other)
                queue.append(other)
                for when in range(1, 13):
                    shift = shifts.get((source, when), 0) - later[when]
                    if shift and other not in anchored:
                        shifts[other, when] = shift
    return shifts


def _later(votes: Votes, source: str, other: str) -> Mapping[int, int] | None:
    """By how much `other` is later than `source` in each month, None where they do not tell."""
    sign = 1 if source < other else -1
    monthly = votes.get((min(source, other), max(source, other)), {})
    whole = _verdict(sum(monthly.values(), Counter()), slack=_SUMMER)
    if whole is None:
        return None
    found = {when: _verdict(monthly.get(when, Counter())) for when in range(1, 13)}
    return {when: sign * (whole if minutes is None else minutes) for when, minutes in found.items()}


def _verdict(counted: Counter[int], slack: int = 0) -> int | None:
    """What most say, if enough say it, or say something within `slack` of it."""
    votes = sum(counted.values())
    if not votes:
        return None
    minutes, _ = min(counted.items(), key=lambda each: (-each[1], abs(each[0]), each[0]))
    agree = sum(count for found, count in counted.items() if abs(found - minutes) <= slack)
    return minutes if agree >= _VOTES_NEEDED and agree >= _MAJORITY * votes else None


def _zones(anchored: Counter[tuple[str, tuple[int, int]]], shifts: Shifts) -> Mapping[int, int]:
    """The minutes between UTC and the local time of the place, by months, as far as anybody tells."""
    counted: dict[int, Counter[int]] = defaultdict(Counter)
    for (_, (when, minutes)), count in anchored.items():
        counted[when][minutes] += count
    for (_, when), shift in shifts.items():
        if not anchored:
            counted[when][-shift] += 1
    return {when: min(found, key=lambda minutes: (-found[minutes], minutes)) for when, found in counted.items()}


def _moved(fact: Fact, shifts: Shifts, zones: Mapping[int, int]) -> Fact:
    """What is called UTC, put right; with the local time of the place, where it is known."""
    stated = fact.stated
    told = [("", stated.moment), *((name, each) for name, each in stated.traits if isinstance(each, Moment))]
    right = {name: _right(moment, fact.source, shifts, zones) for name, moment in told if _is_utc(moment)}
    if all(moment is None for moment in right.values()):
        return fact
    moment = right.get("") or stated.moment
    traits = tuple((name, right.get(name) or each) for name, each in stated.traits)
    moment = moment if kind_of(fact.kind).hourly else day_if_midnight(moment)
    return replace(fact, stated=replace(stated, moment=moment, traits=traits))


def _is_utc(value: Trait | None) -> TypeGuard[Moment]:
    return isinstance(value, Moment) and value.timed and value.zone in {"", "Z"}


def _right(moment: Moment, source: str, shifts: Shifts, zones: Mapping[int, int]) -> Moment | None:
    """The moment as it was, None where it stays as it is."""
    when = month(moment.low)
    shift, zone = shifts.get((source, when), 0) * _MINUTE, zones.get(when, 0) * _MINUTE
    if not shift and not zone:
        return None
    low, high = moment.low + shift, moment.high + shift
    return Moment(low, high, low + zone, high + zone, "Z")
