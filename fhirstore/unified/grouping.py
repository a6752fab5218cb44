"""Facts of one kind, put together where they state the same: unions of pairs, guarded against chains of near-misses.

Strong evidence goes first. A union is made only where nothing in the one group contradicts anything in the other,
and, short of an identifier, only where there is no choice: of two that might as well be meant, neither is taken.
The result depends on the facts alone, not on their order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, islice

import msgspec
from msgspec.structs import replace

from fhirstore.unified.agreement import Comparison, Likeness
from fhirstore.unified.amounts import Amount
from fhirstore.unified.clocks import TRUE_CLOCKS, Clocks
from fhirstore.unified.facts import LINKED, Fact, Stated
from fhirstore.unified.judgements import NO_JUDGEMENTS, Judgements, pair
from fhirstore.unified.kinds import kind_of
from fhirstore.unified.kinds.kind import Kind, is_loose
from fhirstore.unified.tellings import tellings

WINDOW, _CROWD, _CROWDED_WINDOW = 16, 1000, 4
"""So many neighbours of a block are compared with each fact: blocks grow with the record, work does not grow faster.

In a crowd there are fewer: a thousand things of one name at one time are nobody's life.
"""

_RIVALS = 4

GROUP_LIMIT = 32
"""Different statements in one group; more say that something is wrong with them."""

_LINKED, _JUDGED, _REPEATED = "linked as the same", "said to be the same", "the same, word for word, in the same source"


class Member(msgspec.Struct, frozen=True, gc=False):
    """A fact in a group, and why: the reason in words, and the resource that it states the same as."""

    fact: Fact
    reason: str = ""
    same_as: str = ""


Group = tuple[Member, ...]
"""What is one fact. The first member tells the most; the others are there for a reason each."""


def group(facts: Sequence[Fact], judgements: Judgements = NO_JUDGEMENTS, clocks: Clocks = TRUE_CLOCKS) -> list[Group]:
    """Every fact in exactly one group; all must be of one kind, with their persons known.

    `clocks` say which sources shift their times; what is in the groups is as it was told.
    """
    if not facts:
        return []
    ordered = sorted(facts, key=lambda fact: fact.reference)
    one_source = len({fact.source for fact in ordered}) == 1
    if one_source and not judgements.same and facts[0].kind != "Patient":
        return [(Member(fact),) for fact in ordered]  # no source repeats itself, but for Patients that it links
    living = clocks.set([fact for fact in ordered if not fact.stated.void])
    found = _Grouping(kind_of(facts[0].kind), living, judgements).groups()
    told = {fact.reference: fact for fact in ordered}
    groups = [tuple(replace(member, fact=told[member.fact.reference]) for member in each) for each in found]
    return [*groups, *((Member(fact),) for fact in ordered if fact.stated.void)]


class _Edge(msgspec.Struct, frozen=True, gc=False):
    likeness: int
    one: int
    other: int
    words: str


_Near = dict[int, dict[str, dict[int, None]]]
"""Group → source → the groups that have something of this source and may be the same."""


class _Grouping:
    """Nodes are facts, or several of one source that say the very same; `root` leads from each to its group."""

    def __init__(self, kind: Kind, facts: Sequence[Fact], judgements: Judgements) -> None:
        self._kind = kind
        self._judgements = judgements
        numbers: dict[object, int] = {}
        said = [numbers.setdefault(fact.stated.said, number) for number, fact in enumerate(facts)]
        self._nodes = list(tellings(kind, facts, said, judgements.judged))
        self._order = [_order(node[0].stated, number) for number, node in enumerate(self._nodes)]
        self._timed = [_is_timed(node[0].stated) for node in self._nodes]
        self._root = list(range(len(self._nodes)))
        self._members = [[number] for number in self._root]
        self._reasons: list[_Edge] = []
        self._compared: dict[tuple[int, int], Comparison] = {}
        self._place = {fact.reference: number for number, node in enumerate(self._nodes) for fact in node}
        contents: dict[object, int] = {}
        told = {fact.reference: number for fact, number in zip(facts, said, strict=True)}
        whole = ((told[node[0].reference], node[0].identifiers) for node in self._nodes)
        self._content = [contents.setdefault(each, number) for number, each in enumerate(whole)]
        self._parted: dict[int, set[int]] = defaultdict(set)
        for one, other in self._placed(judgements.other):
            self._parted[one].add(other)
            self._parted[other].add(one)

    def groups(self) -> list[Group]:
        for one, other in sorted(self._placed(self._judgements.same)):
            if not self._are_parted(self._root[one], self._root[other]):
                self._unite(_Edge(Likeness.CERTAIN + 1, one, other, _JUDGED))
        for one, other in sorted(self._placed(self._links())):
            if self._compare(one, other).likeness is not Likeness.CONTRARY and not self._are_parted(
                self._root[one], self._root[other]
            ):
                self._unite(_Edge(Likeness.CERTAIN, one, other, _LINKED))
        levels: dict[int, list[_Edge]] = defaultdict(list)
        for edge in self._edges():
            levels[edge.likeness].append(edge)
        for level in sorted(levels, reverse=True):
            self._settle(sorted(levels[level], key=lambda edge: (edge.one, edge.other)))
        return list(self._told())

    def _links(self) -> frozenset[tuple[str, str]]:
        """What resources themselves say to be the same, as the Patient that another one replaces."""
        linked = ((fact, fact.stated.trait(LINKED)) for node in self._nodes for fact in node)
        return frozenset(
            (fact.reference, other) for fact, held in linked if isinstance(held, frozenset) for other in held
        )

    def _placed(self, pairs: frozenset[tuple[str, str]]) -> Iterator[tuple[int, int]]:
        for one, other in sorted(pairs):
            if one in self._place and other in self._place and self._place[one] != self._place[other]:
                yield self._place[one], self._place[other]

    def _edges(self) -> Iterator[_Edge]:
        source = [node[0].source for node in self._nodes]
        for one, other in {each for each in self._candidates(source) if source[each[0]] != source[each[1]]}:
            found = self._compare(one, other)
            if found.likeness > Likeness.UNKNOWN:
                yield _Edge(found.likeness, one, other, found.words)

    def _candidates(self, source: Sequence[str]) -> Iterator[tuple[int, int]]:
        blocks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for number, (fact, *_) in enumerate(self._nodes):
            of_person = blocks[fact.person]
            for key in {*fact.identifiers, *self._kind.keys(fact.stated)}:
                of_person[key].append(number)
        for key, block in (each for of_person in blocks.values() for each in of_person.items()):
            if len(block) < 2 or all(source[number] == source[block[0]] for number in block):
                continue
            block.sort(key=self._order.__getitem__)
            loose, window = is_loose(key), WINDOW if len(block) <= _CROWD else _CROWDED_WINDOW
            for place, one in enumerate(block):
                apart = loose and self._timed[one]
                for other in block[place + 1 : place + 1 + window]:
                    if not (apart and self._timed[other]):
                        yield (one, other) if one < other else (other, one)

    def _compare(self, one: int, other: int) -> Comparison:
        """Compared by what they say: of a thousand that say the same, one is."""
        one, other = self._content[one], self._content[other]
        key = (one, other) if one < other else (other, one)
        found = self._compared.get(key)
        if found is None:
            found = self._compared[key] = self._kind.compare(self._nodes[key[0]][0], self._nodes[key[1]][0])
        return found

    def _settle(self, edges: Sequence[_Edge]) -> None:
        """Unite along the edges of one level, as far as each is the only choice at its ends."""
        near: _Near = defaultdict(lambda: defaultdict(dict))
        possible = []
        for edge in edges:
            one, other = self._root[edge.one], self._root[edge.other]
            if one != other and self._may_unite(one, other):
                for here, there in ((one, other), (other, one)):
                    for source in self._sources(there):
                        near[here][source][there] = None
                possible.append((edge, one, other))
        telling = (each for each in possible if each[0].likeness > Likeness.FAINT)
        certain = [each for each in telling if self._is_only_choice(near, *each[1:])]
        united = set[int]()
        for edge, *before in certain:
            one, other = self._root[edge.one], self._root[edge.other]
            if one != other and (united.isdisjoint(before) or self._may_unite(one, other)):
                self._unite(edge)
                united |= {one, other}
        self._count([edge for edge, _, _ in possible])

    def _count(self, edges: Sequence[_Edge]) -> None:
        """Where some sources tell as many as others, and which is which makes no difference, take them in order."""
        left = {
            (self._root[edge.one], self._root[edge.other]): edge
            for edge in edges
            if self._root[edge.one] != self._root[edge.other]
            and self._may_unite(self._root[edge.one], self._root[edge.other])
        }
        least = 1 if all(edge.likeness > Likeness.FAINT for edge in edges) else 2
        for cluster in _clusters(left):
            sides: dict[tuple[str, ...], list[int]] = defaultdict(list)
            for root in cluster:
                sides[tuple(sorted(self._sources(root)))].append(root)
            if len(sides) == 2 and len(cluster) <= _RIVALS * 2:
                here, there = (sorted(each, key=self._order.__getitem__) for each in sides.values())
                as_many = len(here) == len(there) >= least
                if as_many and (self._are_alike(here) or self._are_alike(there)):
                    for one, other in zip(here, there, strict=True):
                        edge = left.get((one, other)) or left.get((other, one))
                        if edge is not None and self._may_unite(one, other):
                            self._unite(replace(edge, words=f"{edge.words}, as often in both"))

    def _are_alike(self, roots: Sequence[int]) -> bool:
        """Whether nothing but their sources' words keeps some facts apart."""
        return all(self._compare(one, other).likeness > Likeness.UNKNOWN for one, other in combinations(roots, 2))

    def _is_only_choice(self, near: _Near, one: int, other: int) -> bool:
        """Whether all else that either might be the same as may be the same as the other too.

        Of many rivals some are asked: first those of the very sources, which nearly always may not.
        """
        for here, there in ((one, other), (other, one)):
            sources = [*self._sources(there), *islice(near[here], _RIVALS)]
            rivals = dict.fromkeys(rival for source in sources for rival in islice(near[here][source], _RIVALS))
            if not all(self._may_unite(rival, there) for rival in rivals if rival != there):
                return False
        return True

    def _sources(self, root: int) -> list[str]:
        return list(dict.fromkeys(self._nodes[number][0].source for number in self._members[root]))

    def _may_unite(self, one: int, other: int) -> bool:
        mine, theirs = self._members[one], self._members[other]
        if len(mine) + len(theirs) > GROUP_LIMIT or self._are_parted(one, other):
            return False
        for here in mine:
            for there in theirs:
                likeness = self._compare(here, there).likeness
                if likeness is Likeness.CONTRARY:
                    return False
                if self._nodes[here][0].source == self._nodes[there][0].source and likeness is not Likeness.CERTAIN:
                    return False
        return True

    def _are_parted(self, one: int, other: int) -> bool:
        if not self._parted:
            return False
        theirs = set(self._members[other])
        return any(self._parted[number] & theirs for number in self._members[one] if number in self._parted)

    def _unite(self, edge: _Edge) -> None:
        one, other = self._root[edge.one], self._root[edge.other]
        if one == other:
            return
        self._reasons.append(edge)
        if len(self._members[one]) < len(self._members[other]):
            one, other = other, one
        for number in self._members[other]:
            self._root[number] = one
        self._members[one] += self._members[other]
        self._members[other] = []

    def _told(self) -> Iterator[Group]:
        reasons: dict[int, list[_Edge]] = defaultdict(list)
        for edge in self._reasons:
            reasons[self._root[edge.one]].append(edge)
        for root, members in enumerate(self._members):
            if len(members) == 1:
                yield from ((Member(fact),) for fact in self._nodes[members[0]])
            elif members:
                yield self._group(sorted(members), reasons[root])

    def _group(self, members: Sequence[int], edges: Sequence[_Edge]) -> Group:
        """From the fullest on, along the unions that were made, so that each has a reason that leads to the first."""
        first = min(members, key=lambda number: (-self._nodes[number][0].detail, number))
        reached = [Member(fact, _REPEATED, self._nodes[first][0].reference) for fact in self._nodes[first]]
        reached[0] = Member(reached[0].fact)
        links: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for edge in edges:
            links[edge.one].append((edge.other, edge.words))
            links[edge.other].append((edge.one, edge.words))
        seen, queue = {first}, [first]
        for here in queue:
            why = self._nodes[here][0].reference
            for there, words in links[here]:
                if there not in seen:
                    seen.add(there)
                    queue.append(there)
                    reached += (Member(fact, words, why) for fact in self._nodes[there])
        return tuple(reached)


def _order(stated: Stated, number: int) -> tuple[float, int, int]:
    """What is likely to be the same stands side by side: equal amounts, then equal times."""
    amounts = (value.size for _, value in stated.values if isinstance(value, Amount))
    return next(amounts, 0.0), stated.moment.low if stated.moment else 0, number


def _is_timed(stated: Stated) -> bool:
    return stated.moment is not None and stated.moment.timed


def _clusters(edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """What hangs together by edges."""
    links: dict[int, list[int]] = defaultdict(list)
    for one, other in edges:
        links[one].append(other)
        links[other].append(one)
    seen, found = set[int](), []
    for start in sorted(links):
        if start in seen:
            continue
        seen.add(start)
        queue = [start]
        for here in queue:
            for there in links[here]:
                if there not in seen:
                    seen.add(there)
                    queue.append(there)
        found.append(queue)
    return found


def pairs(groups: Sequence[Group]) -> Iterator[tuple[str, str]]:
    """Every two resources of different sources that are in one group."""
    for each in groups:
        for one, other in combinations(each, 2):
            if one.fact.source != other.fact.source:
                yield pair(one.fact.reference, other.fact.reference)
