"""Problems, allergies, medications, vaccinations and visits of six years, at a family doctor's and in a hospital."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from fhirstore.demo.building import (
    CVX,
    HOSPITAL,
    LOINC,
    PRACTICE,
    RXNORM,
    SNOMED,
    Resource,
    Source,
    at,
    concept,
    days_before,
    quantity,
    reference,
    resource,
)
from fhirstore.demo.letter import pdf
from fhirstore.demo.people import FAMILY_DOCTOR, SURGEON, THE_HOSPITAL, THE_PRACTICE
from fhirstore.demo.readings import blood_pressure, lab, tenths, visit_readings

DAYS = 6 * 365
STAY_DAYS_AGO = 900
"""When the stay in hospital began."""

HBA1C = ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood")
GLUCOSE = ("1558-6", "Fasting glucose [Mass/volume] in Serum or Plasma")
LDL = ("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation")
HDL = ("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma")
CHOLESTEROL = ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma")
TRIGLYCERIDES = ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma")
CREATININE = ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma")
HEMOGLOBIN = ("718-7", "Hemoglobin [Mass/volume] in Blood")


def care(today: date, random: Random) -> Iterator[Resource]:
    yield from _visits(today, random)
    yield from _problems(today)
    yield from _allergies(today)
    yield from _medications(today)
    yield from _immunizations(today)
    yield from _plans(today)
    yield from _stay(today)


def _visits(today: date, random: Random) -> Iterator[Resource]:
    """Every three months or so: a talk, blood pressure and weight, and at every second visit the lab."""
    for number in range(24):
        day = days_before(today, DAYS - number * 94 - random.randrange(12))
        id, progress = f"visit-{number}", number / 23
        yield _visit(PRACTICE, id, day, "Check-up" if number % 4 else "Yearly examination")
        yield from visit_readings(id, day, progress, random)
        if number % 2 == 0:
            yield from _labs(id, day, progress, random, lipids=number % 4 == 0)


def _visit(source: Source, id: str, day: date, reason: str) -> Resource:
    return resource(
        source, "Encounter", id, status="finished", patient=source.patient,
        type=[{"text": reason}], period={"start": at(day, 10), "end": at(day, 10, 25)},
        participant=[{"individual": FAMILY_DOCTOR}], serviceProvider=THE_PRACTICE, **{"class": "ambulatory"},
    )  # fmt: skip


def _labs(id: str, day: date, progress: float, random: Random, *, lipids: bool) -> Iterator[Resource]:
    results = [
        lab(PRACTICE, f"{id}-hba1c", day, HBA1C, tenths(8.1 - 1.5 * progress + random.gauss(0, 0.15)), "%",
            ("4.0", "5.6")),
        lab(PRACTICE, f"{id}-glucose", day, GLUCOSE, Decimal(round(162 - 44 * progress + random.gauss(0, 7))), "mg/dL",
            ("70", "99")),
    ]  # fmt: skip
    if lipids:
        results += [
            lab(PRACTICE, f"{id}-ldl", day, LDL, Decimal(round(158 - 66 * progress + random.gauss(0, 6))), "mg/dL",
                ("", "100")),
            lab(PRACTICE, f"{id}-hdl", day, HDL, Decimal(round(44 + 9 * progress)), "mg/dL", ("40", "60")),
            lab(PRACTICE, f"{id}-cholesterol", day, CHOLESTEROL, Decimal(round(236 - 62 * progress)), "mg/dL",
                ("", "200")),
            lab(PRACTICE, f"{id}-triglycerides", day, TRIGLYCERIDES, Decimal(round(190 - 52 * progress)), "mg/dL",
                ("", "150")),
        ]  # fmt: skip
    yield from results
    yield resource(
        PRACTICE, "DiagnosticReport", f"{id}-report", status="final", subject=PRACTICE.patient,
        code=concept(LOINC, "11502-2", "Laboratory report"), effectiveDateTime=at(day, 8, 15), issued=at(day, 16, 40),
        performer=THE_PRACTICE, conclusion=f"{len(results)} results",
        result=[reference(f"Observation/{each['id']}", each["code"]["text"]) for each in results],
    )  # fmt: skip


def _problems(today: date) -> Iterator[Resource]:
    rows = [
        (PRACTICE, "diabetes", 5.8, "44054006", "Diabetes mellitus type 2", "Type 2 diabetes", "active"),
        (PRACTICE, "hypertension", 5.9, "38341003", "Hypertensive disorder", "High blood pressure", "active"),
        (PRACTICE, "lipids", 4.9, "55822004", "Hyperlipidemia", "High cholesterol", "active"),
        (PRACTICE, "sprain", 4.1, "44465007", "Sprain of ankle", "Sprained ankle, left", "resolved"),
        (HOSPITAL, "diabetes", 5.8, "44054006", "Diabetes mellitus type 2", None, "active"),
        (HOSPITAL, "gallstones", 2.5, "235919008", "Gallbladder calculus", "Gallstones", "resolved"),
    ]
    for source, id, years, code, display, text, status in rows:
        day = days_before(today, round(years * 365))
        yield resource(
            source, "Condition", id, patient=source.patient, code=concept(SNOMED, code, display, text),
            clinicalStatus=status, verificationStatus="confirmed", onsetDateTime=f"{day:%Y-%m}",
            dateRecorded=f"{day:%Y-%m-%d}", asserter=FAMILY_DOCTOR if source is PRACTICE else SURGEON,
            category=concept("http://hl7.org/fhir/condition-category", "diagnosis", "Diagnosis"),
        )  # fmt: skip


def _allergies(today: date) -> Iterator[Resource]:
    day = days_before(today, DAYS - 20)
    rash = concept(SNOMED, "271807003", "Eruption of skin", "Skin rash")
    for source, criticality, text in ((PRACTICE, "CRITL", "Penicillin"), (HOSPITAL, "CRITH", "Penicillins")):
        yield resource(
            source, "AllergyIntolerance", "penicillin", patient=source.patient, status="active",
            substance=concept(RXNORM, "7980", "Penicillin G", text), category="medication", criticality=criticality,
            recordedDate=at(day, 10), onset="1994", reaction=[{"manifestation": [rash], "severity": "moderate"}],
        )  # fmt: skip
    yield resource(
        PRACTICE, "AllergyIntolerance", "pollen", patient=PRACTICE.patient, status="active", category="environment",
        substance={"text": "Birch pollen"}, criticality="CRITL", recordedDate=at(day, 10),
        reaction=[{"manifestation": [{"text": "Runny nose"}, {"text": "Itching eyes"}], "severity": "mild"}],
    )  # fmt: skip


def _medications(today: date) -> Iterator[Resource]:
    rows = [
        ("metformin", 5.7, "861007", "Metformin hydrochloride 500 MG Oral Tablet", "1 tablet twice a day with meals",
         "active"),
        ("lisinopril", 5.2, "314076", "Lisinopril 10 MG Oral Tablet", "1 tablet every morning", "active"),
        ("atorvastatin", 4.8, "617310", "Atorvastatin 20 MG Oral Tablet", "1 tablet at bedtime", "active"),
        ("ibuprofen", 4.1, "197805", "Ibuprofen 400 MG Oral Tablet", "1 tablet up to three times a day, for a week",
         "completed"),
    ]  # fmt: skip
    for id, years, code, display, dosage, status in rows:
        day = days_before(today, round(years * 365))
        yield resource(
            PRACTICE, "MedicationOrder", id, status=status, patient=PRACTICE.patient, prescriber=FAMILY_DOCTOR,
            dateWritten=f"{day:%Y-%m-%d}", medicationCodeableConcept=concept(RXNORM, code, display),
            dosageInstruction=[{"text": dosage}],
        )  # fmt: skip
    yield resource(
        HOSPITAL, "MedicationStatement", "metformin", status="active", patient=HOSPITAL.patient,
        medicationCodeableConcept=concept(RXNORM, "861007", "Metformin hydrochloride 500 MG Oral Tablet"),
        effectivePeriod={"start": f"{days_before(today, round(5.7 * 365)):%Y-%m}"},
        dateAsserted=f"{days_before(today, STAY_DAYS_AGO):%Y-%m-%d}", dosage=[{"text": "500 mg, 1-0-1"}],
    )  # fmt: skip


def _immunizations(today: date) -> Iterator[Resource]:
    rows = [("flu", "140", "Influenza, seasonal, injectable, preservative free", "Flu", year) for year in range(6)]
    rows += [("tetanus", "115", "Tdap", "Tetanus, diphtheria, whooping cough", 4)]
    rows += [("pneumococcal", "33", "pneumococcal polysaccharide PPV23", "Pneumococcus", 3)]
    for id, code, display, text, years in rows:
        day = date(today.year - years, 1, 12) - timedelta(days=80)
        yield resource(
            PRACTICE, "Immunization", f"{id}-{years}", status="completed", patient=PRACTICE.patient,
            date=f"{day:%Y-%m-%d}", vaccineCode=concept(CVX, code, display, text), wasNotGiven=False, reported=False,
            performer=FAMILY_DOCTOR, lotNumber=f"K{4000 + years * 37}",
        )  # fmt: skip


def _plans(today: date) -> Iterator[Resource]:
    begun = days_before(today, 5 * 365)
    yield resource(
        PRACTICE, "Goal", "hba1c", subject=PRACTICE.patient, status="in-progress", startDate=f"{begun:%Y-%m-%d}",
        description="Bring long-term blood sugar (HbA1c) below 7 %",
    )  # fmt: skip
    yield resource(
        PRACTICE, "CarePlan", "diabetes", subject=PRACTICE.patient, status="active",
        description="Living with diabetes: eating, moving, checking", period={"start": f"{begun:%Y-%m-%d}"},
        addresses=[reference("Condition/practice-diabetes", "Type 2 diabetes")],
        goal=[reference("Goal/practice-hba1c")],
        activity=[{"detail": {"description": text, "status": "in-progress", "prohibited": False}}
                  for text in ("Walk half an hour each day", "Have the eyes examined once a year", "Check the feet")],
    )  # fmt: skip


def _stay(today: date) -> Iterator[Resource]:
    """Gallstones: referred, operated on, and sent home with a letter."""
    day = days_before(today, STAY_DAYS_AGO)
    home = day + timedelta(days=4)
    stay = reference("Encounter/hospital-stay", "Stay in hospital")
    yield resource(
        PRACTICE, "ReferralRequest", "gallstones", status="completed", patient=PRACTICE.patient,
        date=at(day - timedelta(days=6), 11), requester=FAMILY_DOCTOR, recipient=[THE_HOSPITAL],
        serviceRequested=[{"text": "Surgery for gallstones"}],
    )  # fmt: skip
    yield resource(
        HOSPITAL, "Encounter", "stay", status="finished", patient=HOSPITAL.patient, serviceProvider=THE_HOSPITAL,
        type=[{"text": "Stay in hospital"}], reason=[{"text": "Gallstones"}], **{"class": "inpatient"},
        period={"start": at(day, 7, 30), "end": at(home, 11)}, participant=[{"individual": SURGEON}],
    )  # fmt: skip
    yield resource(
        HOSPITAL, "Procedure", "gallbladder", subject=HOSPITAL.patient, status="completed", encounter=stay,
        code=concept(SNOMED, "45595009", "Laparoscopic cholecystectomy", "Removal of the gallbladder (keyhole)"),
        performedPeriod={"start": at(day, 13, 5), "end": at(day, 14, 20)}, performer=[{"actor": SURGEON}],
        outcome={"text": "Without complications"},
    )  # fmt: skip
    for number in range(5):
        on = day + timedelta(days=number)
        yield blood_pressure(HOSPITAL, f"stay-bp-{number}", on, 8, 138 - number * 2, 84 - number)
    yield lab(HOSPITAL, "stay-hemoglobin", day, HEMOGLOBIN, Decimal("13.4"), "g/dL", ("12.0", "15.5"))
    yield lab(HOSPITAL, "stay-creatinine", day, CREATININE, Decimal("0.82"), "mg/dL", ("0.50", "1.10"))
    yield lab(HOSPITAL, "stay-glucose", day, GLUCOSE, Decimal(148), "mg/dL", ("70", "99"))
    yield from _letter(home)
    eyes = days_before(today, 200)
    yield resource(
        HOSPITAL, "Procedure", "eyes", subject=HOSPITAL.patient, status="completed",
        performedDateTime=f"{eyes:%Y-%m-%d}",
        code={"text": "Photograph of the retina"}, outcome={"text": "No sign of damage by diabetes"},
    )  # fmt: skip
    yield resource(
        HOSPITAL, "DiagnosticReport", "ultrasound", status="final", subject=HOSPITAL.patient,
        code=concept(LOINC, "24558-9", "US Abdomen", "Ultrasound of the belly"), performer=THE_HOSPITAL,
        effectiveDateTime=at(day - timedelta(days=2), 9), issued=at(day - timedelta(days=2), 12),
        conclusion="Several small stones in the gallbladder; bile ducts of usual width.",
        text={"status": "generated", "div": _REPORT},
    )  # fmt: skip
    yield resource(
        HOSPITAL, "Observation", "height", status="final", subject=HOSPITAL.patient,
        category=concept("http://hl7.org/fhir/observation-category", "vital-signs", "Vital Signs"),
        code=concept(LOINC, "8302-2", "Body height"), effectiveDateTime=at(day, 8),
        valueQuantity=quantity(167, "cm"),
    )  # fmt: skip


_REPORT = (
    '<div xmlns="http://www.w3.org/1999/xhtml"><h3>Ultrasound of the belly</h3><table><tbody>'
    "<tr><th>Liver</th><td>usual size and structure</td></tr>"
    "<tr><th>Gallbladder</th><td>several stones of up to 6 mm, wall of usual width</td></tr>"
    "<tr><th>Bile ducts</th><td>not widened</td></tr></tbody></table></div>"
)


def _letter(day: date) -> Iterator[Resource]:
    content = pdf(
        [
            "Letter of discharge",
            "",
            "Patient: Marta Elena Álvarez Koch, born on 14 March 1968",
            f"Discharged on {day.day}.{day.month}.{day.year}",
            "",
            "Diagnosis: gallstones. Removal of the gallbladder by keyhole surgery.",
            "The operation and the days after it were without complications.",
            "",
            "Please continue: metformin 500 mg, lisinopril 10 mg, atorvastatin 20 mg.",
            "Please have the stitches removed after ten days.",
            "",
            "Dr. Piet Lindgren, St. Brigid Hospital",
            "",
            "(This letter, and everybody in it, is made up.)",
        ]
    )
    yield resource(HOSPITAL, "Binary", "letter", contentType="application/pdf", content=b64encode(content).decode())
    yield resource(
        HOSPITAL, "DocumentReference", "letter", status="current", subject=HOSPITAL.patient, author=[SURGEON],
        type=concept(LOINC, "18842-5", "Discharge summary"), description="Letter of discharge", created=at(day, 11),
        indexed=at(day, 12), content=[{"attachment": {"contentType": "application/pdf", "url": "Binary/hospital-letter",
                                                      "title": "Letter of discharge", "size": len(content)}}],
    )  # fmt: skip
