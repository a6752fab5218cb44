"""Whom each fact is about: Patients of several sources that are one person, and what is said of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import Group

UNKNOWN = "?"
"""What the name of a person begins with whom a source speaks of and this record does not hold."""


@dataclass(frozen=True, slots=True)
class People:
    """Groups of Patients; a person is named by the reference of the first Patient of the group."""

    groups: Sequence[Group]
    of_patient: dict[str, str]
    of_original: dict[tuple[str, str], str]
    of_source: dict[str, str]

    def person(self, fact: Fact) -> str:
        """The person that a fact is about; "" where it is about nobody, and text with a "?" where nobody knows.

        A reference that leads nowhere in this record may be the patient's address at the source, or the source may
        have one patient alone. What is about an unknown of one source is not about an unknown of another.
        """
        about = fact.stated.about
        if not about or about in self.of_patient:
            return self.of_patient.get(about, "")
        *before, id = about.partition("/_history/")[0].split("/")
        found = None
        if not before or before[-1] == "Patient":
            found = self.of_original.get((fact.source, id)) or self.of_source.get(fact.source)
        return found or f"{UNKNOWN} {fact.source} {about}"

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
                of_original[fact.source, fact.original.rpartition("/")[2]] = person
    alone = {source: min(found) for source, found in of_source.items() if len(found) == 1}
    return People(groups, of_patient, of_original, alone)
