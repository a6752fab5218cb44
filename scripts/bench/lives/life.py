"""What happened: the events of a person's life and of the relatives in the same record, with true near-misses.

An event is told by each source in its own words (`telling.py`); two tellings of one event are the truth that a
comparison has to find, and tellings of different events are not to be joined, however alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Any

from lives.vocabulary import (
    ACUTE,
    ALLERGENS,
    CHRONIC,
    DRUGS,
    FAMILIES,
    GIVENS,
    HOSPITALS,
    KIN,
    NOTES,
    OFTEN,
    PLANS,
    PROCEDURES,
    REPORTS,
    SPECIALTIES,
    USUAL,
    VACCINES,
)


@dataclass(frozen=True)
class Person:
    role: str
    given: str
    middle: str
    family: str
    gender: str
    born: date
    street: str
    phone: str


@dataclass(frozen=True)
class Event:
    """One thing that happened: to whom, when (in the local time of the place), and what else there is to say."""

    kind: str
    role: str
    what: str
    at: datetime
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Life:
    people: tuple[Person, ...]
    events: tuple[Event, ...]


def live(random: Random) -> Life:
    """A person of this seed, with a twin and a father who share names, addresses and check-ups."""
    people = tuple(_people(random))
    zone = timezone(timedelta(hours=random.choice((-8, -6, -5, -5, 1))))
    start = datetime(random.randint(2008, 2012), 1, 5, tzinfo=zone)
    events = [Event("Patient", person.role, "", start) for person in people]
    events += _staff(start)
    events += _problems(random, start)
    for year in range(5):
        for month in sorted(random.sample(range(12), 5)):
            day = start + timedelta(days=365 * year + 30 * month + random.randint(0, 20))
            events += _visit(random, day, "self")
            if random.random() < 0.15:
                # The twin comes along, and what is measured is often the same.
                events += _visit(random, day, "twin")
    return Life(people, tuple(events))


def _people(random: Random) -> Iterator[Person]:
    given, other = random.sample(GIVENS, 2)
    if random.random() < 0.3:
        other = next((name for name in GIVENS if name[0] == given[0] and name != given), other)
    middle, family = random.choice(GIVENS), random.choice(FAMILIES)
    gender = random.choice(("male", "female"))
    born = date(random.randint(1950, 1985), random.randint(1, 12), random.randint(1, 28))
    street, phone = f"{random.randint(1, 900)} Elm Street", f"555-{random.randint(1000000, 9999999)}"
    yield Person("self", given, middle, family, gender, born, street, phone)
    twin_gender = gender if random.random() < 0.6 else "female" if gender == "male" else "male"
    yield Person("twin", other, random.choice(GIVENS), family, twin_gender, born, street, phone)
    older = date(born.year - random.randint(22, 35), born.month, born.day)
    yield Person("father", given, middle, family, gender, older, street, phone)


def _staff(start: datetime) -> Iterator[Event]:
    """Colleagues of one family name and initial; houses of which one is named after the other."""
    for given, special in (("John", SPECIALTIES[0]), ("Jane", SPECIALTIES[1]), ("Peter", SPECIALTIES[2])):
        family = "Smith" if given != "Peter" else "Garcia"
        yield Event("Practitioner", "", f"{given} {family}", start, {"given": given, "family": family, "role": special})
    for house in (*HOSPITALS, f"{HOSPITALS[0]} Radiology"):
        yield Event("Organization", "", house, start)


def _problems(random: Random, start: datetime) -> Iterator[Event]:
    for name in random.sample(CHRONIC, 4):
        yield Event("Condition", "self", name, start + timedelta(days=random.randint(0, 1500)), {"chronic": True})
    for name in ACUTE:
        first = start + timedelta(days=random.randint(0, 700))
        for at in (first, first + timedelta(days=random.randint(200, 900))):
            yield Event("Condition", "self", name, at, {"ends": at + timedelta(days=random.randint(7, 21))})
    for name in random.sample(sorted(ALLERGENS), 4):
        yield Event("AllergyIntolerance", "self", name, start + timedelta(days=random.randint(0, 900)))
    yield Event("AllergyIntolerance", "twin", "peanut", start)
    for name in random.sample(sorted(PROCEDURES), 3):
        at = start + timedelta(days=random.randint(0, 1700), hours=random.randint(7, 15))
        yield Event("Procedure", "self", name, at)
        if random.random() < 0.5:
            yield Event("Procedure", "self", name, at + timedelta(days=random.randint(30, 400)))
    yield from _doses(random, start)
    yield from _family(random, start)
    for name in PLANS:
        at = start + timedelta(days=random.randint(0, 600))
        yield Event("CarePlan", "self", name, at)
        yield Event("CarePlan", "self", name, at + timedelta(days=random.randint(200, 700)))
    yield from _courses(random, start)


def _doses(random: Random, start: datetime) -> Iterator[Event]:
    for name in VACCINES:
        at = start + timedelta(days=random.randint(0, 400), hours=random.randint(8, 16))
        for dose in range(random.randint(1, 3)):
            yield Event("Immunization", "self", name, at, {"dose": dose + 1})
            if random.random() < 0.2:
                yield Event("Immunization", "twin", name, at, {"dose": dose + 1})
            at += timedelta(days=365 if name == "influenza" else random.randint(28, 60))


def _family(random: Random, start: datetime) -> Iterator[Event]:
    for kin in KIN:
        ills = tuple(random.sample(CHRONIC[:5], random.randint(1, 2)))
        yield Event("FamilyMemberHistory", "self", kin, start, {"ills": ills, "name": random.choice(GIVENS)})
    yield Event("FamilyMemberHistory", "self", "brother", start, {"ills": (CHRONIC[5],), "name": "Otto"})


def _courses(random: Random, start: datetime) -> Iterator[Event]:
    """The same drug at a higher dose later, and the same again for a refill."""
    for drug in random.sample(sorted(DRUGS), 4):
        at = start + timedelta(days=random.randint(0, 600), hours=random.randint(8, 16), minutes=random.randint(0, 59))
        for strength in sorted(random.sample(DRUGS[drug][0], 2)):
            for kind in ("MedicationOrder", "MedicationStatement", "MedicationDispense"):
                yield Event(kind, "self", drug, at, {"strength": strength})
            if random.random() < 0.5:
                refill = at + timedelta(days=random.randint(30, 90))
                yield Event("MedicationDispense", "self", drug, refill, {"strength": strength})
                yield Event("MedicationOrder", "self", drug, refill, {"strength": strength})
            at += timedelta(days=random.randint(0, 1) * random.randint(60, 300) + 1)
        yield Event("MedicationAdministration", "self", drug, at, {"strength": DRUGS[drug][0][0]})
        again = at + (timedelta(hours=8) if drug in OFTEN else timedelta(days=1))
        yield Event("MedicationAdministration", "self", drug, again, {"strength": DRUGS[drug][0][0]})


def _visit(random: Random, day: datetime, role: str) -> Iterator[Event]:
    at = day + timedelta(hours=random.randint(8, 16), minutes=random.randint(0, 59), seconds=random.randint(0, 59))
    more = {"hours": 1, "summed up": role == "self" and random.random() < 0.1}
    yield Event("Encounter", role, random.choice(("office", "office", "emergency")), at, more)
    if random.random() < 0.15:
        yield Event(
            "Encounter", role, "office", at + timedelta(hours=random.randint(3, 6)), {**more, "summed up": False}
        )
    for name, (mean, spread) in USUAL.items():
        if random.random() < 0.6:
            value = random.gauss(mean, spread)
            yield _measure(role, name, at, value)
            if random.random() < 0.12:
                # Measured again minutes later: often the very same number.
                again = value + random.choice((0, 0, 0.5, 1, 2)) * spread / 4
                yield _measure(role, name, at + timedelta(minutes=random.randint(3, 15)), again)
    high, low = random.randint(105, 150), random.randint(65, 95)
    yield _pressure(role, at, high, low)
    if random.random() < 0.4:
        later = at + timedelta(minutes=random.choice((5, 10, 240)))
        yield _pressure(role, later, high + random.choice((-2, -1, 1, 2, 4)), low + random.choice((0, 0, 1, 2)))
    if random.random() < 0.3:
        yield Event("Observation", role, "smoking", at, {"answer": int(role == "twin")})
    for kind, names in (("DiagnosticReport", REPORTS), ("DocumentReference", NOTES)):
        if random.random() < 0.5:
            name = random.choice(sorted(names))
            yield Event(kind, role, name, at + timedelta(minutes=random.randint(5, 50)))
            if random.random() < 0.3 and name in OFTEN:
                yield Event(kind, role, name, at + timedelta(minutes=random.randint(90, 300)))


def _measure(role: str, name: str, at: datetime, value: float) -> Event:
    return Event("Observation", role, name, at, {"value": value})


def _pressure(role: str, at: datetime, high: int, low: int) -> Event:
    return Event("Observation", role, "pressure", at, {"high": high, "low": low})
