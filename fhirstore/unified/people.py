"""Whom each fact is about: Patients of several sources that are one person, and what is said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import Group


@dataclass(frozen=True, slots=True)
class People:
    """Groups of Patients; a person is named by the reference of the first Patient of the group."""

    groups: Sequence[Group]
    of_patient: dict[str, str]
    of_original: dict[tuple[str, str], str]
    of_source: dict[str, str]

    def person(self, fact: Fact) -> str:
        """The person that a fact is about; "" where it is about nobody, or nobody knows about whom.

        A reference that leads nowhere in this record may be the patient's address at the source, or the source may
        have one patient alone.
        """
        about = fact.stated.about
        if not about:
            return ""
        type_, _, id = about.rpartition("?")[0 if "?" in about else 2].rpartition("/")
        if found := self.of_patient.get(about) or self.of_original.get((fact.source, id)):
            return found
        return self.of_source.get(fact.source, "") if not type_ or type_.endswith("Patient") else ""

    def placed(self, facts: Sequence[Fact]) -> list[Fact]:
        """The facts with their persons."""
        return [replace(fact, person=self.person(fact)) for fact in facts]


def people(groups: Sequence[Group]) -> People:
    of_patient, of_original = dict[str, str](), dict[tuple[str, str], str]()
    of_source: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        person = group[0].fact.reference
        for member in group:
            fact = member.fact
            of_patient[fact.reference] = person
            of_source[fact.source].add(person)
            if fact.original:
                of_original[fact.source, fact.original] = person
    alone = {source: min(found) for source, found in of_source.items() if len(found) == 1}
    return People(groups, of_patient, of_original, alone)
