"""Read a record as one: every fact once, with all that state it. Computed from the record, and never kept.

Resources come in pages and are let go; what is held are the facts of one type at a time, some hundred bytes each. It
reads what the given resources reach and nothing else, so that a narrowed token sees a narrowed record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import reread
from fhirstore.search.plan import ByRange, HasKey, Plan
from fhirstore.store.contract import Page, Resources, Version
from fhirstore.unified.clocks import TRUE_CLOCKS, Clocks, find_clocks
from fhirstore.unified.conflicts import Conflict, conflicts
from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import Group, group
from fhirstore.unified.judgements import CODES, NO_JUDGEMENTS, SYSTEM, Judgements, judgement, judgements
from fhirstore.unified.people import UNKNOWN, People, people
from fhirstore.unified.stating import state

PAGE = 200
_SAMPLE = 500
_DATED = ("Encounter", "Observation")
"""Types that many sources tell the same of, at times that show how their clocks differ."""

_ABOUT_OTHERS = frozenset({"AuditEvent", "Provenance", "Person", "Schedule"})
_SHARED = ("Location", "Medication", "Organization", "Practitioner")

Documents = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class UnifiedFact:
    """One fact: its kind (a resource type), whom it is about, and every resource that states it.

    `person` is the reference of the person's first Patient, "" for what is about nobody. The first member is the
    fullest; each other has the reason why it states the same.
    """

    kind: str
    person: str
    members: Group

    @property
    def statement(self) -> Fact:
        return self.members[0].fact

    @property
    def updated(self) -> int:
        """When the last of them arrived, in milliseconds."""
        return max(member.fact.updated for member in self.members)

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among its kind: the newest first, what has no time last; of people, whom most know."""
        if self.kind == "Patient":
            return -len(self.members), self.statement.reference
        moments = [member.fact.stated.moment for member in self.members]
        known = next((moment for moment in moments if moment is not None), None)
        return (-known.low if known else 2**62), self.statement.reference


@dataclass(frozen=True, slots=True)
class UnifiedRecord:
    """A whole record: the people in it, each a fact of the kind Patient, and all facts, kind by kind."""

    people: Sequence[UnifiedFact]
    facts: Sequence[UnifiedFact]


@dataclass(frozen=True, slots=True)
class Shown:
    """A fact with its resources, the statement's first, and what they say differently."""

    fact: UnifiedFact
    versions: Mapping[str, Version]
    conflicts: Sequence[Conflict] = field(default_factory=list)


def kinds() -> tuple[str, ...]:
    """The types that a unified record holds: Patient, then what belongs to patients, with those who cared, by name."""
    belong = {*catalog.compartment("Patient"), *_SHARED} - _ABOUT_OTHERS - {"Patient"}
    return ("Patient", *sorted(belong))


async def read(resources: Resources, wanted: Collection[str] | None = None) -> UnifiedRecord:
    """The unified record that these resources make, of all kinds or of those that are wanted."""
    reading = await open_record(resources)
    facts = [fact async for each in reading.facts(wanted) for fact in each]
    return UnifiedRecord(reading.people, facts)


async def shown(resources: Resources, facts: Sequence[UnifiedFact]) -> list[Shown]:
    """Facts with their resources as they are now; what was deleted meanwhile is left out."""
    keys = [_key(member.fact.reference) for fact in facts for member in fact.members]
    found: dict[str, Version] = {}
    for start in range(0, len(keys), PAGE):
        for version in await resources.current_all(list(dict.fromkeys(keys[start : start + PAGE]))):
            if not version.deleted:
                found[f"{version.type}/{version.id}"] = version
    return [each for fact in facts if (each := _shown(fact, found)) is not None]


def _shown(fact: UnifiedFact, found: Mapping[str, Version]) -> Shown | None:
    members = tuple(member for member in fact.members if member.fact.reference in found)
    if not members:
        return None
    versions = {member.fact.reference: found[member.fact.reference] for member in members}
    documents = {reference: reread(version.body) for reference, version in versions.items()} if len(members) > 1 else {}
    return Shown(replace(fact, members=members), versions, conflicts(documents))


class RecordReading:
    """A record that is being read: who is in it, what was judged and how its clocks go are known before the facts."""

    def __init__(self, resources: Resources, judged: Judgements, known: People, clocks: Clocks) -> None:
        self._resources = resources
        self._judged = judged
        self._known = known
        self._clocks = clocks
        self.people = sorted((_unified(each, self._known) for each in known.groups), key=lambda fact: fact.place)

    def person(self, patient: str) -> str | None:
        """The person that a Patient ("Patient/1") is, None for one that is not in the record."""
        return self._known.of_patient.get(patient)

    async def facts(self, wanted: Collection[str] | None = None) -> AsyncIterator[Sequence[UnifiedFact]]:
        """The facts of one kind after the other, each kind in its order."""
        asked = [kind for kind in kinds() if wanted is None or kind in wanted]
        if asked[:1] == ["Patient"]:
            yield self.people
        rest = tuple(asked[1:] if asked[:1] == ["Patient"] else asked)
        together: list[Fact] = []
        async for facts in _facts(self._resources, Plan(rest)) if rest else _nothing():
            for fact in facts:
                if together and fact.kind != together[0].kind:
                    yield await asyncio.to_thread(self._grouped, together)
                    together = []
                together.append(fact)
        if together:
            yield await asyncio.to_thread(self._grouped, together)

    def _grouped(self, facts: Sequence[Fact]) -> Sequence[UnifiedFact]:
        groups = group(self._known.placed(facts), self._judged, self._clocks)
        return sorted((_unified(each, self._known) for each in groups), key=lambda fact: fact.place)


async def open_record(resources: Resources) -> RecordReading:
    """Read who is in a record, and what there is to know before its facts are compared."""
    judged = await _judgements(resources)
    patients = [fact async for facts in _facts(resources, Plan(("Patient",))) for fact in facts]
    known = people(await asyncio.to_thread(group, patients, judged))
    clocks = TRUE_CLOCKS
    if len({fact.source for fact in patients}) > 1:
        clocks = find_clocks(known.placed(await _sample(resources)))
    return RecordReading(resources, judged, known, clocks)


async def _sample(resources: Resources) -> list[Fact]:
    """The newest of what is told with times."""
    found: list[Fact] = []
    for type_ in _DATED:
        plan, count = Plan((type_,), order=(ByRange(f"{type_}.date", descending=True),)), 0
        async for facts in _facts(resources, plan):
            found += facts
            count += len(facts)
            if count >= _SAMPLE:
                break
    return found


async def _judgements(resources: Resources) -> Judgements:
    said = HasKey(tuple(f"Basic.code={SYSTEM}|{code}" for code in CODES))
    documents = [reread(version.body) async for page in _pages(resources, Plan(("Basic",), said)) for version in page]
    return judgements(documents) if documents else NO_JUDGEMENTS


async def _facts(resources: Resources, plan: Plan) -> AsyncIterator[Sequence[Fact]]:
    """The facts that a plan finds, page by page; judgements are none."""
    medications: dict[str, Mapping[str, Any]] = {}
    async for page in _pages(resources, plan):
        documents = await asyncio.to_thread(_parsed, page)
        await _fetch_medications(resources, documents, medications)
        yield await asyncio.to_thread(_stated, page, documents, medications)


def _parsed(page: Sequence[Version]) -> list[Mapping[str, Any]]:
    return [reread(version.body) for version in page]


def _stated(page: Sequence[Version], documents: Sequence[Mapping[str, Any]], medications: Documents) -> list[Fact]:
    return [
        state(document, version.updated, medications.get)
        for version, document in zip(page, documents, strict=True)
        if judgement(document) is None
    ]


async def _fetch_medications(
    resources: Resources, documents: Sequence[Mapping[str, Any]], into: dict[str, Mapping[str, Any]]
) -> None:
    """What the medications of a page are called, where they are resources of their own."""
    pointed = (document.get("medicationReference") for document in documents)
    named = {each.get("reference") for each in pointed if isinstance(each, dict)}
    wanted = sorted(
        each for each in named if isinstance(each, str) and each.startswith("Medication/") and each not in into
    )
    for version in await resources.current_all([_key(each) for each in wanted]) if wanted else ():
        if not version.deleted:
            into[f"{version.type}/{version.id}"] = {"code": reread(version.body).get("code")}


async def _pages(resources: Resources, plan: Plan) -> AsyncIterator[Sequence[Version]]:
    page = Page(PAGE, total=False)
    while True:
        found = await resources.find(plan, page)
        yield [match.version for match in found.matches]
        if found.next is None:
            return
        page = replace(page, after=found.next)


async def _nothing() -> AsyncIterator[Sequence[Fact]]:
    nothing: tuple[Sequence[Fact], ...] = ()
    for none in nothing:
        yield none


def _unified(members: Group, known: People) -> UnifiedFact:
    fact = members[0].fact
    person = known.of_patient[fact.reference] if fact.kind == "Patient" else fact.person
    return UnifiedFact(fact.kind, "" if person.startswith(UNKNOWN) else person, members)


def _key(reference: str) -> tuple[str, str]:
    type_, _, id = reference.partition("/")
    return type_, id
