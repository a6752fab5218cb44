"""Codes in words: by their own display, by what DSTU2 publishes, or for everyday measurements by their plain name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from fhirstore.dstu2.terminology import shipped_code_system, shipped_urls, shipped_value_set

LOINC = "http://loinc.org"

PLAIN_NAMES: Mapping[tuple[str, str], str] = {
    (LOINC, "55284-4"): "Blood pressure",
    (LOINC, "8480-6"): "Systolic blood pressure",
    (LOINC, "8462-4"): "Diastolic blood pressure",
    (LOINC, "8867-4"): "Heart rate",
    (LOINC, "9279-1"): "Breathing rate",
    (LOINC, "8310-5"): "Body temperature",
    (LOINC, "59408-5"): "Oxygen saturation",
    (LOINC, "2708-6"): "Oxygen saturation",
    (LOINC, "29463-7"): "Weight",
    (LOINC, "3141-9"): "Weight",
    (LOINC, "8302-2"): "Height",
    (LOINC, "39156-5"): "Body mass index",
    (LOINC, "41950-7"): "Steps in a day",
    (LOINC, "93832-4"): "Sleep",
    (LOINC, "2339-0"): "Blood glucose",
    (LOINC, "2345-7"): "Blood glucose",
    (LOINC, "41653-7"): "Blood glucose",
    (LOINC, "1558-6"): "Fasting blood glucose",
    (LOINC, "4548-4"): "HbA1c (long-term blood sugar)",
    (LOINC, "2093-3"): "Total cholesterol",
    (LOINC, "2085-9"): "HDL cholesterol",
    (LOINC, "13457-7"): "LDL cholesterol",
    (LOINC, "18262-6"): "LDL cholesterol",
    (LOINC, "2571-8"): "Triglycerides",
    (LOINC, "57698-3"): "Cholesterol panel",
    (LOINC, "718-7"): "Hemoglobin",
    (LOINC, "6690-2"): "White blood cells",
    (LOINC, "777-3"): "Platelets",
    (LOINC, "2160-0"): "Creatinine",
    (LOINC, "33914-3"): "Kidney function (eGFR)",
    (LOINC, "2823-3"): "Potassium",
    (LOINC, "2951-2"): "Sodium",
    (LOINC, "3016-3"): "Thyroid (TSH)",
    (LOINC, "72166-2"): "Smoking status",
    (LOINC, "85354-9"): "Blood pressure",
    (LOINC, "3137-7"): "Height",
    (LOINC, "8331-1"): "Body temperature",
    (LOINC, "789-8"): "Red blood cells",
    (LOINC, "4544-3"): "Hematocrit",
    (LOINC, "787-2"): "Size of red blood cells (MCV)",
    (LOINC, "785-6"): "Hemoglobin in a red blood cell (MCH)",
    (LOINC, "786-4"): "Hemoglobin in red blood cells (MCHC)",
    (LOINC, "788-0"): "Spread of red blood cell sizes (RDW)",
    (LOINC, "3094-0"): "Urea nitrogen (BUN)",
    (LOINC, "6299-2"): "Urea nitrogen (BUN)",
    (LOINC, "38483-4"): "Creatinine",
    (LOINC, "6298-4"): "Potassium",
    (LOINC, "2947-0"): "Sodium",
    (LOINC, "2075-0"): "Chloride",
    (LOINC, "2069-3"): "Chloride",
    (LOINC, "2028-9"): "Carbon dioxide",
    (LOINC, "20565-8"): "Carbon dioxide",
    (LOINC, "17861-6"): "Calcium",
    (LOINC, "49765-1"): "Calcium",
    (LOINC, "1751-7"): "Albumin",
    (LOINC, "2885-2"): "Total protein",
    (LOINC, "1975-2"): "Total bilirubin",
    (LOINC, "6768-6"): "Alkaline phosphatase",
    (LOINC, "1742-6"): "Liver enzyme ALT",
    (LOINC, "1920-8"): "Liver enzyme AST",
}
"""Names that people use at home, for what is measured most."""

SYSTEMS: Mapping[str, str] = {
    LOINC: "LOINC",
    "http://snomed.info/sct": "SNOMED CT",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://unitsofmeasure.org": "UCUM",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD-9-CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://hl7.org/fhir/sid/ndc": "NDC",
    "http://www.ama-assn.org/go/cpt": "CPT",
    "http://fdasis.nlm.nih.gov": "UNII",
    "urn:oid:2.16.840.1.113883.6.1": "LOINC",
    "urn:oid:2.16.840.1.113883.6.96": "SNOMED CT",
    "urn:oid:2.16.840.1.113883.6.88": "RxNorm",
    "urn:oid:2.16.840.1.113883.6.90": "ICD-10-CM",
    "urn:oid:2.16.840.1.113883.6.103": "ICD-9-CM",
    "urn:oid:2.16.840.1.113883.12.292": "CVX",
}


def code_words(systems: Iterable[str], code: str) -> str:
    """A bare code whose element says which systems it is of."""
    for system in systems:
        found = shipped_code_system(system)
        concept = found.find(code) if found else None
        if concept is not None and concept.display:
            return _opened(concept.display)
    return _opened(code)


def coding_words(coding: Any) -> str:
    """A Coding: its display, or what its code means, or the code itself."""
    if not isinstance(coding, dict):
        return ""
    system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
    if isinstance(display, str) and display.strip():
        return display
    if not isinstance(code, str) or not code:
        return ""
    return _meaning(system if isinstance(system, str) else "", code) or code


def concept_words(concept: Any) -> str:
    """A CodeableConcept: its text, or the first of its codings that says something, rather in words than a code.

    A text that only repeats the system's own name of a code gives way to the plain one.
    """
    if not isinstance(concept, dict):
        return ""
    text, codings = concept.get("text"), concept.get("coding")
    codings = [each for each in codings if isinstance(each, dict)] if isinstance(codings, list) else []
    displays = [each.get("display") for each in codings]
    if isinstance(text, str) and text.strip() and text not in displays:
        return text
    plain = next((name for each in codings if (name := _plain_name(each))), "")
    if plain or (isinstance(text, str) and text.strip()):
        return plain or str(text)
    worded = (each for each in codings if _has_words(each))
    chosen = next(worded, None) or next((each for each in codings if coding_words(each)), None)
    return coding_words(chosen)


def measure_name(concept: Any) -> str:
    """What is measured, under one name whatever each laboratory calls it, where one of its codes has a plain name."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    held = (each for each in codings if isinstance(each, dict)) if isinstance(codings, list) else ()
    return next((name for each in held if (name := _plain_name(each))), "") or concept_words(concept)


def coding_name(coding: Any) -> str:
    """The code and its system, for those who look it up: "8480-6 (LOINC)"; "" for systems that nobody knows by name."""
    if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
        return ""
    system = coding.get("system")
    # Some hospitals leave out what makes an object identifier a URI.
    name = SYSTEMS.get(system) or SYSTEMS.get(f"urn:oid:{system}", "") if isinstance(system, str) else ""
    return f"{coding['code']} ({name})" if name else ""


def _plain_name(coding: Mapping[str, Any]) -> str:
    system, code = coding.get("system"), coding.get("code")
    return PLAIN_NAMES.get((system, code), "") if isinstance(system, str) and isinstance(code, str) else ""


def _has_words(coding: Mapping[str, Any]) -> bool:
    return coding_words(coding) not in ("", coding.get("code"))


def _meaning(system: str, code: str) -> str:
    if (plain := PLAIN_NAMES.get((system, code))) is not None:
        return plain
    known = shipped_code_system(system)
    concept = known.find(code) if known else None
    if concept is not None and concept.display:
        return _opened(concept.display)
    return _listed().get((system, code), "")


@cache
def _listed() -> Mapping[tuple[str, str], str]:
    """Displays that published value sets give to codes of systems that are not held here as a whole."""
    return {
        (concept.system, concept.code): concept.display
        for url in shipped_urls()
        if (value_set := shipped_value_set(url)) is not None
        for include in value_set.include
        for concept in include.concepts
        if concept.display
    }


def _opened(text: str) -> str:
    """The same with a capital first, and no hyphens for blanks: "in-progress" becomes "In progress"."""
    words = text.replace("-", " ").replace("_", " ") if text.islower() else text
    return words[:1].upper() + words[1:]
