"""How a source words an event, type by type: in its own codes, units and gaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from lives.life import Event, Person
from lives.source import Document, Source, written
from lives.vocabulary import (
    ALLERGENS,
    CALLED,
    CONDITIONS,
    HOSPITALS,
    KIN,
    LOINC,
    MEASURES,
    MOLAR,
    NOTES,
    PARTS,
    PLANS,
    PROCEDURES,
    REPORTS,
    SMOKING,
    SUMMARY,
    UCUM,
    UNITS,
    VACCINES,
    VISITS,
)
from lives.wording_medications import administration, dispense, order, statement


def _patient(source: Source, event: Event) -> Document:
    person = source.people[event.role]
    family = source.married if source.married and person.gender == "female" else person.family
    name: Document = {"family": [family], "given": [_given(source, person)]}
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
    called = CALLED.get(person.given, person.given[:4])
    return person.given[0] if chance < 0.06 else called if chance < 0.14 else person.given


def _observation(source: Source, event: Event) -> Document:
    document: Document = {
        "status": source.random.choice(("final",) * 15 + ("amended", "unknown")),
        "subject": source.about(event),
        "code": source.name({**MEASURES, **PARTS}[event.what]),
    }
    if source.random.random() < 0.98:
        document["effectiveDateTime"] = source.time(event.at)
    if source.random.random() < 0.4:
        document["issued"] = source.instant(event.at + timedelta(minutes=source.random.randint(1, 90)))
    if event.what in PARTS:
        document["valueQuantity"] = _millimetres(event.more[event.what])
    elif event.what == "pressure":
        parts = (("8480-6", "Systolic blood pressure", "high"), ("8462-4", "Diastolic blood pressure", "low"))
        document["component"] = [
            {
                "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
                "valueQuantity": _millimetres(event.more[key]),
            }
            for code, display, key in parts
        ]
    elif event.what == "smoking":
        document["valueCodeableConcept"] = source.name(SMOKING[event.more["answer"]])
    elif source.molar and event.what in MOLAR:
        document |= _in_moles(event)
    else:
        document["valueQuantity"] = _quantity(source, event)
    return document


def _millimetres(value: int) -> Document:
    return {"value": value, "unit": "mm[Hg]", "system": UCUM, "code": "mm[Hg]"}


def _in_moles(event: Event) -> Document:
    code, factor, digits = MOLAR[event.what]
    display = f"{event.what.title()} [Moles/volume] in Serum or Plasma"
    value = Decimal(f"{round(event.more['value']) * factor:.{digits}f}")
    return {
        "code": {"coding": [{"system": LOINC, "code": code, "display": display}]},
        "valueQuantity": {"value": value, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"},
    }


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
    if source.diagnoses and source.random.random() < 0.6:
        return document | _diagnosed(source, event)
    if not source.misses():
        document["onsetDateTime"] = source.date(event.at)
    if source.random.random() < 0.5:
        recorded = event.at + timedelta(days=source.random.choice((0, 0, 1, 30)))
        document["dateRecorded"] = written(recorded, "day")
    if "ends" in event.more and not source.misses():
        document["abatementDateTime"] = written(event.more["ends"], "day")
    return document


def _diagnosed(source: Source, event: Event) -> Document:
    """At a visit: of what lasts at any later one, of what passes while it lasted."""
    later = source.random.randint(0, 400 if event.more.get("chronic") else 5)
    category = {"coding": [{"system": "http://hl7.org/fhir/condition-category", "code": "diagnosis"}]}
    return {"category": category, "dateRecorded": written(event.at + timedelta(days=later), "day")}


def _allergy(source: Source, event: Event) -> Document:
    document: Document = {
        "patient": source.about(event),
        "substance": source.name(ALLERGENS[event.what]),
        "status": source.random.choice(("active", "active", "confirmed", "unconfirmed")),
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
    minutes = source.random.randint(0, 60) if source.random.random() < 0.9 else source.random.randint(60, 3000)
    return {
        "subject": source.about(event),
        "status": source.random.choice(("final", "final", "final", "corrected")),
        "code": source.name(REPORTS[event.what]),
        "effectiveDateTime": source.time(event.at),
        "issued": source.instant(event.at + timedelta(minutes=minutes)),
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
    if source.random.random() < 0.2:
        document["masterIdentifier"] = {"value": f"1.2.840.113556.1.8000.2554.{int(event.at.timestamp())}"}
    return document


def summary(source: Source, event: Event) -> Document:
    """What a system makes of all that it holds, on a day of its own or of others."""
    _, code, display = SUMMARY
    return {
        "resourceType": "DocumentReference",
        "subject": source.about(event),
        "status": "current",
        "type": {"coding": [{"system": LOINC, "code": code, "display": display}], "text": display},
        "created": written(event.at, "midnight"),
        "indexed": written(event.at, "utc"),
        "content": [{"attachment": {"contentType": "application/xml", "url": f"{source.uri}/Binary/{code}"}}],
    }


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
        "status": source.random.choice(("active", "active", "completed")),
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


WORDING: Mapping[str, Callable[[Source, Event], Document]] = {
    "Patient": _patient,
    "Observation": _observation,
    "Condition": _condition,
    "MedicationOrder": order,
    "MedicationStatement": statement,
    "MedicationDispense": dispense,
    "MedicationAdministration": administration,
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
