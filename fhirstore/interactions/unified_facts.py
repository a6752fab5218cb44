"""Facts of a unified record as they are shown, and kept: what they were compared by is let go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from fhirstore.unified.grouping import Group
from fhirstore.unified.panels import PartOf
from fhirstore.unified.people import UNKNOWN, People

_NEVER = 2**62
"""Stands behind all times."""
_TEXT_LIMIT = 1000
"""So much is kept of a label and of an id, in characters."""


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """A resource that states a fact: where it comes from, what it is called there, and why it is taken for the same as
    another one (`same_as`); the first of a fact has no reason."""

    reference: str
    source: str = ""
    original: str = ""
    reason: str = ""
    same_as: str = ""


class UnifiedFact(msgspec.Struct, frozen=True, gc=False):
    """One fact: its kind (a resource type), whom it is about, and every resource that states it, the fullest first.

    `person` is the reference of the person's first Patient, "" for what is about nobody. `label` is what the fullest
    calls it. `updated` is when the last of them arrived, in milliseconds. `order` is the first half of its `place`.
    What another source tells as a part of a panel names the panel, and why; a panel names what it is told in.
    """

    kind: str
    person: str
    label: str
    updated: int
    order: int
    members: tuple[Contribution, ...]
    part_of: PartOf | None = None
    parts: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The resource that tells the most."""
        return self.members[0].reference

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among its kind: the newest first, what has no time last; of people, whom most know."""
        return self.order, self.members[0].reference


_NO_PARTS: Mapping[str, PartOf] = {}


def unified_facts(
    groups: Sequence[Group], known: People, part_of: Mapping[str, PartOf] = _NO_PARTS
) -> list[UnifiedFact]:
    """The groups of one kind as facts, in their order; `part_of` is told by the reference of a fact."""
    words: dict[str, str] = {}  # reasons, sources and labels repeat: one copy of each is kept
    parts: dict[str, list[str]] = defaultdict(list)
    for single, panel in sorted(part_of.items()):
        parts[panel.panel].append(single)
    found = (_unified(each, known, words, part_of, parts) for each in groups)
    return sorted(found, key=lambda fact: fact.place)


def _unified(
    group: Group,
    known: People,
    words: dict[str, str],
    part_of: Mapping[str, PartOf],
    parts: Mapping[str, Sequence[str]],
) -> UnifiedFact:
    fact = group[0].fact
    person = known.of_patient[fact.reference] if fact.kind == "Patient" else fact.person
    label = fact.stated.label[:_TEXT_LIMIT]
    return UnifiedFact(
        fact.kind,
        "" if person.startswith(UNKNOWN) else person,
        words.setdefault(label, label),
        max(member.fact.updated for member in group),
        -len(group) if fact.kind == "Patient" else _when(group),
        tuple(
            Contribution(
                member.fact.reference,
                words.setdefault(member.fact.source, member.fact.source),
                member.fact.original[:_TEXT_LIMIT],
                words.setdefault(member.reason, member.reason),
                member.same_as,
            )
            for member in group
        ),
        part_of.get(fact.reference),
        tuple(parts.get(fact.reference, ())),
    )


def _when(group: Group) -> int:
    for member in group:
        if member.fact.stated.moment is not None:
            return -member.fact.stated.moment.low
    return _NEVER
