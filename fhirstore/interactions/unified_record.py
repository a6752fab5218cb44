"""Read a record as one: every fact once, with all that state it. Computed from the record, and never stored.

Resources come in pages and are let go; what is compared are the facts of one type at a time, a kilobyte each. It reads
what the given resources reach and nothing else, so that a narrowed token sees a narrowed record.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from msgspec import structs

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import reread
from fhirstore.interactions.unified_facts import UnifiedFact, unified_facts
from fhirstore.interactions.unified_views import View
from fhirstore.search.plan import ByRange, HasKey, Plan
from fhirstore.store.contract import Page, Resources, Version
from fhirstore.unified.clocks import TRUE_CLOCKS, Clocks, find_clocks
from fhirstore.unified.conflicts import Conflict, conflicts
from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import group
from fhirstore.unified.judgements import CODES, NO_JUDGEMENTS, SYSTEM, Judgements, judgement, judgements
from fhirstore.unified.panels import parts
from fhirstore.unified.people import People, people
from fhirstore.unified.stating import state

PAGE = 200
_SAMPLE = 500
_DATED = ("Encounter", "Observation")
"""Types that many sources tell the same of, at times that show how their clocks differ."""

_ABOUT_OTHERS = frozenset({"AuditEvent", "Provenance", "Person", "Schedule"})
_SHARED = ("Location", "Medication", "Organization", "Practitioner")

Documents = Mapping[str, Mapping[str, Any]]


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


async def shown(resources: Resources, facts: Sequence[UnifiedFact]) -> list[Shown]:
    """Facts with their resources as they are now; what was deleted meanwhile is left out."""
    keys = [_key(member.reference) for fact in facts for member in fact.members]
    found: dict[str, Version] = {}
    for start in range(0, len(keys), PAGE):
        for version in await resources.current_all(list(dict.fromkeys(keys[start : start + PAGE]))):
            if not version.deleted:
                found[f"{version.type}/{version.id}"] = version
    return [each for fact in facts if (each := _shown(fact, found)) is not None]


def _shown(fact: UnifiedFact, found: Mapping[str, Version]) -> Shown | None:
    members = tuple(member for member in fact.members if member.reference in found)
    if not members:
        return None
    versions = {member.reference: found[member.reference] for member in members}
    documents = {reference: reread(version.body) for reference, version in versions.items()} if len(members) > 1 else {}
    return Shown(structs.replace(fact, members=members), versions, conflicts(documents))


class RecordReading:
    """A record that is being read: what its view knows already is not worked out again.

    One at a time reads with a view; whoever does holds its lock.
    """

    def __init__(self, resources: Resources, view: View, known: People, judged: Judgements) -> None:
        self._resources = resources
        self._view = view
        self._known = known
        self._judged = judged
        self.people = unified_facts(known.groups, known)

    def person(self, patient: str) -> str | None:
        """The person that a Patient ("Patient/1") is, None for one that is not in the record."""
        return self._known.of_patient.get(patient)

    async def facts(self, wanted: Collection[str] | None = None) -> AsyncIterator[Sequence[UnifiedFact]]:
        """The facts of one kind after the other, each kind in its order."""
        rest = [kind for kind in kinds() if wanted is None or kind in wanted]
        if rest[:1] == ["Patient"]:
            yield self.people
            del rest[0]
        while rest:
            unknown = list(takewhile(lambda kind: kind not in self._view.facts, rest))
            if unknown:
                async for facts in self._new_facts(unknown):
                    yield facts
            rest = rest[len(unknown) :]
            while rest and rest[0] in self._view.facts:
                yield self._view.facts[rest.pop(0)]

    async def facts_near(self, plan: Plan) -> Sequence[UnifiedFact]:
        """The facts of one kind that what a plan finds makes by itself; they are not kept."""
        facts = [fact async for each in _facts(self._resources, plan) for fact in each]
        return await asyncio.to_thread(self._grouped, facts, await self._clocks())

    async def _new_facts(self, asked: Sequence[str]) -> AsyncIterator[Sequence[UnifiedFact]]:
        clocks = await self._clocks()
        absent, together = set(asked), list[Fact]()
        async for facts in _facts(self._resources, Plan(tuple(asked))):
            for fact in facts:
                if together and fact.kind != together[0].kind:
                    yield await self._kept(together, clocks)
                    together = []
                together.append(fact)
                absent.discard(fact.kind)
        if together:
            yield await self._kept(together, clocks)
        await self._view.keep(dict.fromkeys(absent, ()))

    async def _kept(self, facts: Sequence[Fact], clocks: Clocks) -> Sequence[UnifiedFact]:
        found = await asyncio.to_thread(self._grouped, facts, clocks)
        await self._view.keep({facts[0].kind: found})
        return found

    def _grouped(self, facts: Sequence[Fact], clocks: Clocks) -> Sequence[UnifiedFact]:
        groups = group(self._known.placed(facts), self._judged, clocks)
        return unified_facts(groups, self._known, parts(groups, self._judged, clocks))

    async def _clocks(self) -> Clocks:
        """How the clocks of the sources go; where there is one source, its clock is right."""
        if self._view.clocks is not None:
            return self._view.clocks
        found = TRUE_CLOCKS
        if len({member.fact.source for each in self._known.groups for member in each}) > 1:
            sample = self._known.placed(await _sample(self._resources))
            found = await asyncio.to_thread(find_clocks, sample)
        await self._view.keep_clocks(found)
        return found


async def open_record(resources: Resources, view: View) -> RecordReading:
    """Read who is in a record, and what was judged of it."""
    if view.people is not None:
        return RecordReading(resources, view, view.people, view.judged)
    judged = await _judgements(resources)
    patients = [fact async for facts in _facts(resources, Plan(("Patient",))) for fact in facts]
    known = people(await asyncio.to_thread(group, patients, judged))
    await view.keep_people(known, judged)
    return RecordReading(resources, view, known, judged)


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


def _key(reference: str) -> tuple[str, str]:
    type_, _, id = reference.partition("/")
    return type_, id
