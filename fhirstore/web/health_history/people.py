"""Whom a record tells of: one person mostly, or a family; and whom each resource is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fhirstore.presentation.lines import local_target
from fhirstore.presentation.values import best_name
from fhirstore.web.health_history.reading import Document, found_in, search_all
from fhirstore.web.record import Record

_PATIENTS = "50"


@dataclass(frozen=True, slots=True)
class Group:
    """The Patients that are one person, and the elements in which they differ."""

    patients: Sequence[Document]
    conflicts: Sequence[str] = ()

    @property
    def name(self) -> str:
        """The longest, which leaves least out."""
        return max((best_name(each.get("name")) for each in self.patients), key=len, default="")


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, whom most sources know first: that one the record is taken to be of."""

    groups: Sequence[Group] = ()
    _numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Sequence[Group]) -> People:
        return cls(groups, {f"Patient/{p.get('id')}": n for n, group in enumerate(groups) for p in group.patients})

    @property
    def others(self) -> Sequence[str]:
        """The names of everybody else."""
        return [group.name for group in self.groups[1:] if group.name]

    def number_of(self, document: Document) -> int:
        """Which of them a resource is about; the first where it does not say so."""
        about = document.get("patient") or document.get("subject")
        reference = about.get("reference") if isinstance(about, dict) else f"Patient/{document.get('id')}"
        return self._numbers.get(local_target(reference), 0)

    def own(self, documents: Sequence[Document]) -> list[Document]:
        """Those about whom the record is of."""
        return [each for each in documents if self.number_of(each) == 0]

    def other(self, document: Document) -> str:
        """The name of whom a resource is about, "" where that is the first."""
        number = self.number_of(document)
        return self.groups[number].name or "somebody else" if number else ""


async def people_in(record: Record) -> People:
    (patients,) = await search_all(record, ("Patient", [("_count", _PATIENTS)]))
    return People.of(await _grouped(record, patients))


async def _grouped(record: Record, patients: Sequence[Document]) -> list[Group]:
    """The Patients of each person together, by what `$unified` says of them."""
    if len(patients) < 2:
        return [Group([each]) for each in patients]
    facts = found_in(
        await record.ask("GET", "Patient/$unified", [("kind", "Patient"), ("_count", _PATIENTS)])
    ).documents
    by_address = {f"Patient/{each.get('id')}": each for each in patients}
    groups = []
    for fact in facts:
        held = [by_address[each] for each in _contributions(fact) if each in by_address]
        if held:
            groups.append(Group(held, _conflicts(fact)))
    return groups


def _contributions(fact: Document) -> list[str]:
    parts = (part for each in fact.get("parameter", ()) if each["name"] == "contribution" for part in each["part"])
    return [part["valueReference"]["reference"] for part in parts if part["name"] == "resource"]


def _conflicts(fact: Document) -> list[str]:
    parts = (part for each in fact.get("parameter", ()) if each["name"] == "conflict" for part in each["part"])
    return [part["valueString"] for part in parts if part["name"] == "element"]
