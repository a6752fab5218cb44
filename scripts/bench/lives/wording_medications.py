"""How a source words what was ordered, is taken, was dispensed and was given."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from lives.life import Event
from lives.source import Document, Source, written
from lives.vocabulary import BARE, DRUGS, OFTEN, UCUM


def _medication(source: Source, event: Event) -> tuple[Document, Document]:
    strength = event.more["strength"]
    concept = source.name(DRUGS[event.what][1], strength)
    often = event.what in OFTEN
    texts = (
        ("Take 1 tablet by mouth every 8 hours", "1 tab PO tid")
        if often
        else ("Take 1 tablet by mouth daily", "1 tab PO qd")
    )
    dose: Document = {"text": source.random.choice(texts)}
    if source.bare:
        dose = {"text": f"{strength} mg, 1 tabs, Oral, {'q8hr' if often else 'Daily'}"}
        if source.random.random() < 0.6:
            dose["doseQuantity"] = {"value": Decimal(f"{strength}.0"), "unit": "mg", "system": UCUM, "code": "mg"}
        return {"medicationCodeableConcept": {"text": BARE[event.what]}}, dose
    if source.random.random() < 0.6:
        amount = {"value": strength, "unit": "mg", "system": UCUM, "code": "mg"}
        if source.random.random() < 0.5:
            amount = {"value": 1, "unit": "tablet", "system": UCUM, "code": "{tbl}"}
        dose["doseQuantity"] = amount
    if source.random.random() < 0.2:
        contained = {"resourceType": "Medication", "id": "m", "code": concept}
        return {"contained": [contained], "medicationReference": {"reference": "#m"}}, dose
    return {"medicationCodeableConcept": concept}, dose


def order(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    status = source.random.choice(("active", "active", "completed", "stopped", "on-hold"))
    document = {"patient": source.about(event), "status": status, **medication, "dosageInstruction": [dose]}
    if not source.misses():
        document["dateWritten"] = source.time(event.at)
    return document


def statement(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    dosage = {"text": dose["text"]} | ({"quantityQuantity": dose["doseQuantity"]} if "doseQuantity" in dose else {})
    status = source.random.choice(("active", "active", "completed"))
    document = {"patient": source.about(event), "status": status, **medication, "dosage": [dosage]}
    if not source.misses():
        document["effectivePeriod"] = {"start": source.date(event.at)}
    if source.random.random() < 0.4:
        document["dateAsserted"] = written(event.at + timedelta(days=source.random.randint(0, 40)), "day")
    return document


def dispense(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    document = {"patient": source.about(event), "status": "completed", **medication, "dosageInstruction": [dose]}
    document["quantity"] = {"value": 30}
    if not source.misses():
        document["whenHandedOver"] = source.time(event.at)
    return document


def administration(source: Source, event: Event) -> Document:
    medication, dose = _medication(source, event)
    document: Document = {"patient": source.about(event), "status": "completed", **medication}
    if "doseQuantity" in dose:
        document["dosage"] = {"text": dose["text"], "quantity": dose["doseQuantity"]}
    return document | {"effectiveTimeDateTime": source.time(event.at)}
