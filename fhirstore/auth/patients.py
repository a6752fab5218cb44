"""The people of a record, by the names that they are known by: whom a grant can be about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from fhirstore.search.plan import Plan
from fhirstore.store.contract import Page, Store, Version
from fhirstore.store.scope import Scope

LIMIT = 50
"""More than these cannot be chosen from: a record is one person's, or a family's."""


@dataclass(frozen=True, slots=True)
class Person:
    """A Patient: its id, its name as text, and its date of birth as it is written there, each where there is one."""

    id: str
    name: str | None
    born: str | None


class _Name(msgspec.Struct):
    text: str | None = None
    given: list[str | None] = []
    family: list[str | None] = []
    use: str | None = None


class _Patient(msgspec.Struct):
    name: list[_Name] = []
    birthDate: str | None = None  # noqa: N815 - the element's own name


async def patients_of(store: Store, owner: int) -> Sequence[Person]:
    """The Patients of a user's own record, in the order of their ids, up to the limit."""
    found = await store.within(Scope(owner)).find(Plan(("Patient",)), Page(LIMIT, total=False))
    return [_person(match.version) for match in found.matches]


async def patient_of(store: Store, owner: int, id: str) -> Person | None:
    """One of them; None where there is none with this id."""
    version = await store.within(Scope(owner)).current("Patient", id)
    return None if version is None or version.deleted else _person(version)


def _person(version: Version) -> Person:
    patient = msgspec.json.decode(version.body, type=_Patient)
    # What somebody was called before, or is called by some, is the last resort.
    ordered = sorted(patient.name, key=lambda name: name.use in {"old", "maiden", "nickname", "temp", "anonymous"})
    name = next(filter(None, map(_text, ordered)), None)
    return Person(version.id, name, patient.birthDate)


def _text(name: _Name) -> str:
    return name.text or " ".join(part for part in (*name.given, *name.family) if part)
