"""How a source tells an event: its own ids, names, units, precision of time, gaps and slips, all from the seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from lives.life import Event, Life, Person, live
from lives.vocabulary import (
    ALLERGENS,
    CONDITIONS,
    DRUGS,
    HOSPITALS,
    KIN,
    LOINC,
    MEASURES,
    NOTES,
    PLANS,
    PROCEDURES,
    REPORTS,
    SMOKING,
    UCUM,
    UNITS,
    VACCINES,
    VISITS,
    Name,
)

Document = dict[str, Any]
_NEVER_IN_ERROR = frozenset({"Patient", "Practitioner", "Organization", "Encounter", "CarePlan"})
SOURCE_TAG, ORIGINAL_TAG = "urn:fhirstore:source", "urn:fhirstore:original-id"


@dataclass(frozen=True)
class Told:
    """A resource, where it comes from, and the number of the event that it tells (None: it tells none that counts)."""

    document: Document
    source: str
    event: int | None

    @property
    def reference(self) -> str:
        return f"{self.document['resourceType']}/{self.document['id']}"


def tell(seed: int, sources: int = 3) -> Sequence[Told]:
    """One life of this seed as its sources tell it; pairs of one event and different sources are the truth."""
    random = Random(seed)
    life = live(random)
    return [told for number in range(sources) for told in Source(random, number, life).tell(life)]


class Source:
    """A record system with habits: how it writes times, which names, units and fields it prefers."""

    def __init__(self, random: Random, number: int, life: Life) -> None:
        self.random = random
        self.number = number
        self.uri = f"https://source{number}.example.org/fhir"
        self.people = {person.role: person for person in life.people}
        self.times = random.choice(("offset", "utc", "utc", "lost", "day"))
        self.metric = random.random() < 0.4
        self.gaps = random.uniform(0.03, 0.15)
        self.has = {"self": True, "twin": random.random() < 0.5, "father": random.random() < 0.4}
        self.favourite = random.randrange(12)
        self._count = 0

    def tell(self, life: Life) -> list[Told]:
        found = []
        for number, event in enumerate(life.events):
            if self.has.get(event.role, True) and (event.kind == "Patient" or self.random.random() < 0.78):
                found.append(self._told(number, event))
                if event.kind not in _NEVER_IN_ERROR and self.random.random() < 0.01:
                    found.append(self._mistaken(event))
        return found

    def _told(self, number: int, event: Event) -> Told:
        document: Document = {"resourceType": event.kind, **_TELL[event.kind](self, event)}
        id = f"s{self.number}r{self._next()}"
        if event.kind == "Patient":
            id = self._patient_id(event.role)
        original = f"{self.random.randint(10**6, 10**8)}"
        tags = [{"system": SOURCE_TAG, "code": self.uri}, {"system": ORIGINAL_TAG, "code": original}]
        document = {"resourceType": event.kind, "id": id, "meta": {"tag": tags}} | document
        self._identify(document, number, original)
        return Told(document, self.uri, number)

    def _mistaken(self, event: Event) -> Told:
        """What was entered in error tells nothing, however much it looks like the rest."""
        told = self._told(-1, event)
        mark = "verificationStatus" if event.kind == "Condition" else "status"
        return Told({**told.document, mark: "entered-in-error"}, told.source, None)

    def _identify(self, document: Document, number: int, original: str) -> None:
        """Mostly an identifier of the source's own; sometimes the one that all of them were given."""
        known = document.get("identifier", [])
        if self.random.random() < 0.6:
            known = [*known, {"system": f"{self.uri}/id", "value": original}]
        if self.random.random() < 0.15 and number >= 0 and document["resourceType"] != "Patient":
            known = [*known, {"system": "urn:oid:2.16.840.1.113883.19.5", "value": f"ACC-{number}"}]
        if known:
            document["identifier"] = known[-1] if document["resourceType"] == "MedicationDispense" else known

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _patient_id(self, role: str) -> str:
        return f"s{self.number}-{role}"

    def about(self, event: Event) -> Document:
        return {"reference": f"Patient/{self._patient_id(event.role)}"}

    def misses(self) -> bool:
        return self.random.random() < self.gaps

    def name(self, names: Sequence[Name], number: object = "") -> Document:
        """The source's usual name for something, now and then another; text alone where there is no code."""
        place = self.favourite if self.random.random() < 0.7 else self.random.randrange(12)
        system, code, display = names[place % len(names)]
        display = display.format(number)
        if not system:
            return {"text": display}
        coding = {"system": system.format(source=self.number), "code": code.format(number), "display": display}
        if self.random.random() < 0.3:
            del coding["display"]
            return {"coding": [coding], "text": display}
        return {"coding": [coding], "text": display} if self.random.random() < 0.5 else {"coding": [coding]}

    def time(self, at: datetime) -> str:
        style = self.times if self.random.random() < 0.93 else "day"
        return written(at, style)

    def date(self, at: datetime) -> str:
        """For what is known by day; now and then only the month is."""
        return written(at, "month" if self.random.random() < 0.06 else "day")

    def instant(self, at: datetime) -> str:
        return written(at, "utc" if self.times == "day" else self.times)


def written(at: datetime, style: str) -> str:
    """A moment as a source writes it: "lost" is the local time under the name of UTC."""
    if style == "utc":
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == "lost":
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if style == "offset":
        return at.isoformat(timespec="seconds")
    return at.strftime("%Y-%m" if style == "month" else "%Y-%m-%d")


def _patient(source: Source, event: Event) -> Document:
    person = source.people[event.role]
    name: Document = {"family": [person.family], "given": [_given(source, person)]}
    if source.random.random() < 0.5:
        name["given"].append(person.middle if source.random.random() < 0.5 else person.middle[0])
    if source.random.random() < 0.3:
        name = {part: [text.upper() for text in texts] for part, texts in name.items()}
    document: Document = {"name": [name], "gender": person.gender, "birthDate": person.born.isoformat()}
    if source.random.random() < 0.7:
        document["telecom"] = [{"system": "phone", "value": person.phone}]
    if source.random.random() < 0.7:
        document["address"] = [{"line": [person.street], "city": "Springfield"}]
    if source.random.random() < 0.4:
        # Of the family's insurance: the same for all of them.
        document["identifier"] = [{"system": "urn:insurance:member", "value": f"W{person.phone[-7:]}"}]
    if source.misses():
        del document["gender"]
    return document


def _given(source: Source, person: Person) -> str:
    chance = source.random.random()
    return person.given[0] if chance < 0.06 else person.given[:4] if chance < 0.1 else person.given


def _observation(source: Source, event: Event) -> Document:
    document: Document = {
        "status": "amended" if source.random.random() < 0.05 else "final",
        "subject": source.about(event),
        "code": source.name(MEASURES[event.what]),
    }
    if source.random.random() < 0.98:
        document["effectiveDateTime"] = source.time(event.at)
    if source.random.random() < 0.4:
        document["issued"] = source.instant(event.at + timedelta(minutes=source.random.randint(1, 90)))
    if event.what == "pressure":
        parts = (("8480-6", "Systolic blood pressure", "high"), ("8462-4", "Diastolic blood pressure", "low"))
        document["component"] = [
            {
                "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
                "valueQuantity": {"value": event.more[key], "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"},
            }
            for code, display, key in parts
        ]
    elif event.what == "smoking":
        document["valueCodeableConcept"] = source.name(SMOKING[event.more["answer"]])
    else:
        document["valueQuantity"] = _quantity(source, event)
    return document


def _quantity(source: Source, event: Event) -> Document:
    usual, other, factor, shift = UNITS[event.what]
    # What was measured had the digits of the device; what is converted is rounded once more.
    value = round(event.more["value"], usual[2])
    if source.metric:
        usual, value = other, round(value * factor + shift, other[2])
    unit, code, digits = usual
    number: Any = Decimal(f"{value:.{digits}f}") if digits else round(value)
    quantity: Document = {"value": number, "unit": unit}
    if source.random.random() < 0.85:
        quantity |= {"system": UCUM, "code": code}
    return quantity


def _condition(source: Source, event: Event) -> Document:
    document: Document = {
        "patient": source.about(event),
        "code": source.name(CONDITIONS[event.what]),
        "verificationStatus": "confirmed" if source.random.random() < 0.8 else "provisional",
        "clinicalStatus": "active" if event.more.get("chronic") else "resolved",
    }
    if not source.misses():
        document["onsetDateTime"] = source.date(event.at)
    if source.random.random() < 0.5:
        recorded = event.at + timedelta(days=source.random.choice((0, 0, 1, 30)))
        document["dateRecorded"] = written(recorded, "day")
    if "ends" in event.more and not source.misses():
        document["abatementDateTime"] = written(event.more["ends"], "day")
    return document


def _medication(source: Source, event: Event) -> tuple[Document, Document]:
    strength = event.more["strength"]
    concept = source.name(DRUGS[event.what][1], strength)
    dose: Document = {"text": source.random.choice(("Take 1 tablet by mouth daily", "1 tab PO qd"))}
    if source.random.random() < 0.6:
        amount = {"value": strength, "unit": "mg", "system": UCUM, "code": "mg"}
        if source.random.random() < 0.5:
            amount = {"value": 1, "unit": "tablet", "system": UCUM, "code": "{tbl}"}
        dose["doseQuantity"] = amount
    if source.random.random() < 0.2:
        contained = {"resourceType": "Medication", "id": "m", "code": concept}
        return {"contained": [contained], "medicationReference": {"reference": "#m"}}, dose
    return {"medicationCodeableConcept": concept}, dose


def _order(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    status = "completed" if source.random.random() < 0.3 else "active"
    document = {"patient": source.about(event), "status": status, **medication, "dosageInstruction": [dose]}
    if not source.misses():
        document["dateWritten"] = source.time(event.at)
    return document


def _statement(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    dosage = {"text": dose["text"]} | ({"quantityQuantity": dose["doseQuantity"]} if "doseQuantity" in dose else {})
    document = {"patient": source.about(event), "status": "active", **medication, "dosage": [dosage]}
    if not source.misses():
        document["effectivePeriod"] = {"start": source.date(event.at)}
    if source.random.random() < 0.4:
        document["dateAsserted"] = written(event.at + timedelta(days=source.random.randint(0, 40)), "day")
    return document


def _dispense(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    document = {"patient": source.about(event), "status": "completed", **medication, "dosageInstruction": [dose]}
    document["quantity"] = {"value": 30}
    if not source.misses():
        document["whenHandedOver"] = source.time(event.at)
    return document


def _administration(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    document: Document = {"patient": source.about(event), "status": "completed", **medication}
    if "doseQuantity" in dose:
        document["dosage"] = {"text": dose["text"], "quantity": dose["doseQuantity"]}
    return document | {"effectiveTimeDateTime": source.time(event.at)}


def _allergy(source: Source, event: Event) -> Document:
    document: Document = {
        "patient": source.about(event),
        "substance": source.name(ALLERGENS[event.what]),
        "status": "active",
    }
    if source.random.random() < 0.4:
        document["recordedDate"] = written(event.at + timedelta(days=source.random.randint(0, 300)), "day")
    if source.random.random() < 0.4:
        document["reaction"] = [{"manifestation": [{"text": source.random.choice(("Hives", "Rash", "Anaphylaxis"))}]}]
    return document


def _immunization(source: Source, event: Event) -> Document:
    document = {
        "patient": source.about(event),
        "status": "completed",
        "vaccineCode": source.name(VACCINES[event.what]),
        "wasNotGiven": False,
        "reported": source.random.random() < 0.3,
        "date": source.time(event.at),
    }
    if source.random.random() < 0.3:
        document["lotNumber"] = f"LOT{event.more['dose']}{event.what[:3].upper()}"
    return document


def _procedure(source: Source, event: Event) -> Document:
    document = {"subject": source.about(event), "status": "completed", "code": source.name(PROCEDURES[event.what])}
    if not source.misses():
        document["performedDateTime"] = source.time(event.at)
    return document


def _encounter(source: Source, event: Event) -> Document:
    ends = event.at + timedelta(hours=event.more["hours"])
    style = source.times
    document: Document = {
        "patient": source.about(event),
        "status": "finished",
        "class": "emergency" if event.what == "emergency" else "outpatient",
        "type": [source.name(VISITS[event.what])],
        "period": {"start": written(event.at, style), "end": written(ends, style)},
    }
    if source.misses():
        del document["period"]["end"]
    if source.misses():
        del document["class"]
    return document


def _report(source: Source, event: Event) -> Document:
    return {
        "subject": source.about(event),
        "status": "final",
        "code": source.name(REPORTS[event.what]),
        "effectiveDateTime": source.time(event.at),
        "issued": source.instant(event.at + timedelta(minutes=source.random.randint(0, 60))),
        "performer": {"display": "Laboratory"},
    }


def _document(source: Source, event: Event) -> Document:
    title = source.random.choice(("Note", f"{event.what.title()} note"))
    document: Document = {
        "subject": source.about(event),
        "status": "current",
        "type": source.name(NOTES[event.what]),
        "indexed": source.instant(event.at + timedelta(hours=source.random.randint(0, 30))),
        "content": [{"attachment": {"contentType": "text/plain", "title": title}}],
    }
    if not source.misses():
        document["created"] = source.time(event.at)
    return document


def _practitioner(source: Source, event: Event) -> Document:
    given = event.more["given"]
    name: Document = {"family": [event.more["family"]], "given": [given]}
    if source.random.random() < 0.15:
        name["given"] = [given[0]]
    if source.random.random() < 0.3:
        name["suffix"] = ["MD"]
    if source.random.random() < 0.2:
        name = {"text": f"Dr. {given} {event.more['family']}", "family": [event.more["family"]], "given": [given]}
    document: Document = {"name": name}
    if source.random.random() < 0.5:
        number = {"John": "1234567893", "Jane": "1003000126", "Peter": "1992999882"}[given]
        document["identifier"] = [{"system": "http://hl7.org/fhir/sid/us-npi", "value": number}]
    if source.random.random() < 0.5:
        document["practitionerRole"] = [{"specialty": [{"text": event.more["role"]}]}]
    return document


def _organization(source: Source, event: Event) -> Document:
    name = event.what
    if name.startswith(HOSPITALS[0]) and source.random.random() < 0.2:
        name = name.replace("Saint", "St.")
    return {"name": name.upper() if source.random.random() < 0.3 else name}


def _plan(source: Source, event: Event) -> Document:
    document: Document = {
        "subject": source.about(event),
        "status": "active",
        "category": [source.name(PLANS[event.what])],
    }
    if not source.misses():
        document["period"] = {"start": source.date(event.at)}
    return document


def _kin(source: Source, event: Event) -> Document:
    system, code, display = KIN[event.what]
    document: Document = {
        "patient": source.about(event),
        "status": "completed",
        "relationship": {"coding": [{"system": system, "code": code, "display": display}]},
        "condition": [{"code": source.name(CONDITIONS[ill])} for ill in event.more["ills"]],
    }
    if source.random.random() < 0.6:
        document["name"] = event.more["name"]
    return document


_TELL: Mapping[str, Callable[[Source, Event], Document]] = {
    "Patient": _patient,
    "Observation": _observation,
    "Condition": _condition,
    "MedicationOrder": _order,
    "MedicationStatement": _statement,
    "MedicationDispense": _dispense,
    "MedicationAdministration": _administration,
    "AllergyIntolerance": _allergy,
    "Immunization": _immunization,
    "Procedure": _procedure,
    "Encounter": _encounter,
    "DiagnosticReport": _report,
    "DocumentReference": _document,
    "Practitioner": _practitioner,
    "Organization": _organization,
    "CarePlan": _plan,
    "FamilyMemberHistory": _kin,
}
