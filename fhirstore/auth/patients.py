"""The people of a record, by the names that they are known by: whom a grant can be about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhirstore.dstu2.json_format import parse
from fhirstore.presentation.moments import date_words
from fhirstore.presentation.origin import origin_of
from fhirstore.presentation.values import best_name
from fhirstore.search.plan import Plan
from fhirstore.store.contract import Page, Store, Version
from fhirstore.store.scope import Scope

LIMIT = 50
"""More than these cannot be chosen from: a record is one person's, or a family's."""


@dataclass(frozen=True, slots=True)
class Person:
    """A Patient: its id, its name, its date of birth in words, and the name of its source. Whatever is not known is
    empty. One person has a Patient from each source that tells of them."""

    id: str
    name: str
    born: str
    source: str


async def patients_of(store: Store, owner: int) -> Sequence[Person]:
    """The Patients of a user's own record, in the order of their ids, up to the limit."""
    found = await store.within(Scope(owner)).find(Plan(("Patient",)), Page(LIMIT, total=False))
    return [await _person(store, match.version) for match in found.matches]


async def patient_of(store: Store, owner: int, id: str) -> Person | None:
    """One of them; None where there is none with this id."""
    version = await store.within(Scope(owner)).current("Patient", id)
    return None if version is None or version.deleted else await _person(store, version)


async def _person(store: Store, version: Version) -> Person:
    patient = parse(version.body)
    origin = origin_of(patient)
    application = await store.accounts.application(origin.client_id) if origin.client_id else None
    source = application.name if application is not None else origin.name
    return Person(version.id, best_name(patient.get("name")), date_words(patient.get("birthDate")), source)
