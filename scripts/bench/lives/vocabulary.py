"""What sources call the same thing: for each concept, the words and codes that different systems are seen to use.

A name is (system, code, display); without a system it is text alone. They were written down from what record systems
send, before any rule of comparison, and names that no rule can be expected to join are among them.
"""

from __future__ import annotations

from collections.abc import Mapping

Name = tuple[str, str, str]

LOINC, SNOMED, ICD10 = "http://loinc.org", "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"
ICD9, RXNORM, CVX = "http://hl7.org/fhir/sid/icd-9-cm", "http://www.nlm.nih.gov/research/umls/rxnorm", "CVX"
NDC, UNII, UCUM = "http://hl7.org/fhir/sid/ndc", "http://fdasis.nlm.nih.gov", "http://unitsofmeasure.org"
LOCAL = "urn:oid:1.2.840.114350.1.13.{source}.7.2.696580"
_CVX = "http://hl7.org/fhir/sid/cvx"

VAGUE = frozenset({"Nut (substance)"})
"""Names that may mean one thing or another: peanuts or the nuts of trees."""

MEASURES: Mapping[str, tuple[Name, ...]] = {
    "heart rate": (
        (LOINC, "8867-4", "Heart rate"),
        (LOINC, "8867-4", "Pulse"),
        (SNOMED, "364075005", "Heart rate (observable entity)"),
        (LOCAL, "8", "Heart rate"),
    ),
    "weight": (
        (LOINC, "29463-7", "Body weight"),
        (LOINC, "3141-9", "Body weight Measured"),
        (SNOMED, "27113001", "Body weight"),
        (LOINC, "29463-7", "Weight"),
    ),
    "height": ((LOINC, "8302-2", "Body height"), (LOINC, "8302-2", "Height"), (SNOMED, "50373000", "Body height")),
    "temperature": (
        (LOINC, "8310-5", "Body temperature"),
        (LOINC, "8310-5", "Temp"),
        (SNOMED, "386725007", "Body temperature"),
    ),
    "glucose": (
        (LOINC, "2345-7", "Glucose [Mass/volume] in Serum or Plasma"),
        (LOINC, "2345-7", "Glucose"),
        (LOCAL, "1520019", "Glucose [Mass/volume] in Serum or Plasma"),
        ("", "", "Glucose [Mass/volume] in Serum or Plasma"),
    ),
    "hemoglobin": (
        (LOINC, "718-7", "Hemoglobin [Mass/volume] in Blood"),
        (LOINC, "718-7", "HGB"),
        (LOCAL, "1534435", "Hemoglobin [Mass/volume] in Blood"),
    ),
    "cholesterol": (
        (LOINC, "2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"),
        (LOINC, "2093-3", "CHOLESTEROL"),
    ),
    "potassium": ((LOINC, "2823-3", "Potassium [Moles/volume] in Serum or Plasma"), (LOINC, "2823-3", "K")),
    "sodium": ((LOINC, "2951-2", "Sodium [Moles/volume] in Serum or Plasma"), (LOINC, "2951-2", "NA")),
    "smoking": (
        (LOINC, "72166-2", "Tobacco smoking status NHIS"),
        (LOINC, "72166-2", "Smoking status"),
    ),
    "pressure": (
        (LOINC, "55284-4", "Blood pressure"),
        (LOINC, "55284-4", "Blood pressure systolic and diastolic"),
        (LOINC, "85354-9", "Blood pressure panel with all children optional"),
        (SNOMED, "75367002", "Blood pressure"),
    ),
}

# What a blood pressure is made of, for sources that tell each by itself.
PARTS: Mapping[str, tuple[Name, ...]] = {
    "high": (
        (LOINC, "8480-6", "Systolic blood pressure"),
        (SNOMED, "271649006", "Systolic blood pressure"),
        (LOINC, "8480-6", "Systolic"),
        (LOCAL, "5", "Systolic blood pressure"),
    ),
    "low": (
        (LOINC, "8462-4", "Diastolic blood pressure"),
        (SNOMED, "271650006", "Diastolic blood pressure"),
        (LOINC, "8462-4", "Diastolic"),
        (LOCAL, "6", "Diastolic blood pressure"),
    ),
}

# For each measure: US unit, other unit, digits of each, and how the other follows from the US one.
UNITS: Mapping[str, tuple[tuple[str, str, int], tuple[str, str, int], float, float]] = {
    "heart rate": (("beats/min", "/min", 0), ("bpm", "/min", 0), 1, 0),
    "weight": (("lb", "[lb_av]", 1), ("kg", "kg", 1), 0.45359237, 0),
    "height": (("in", "[in_i]", 1), ("cm", "cm", 0), 2.54, 0),
    "temperature": (("degF", "[degF]", 1), ("Cel", "Cel", 1), 5 / 9, -160 / 9),
    "glucose": (("mg/dL", "mg/dL", 0), ("g/L", "g/L", 2), 0.01, 0),
    "hemoglobin": (("g/dL", "g/dL", 1), ("g/L", "g/L", 0), 10, 0),
    "cholesterol": (("mg/dL", "mg/dL", 0), ("mg/dl", "mg/dL", 0), 1, 0),
    "potassium": (("mEq/L", "meq/L", 1), ("mmol/L", "mmol/L", 1), 1, 0),
    "sodium": (("mEq/L", "meq/L", 0), ("mmol/L", "mmol/L", 0), 1, 0),
}
USUAL: Mapping[str, tuple[float, float]] = {
    "heart rate": (72, 9),
    "weight": (176, 2),
    "height": (70, 0.4),
    "temperature": (98.4, 0.5),
    "glucose": (98, 14),
    "hemoglobin": (14.1, 0.8),
    "cholesterol": (196, 24),
    "potassium": (4.2, 0.4),
    "sodium": (140, 2.4),
}
SMOKING: tuple[tuple[Name, ...], ...] = (
    ((SNOMED, "8517006", "Former smoker"), ("", "", "Former smoker"), (SNOMED, "8517006", "Ex-smoker (finding)")),
    ((SNOMED, "266919005", "Never smoker"), ("", "", "Never smoker"), (SNOMED, "266919005", "Never smoked tobacco")),
)

CONDITIONS: Mapping[str, tuple[Name, ...]] = {
    "hypertension": (
        (SNOMED, "59621000", "Essential hypertension"),
        (ICD10, "I10", "Essential (primary) hypertension"),
        (ICD9, "401.9", "Unspecified essential hypertension"),
        ("", "", "Hypertension"),
        (SNOMED, "38341003", "Hypertensive disorder, systemic arterial (disorder)"),
    ),
    "diabetes type 2": (
        (SNOMED, "44054006", "Diabetes mellitus type 2 (disorder)"),
        (ICD10, "E11.9", "Type 2 diabetes mellitus without complications"),
        ("", "", "Type 2 diabetes mellitus"),
        (ICD9, "250.00", "Diabetes mellitus without mention of complication, type II or unspecified type"),
    ),
    "diabetes type 1": (
        (SNOMED, "46635009", "Diabetes mellitus type 1 (disorder)"),
        (ICD10, "E10.9", "Type 1 diabetes mellitus without complications"),
    ),
    "asthma": (
        (SNOMED, "195967001", "Asthma"),
        (ICD10, "J45.909", "Unspecified asthma, uncomplicated"),
        ("", "", "Asthma"),
    ),
    "bronchitis": (
        (SNOMED, "10509002", "Acute bronchitis (disorder)"),
        (ICD10, "J20.9", "Acute bronchitis, unspecified"),
        ("", "", "Acute bronchitis"),
    ),
    "sinusitis": ((SNOMED, "444814009", "Viral sinusitis (disorder)"), (SNOMED, "444814009", "Viral sinusitis")),
    "hyperlipidemia": (
        (SNOMED, "55822004", "Hyperlipidemia"),
        (ICD10, "E78.5", "Hyperlipidemia, unspecified"),
        ("", "", "Hyperlipidemia"),
        (ICD10, "E78.5", "High cholesterol"),
    ),
    "knee pain": ((ICD10, "M25.561", "Pain in right knee"), (SNOMED, "30989003", "Knee pain")),
    "left knee pain": ((ICD10, "M25.562", "Pain in left knee"), ("", "", "Left knee pain")),
    "reflux": (
        (SNOMED, "235595009", "Gastroesophageal reflux disease"),
        (ICD10, "K21.9", "Gastro-esophageal reflux disease without esophagitis"),
        ("", "", "GERD"),
    ),
}
CHRONIC = (
    "hypertension",
    "diabetes type 2",
    "asthma",
    "hyperlipidemia",
    "reflux",
    "diabetes type 1",
    "knee pain",
    "left knee pain",
)
ACUTE = ("bronchitis", "sinusitis")

# Drug → strengths in milligrams, then the names at a strength ({} is its number).
DRUGS: Mapping[str, tuple[tuple[int, ...], tuple[Name, ...]]] = {
    "lisinopril": (
        (5, 10, 20),
        (
            (RXNORM, "3140{}", "Lisinopril {} MG Oral Tablet"),
            (RXNORM, "3140{}", "lisinopril {} mg tablet"),
            ("", "", "LISINOPRIL {}MG TABS"),
            (NDC, "00093-11{}", "Lisinopril {} MG Oral Tablet"),
        ),
    ),
    "metformin": (
        (500, 850, 1000),
        (
            (RXNORM, "8610{}", "Metformin hydrochloride {} MG Oral Tablet"),
            (RXNORM, "8610{}", "metFORMIN (GLUCOPHAGE) {} MG tablet"),
            ("", "", "metformin hydrochloride {} mg oral tablet"),
        ),
    ),
    "atorvastatin": (
        (10, 20, 40),
        (
            (RXNORM, "5971{}", "atorvastatin {} MG Oral Tablet [Lipitor]"),
            (RXNORM, "5971{}", "Atorvastatin {} MG Oral Tablet"),
            ("", "", "atorvastatin {} mg tab"),
        ),
    ),
    "amoxicillin": (
        (250, 500),
        (
            (RXNORM, "3081{}", "Amoxicillin {} MG Oral Capsule"),
            ("", "", "Amoxicillin {} mg capsules"),
            (NDC, "00781-20{}", "AMOXICILLIN {} MG CAPSULE"),
        ),
    ),
    "ibuprofen": (
        (200, 400, 600),
        (
            (RXNORM, "1979{}", "Ibuprofen {} MG Oral Tablet"),
            ("", "", "ibuprofen {} MG tablet"),
            ("", "", "Motrin {} mg"),
        ),
    ),
}

ALLERGENS: Mapping[str, tuple[Name, ...]] = {
    "penicillin": (
        (RXNORM, "70618", "Penicillin"),
        (UNII, "Q42T66VG0C", "Penicillin G"),
        ("", "", "PENICILLINS"),
        (SNOMED, "91936005", "Allergy to penicillin"),
    ),
    "amoxicillin": ((RXNORM, "723", "Amoxicillin"), ("", "", "amoxicillin")),
    "peanut": (
        (SNOMED, "256349002", "Peanut - dietary (substance)"),
        (SNOMED, "91935009", "Allergy to peanuts"),
        ("", "", "Peanut"),
        ("", "", "PEANUTS"),
    ),
    "tree nut": (("", "", "Tree nuts"), (SNOMED, "13577000", "Nut (substance)")),
    "latex": ((SNOMED, "111088007", "Latex (substance)"), ("", "", "Latex"), (SNOMED, "300916003", "Latex allergy")),
    "sulfa": ((RXNORM, "10831", "Sulfamethoxazole / Trimethoprim"), ("", "", "Bactrim")),
}

VACCINES: Mapping[str, tuple[Name, ...]] = {
    "influenza": (
        (_CVX, "140", "Influenza, seasonal, injectable, preservative free"),
        (_CVX, "88", "Influenza, unspecified formulation"),
        (_CVX, "141", "Influenza, seasonal, injectable"),
        ("", "", "Influenza vaccine"),
        ("", "", "FLU SHOT"),
    ),
    "tdap": ((_CVX, "115", "Tdap"), ("", "", "Tdap"), ("", "", "Tdap vaccine"), ("", "", "Boostrix")),
    "hepatitis b": (
        (_CVX, "43", "Hep B, adult"),
        (_CVX, "45", "Hep B, unspecified formulation"),
        ("", "", "Hepatitis B, adult"),
    ),
    "mmr": ((_CVX, "03", "MMR"), (_CVX, "03", "Measles, mumps and rubella virus vaccine"), ("", "", "MMR")),
    "pneumococcal": ((_CVX, "133", "Pneumococcal conjugate PCV 13"), ("", "", "PCV13"), ("", "", "Prevnar 13")),
    "pneumococcal poly": ((_CVX, "33", "pneumococcal polysaccharide vaccine, 23 valent"),),
}

PROCEDURES: Mapping[str, tuple[Name, ...]] = {
    "appendectomy": (
        (SNOMED, "80146002", "Appendectomy"),
        ("http://www.ama-assn.org/go/cpt", "44950", "Appendectomy"),
        (SNOMED, "80146002", "Appendectomy (procedure)"),
        ("", "", "APPENDECTOMY"),
    ),
    "colonoscopy": (
        (SNOMED, "73761001", "Colonoscopy"),
        ("http://www.ama-assn.org/go/cpt", "45378", "Colonoscopy, diagnostic"),
        ("", "", "Colonoscopy"),
    ),
    "ekg": ((SNOMED, "29303009", "Electrocardiographic procedure"), ("", "", "ECG")),
    "knee replacement": ((SNOMED, "609588000", "Total knee replacement"), ("", "", "Total knee replacement")),
}
REPORTS: Mapping[str, tuple[Name, ...]] = {
    "cbc": ((LOINC, "58410-2", "CBC panel - Blood by Automated count"), (LOINC, "58410-2", "CBC"), ("", "", "CBC")),
    "lipids": ((LOINC, "57698-3", "Lipid panel"), (LOINC, "57698-3", "Lipid Panel"), ("", "", "LIPID PANEL")),
    "chest": ((LOINC, "30746-2", "Portable XR Chest Views"), ("", "", "Chest X-ray"), ("", "", "XR CHEST")),
    "wrist": (("", "", "XR Wrist Complete Left"), (LOINC, "37301-9", "XR Wrist Complete Left")),
}
OFTEN = frozenset({"cbc", "chest", "progress", "ibuprofen", "metformin", "amoxicillin"})
"""What is done, written or given several times on one day; the rest is not."""

NOTES: Mapping[str, tuple[Name, ...]] = {
    "progress": ((LOINC, "11506-3", "Progress note"), ("", "", "Progress Notes"), (LOINC, "11506-3", "Progress Notes")),
    "discharge": ((LOINC, "18842-5", "Discharge summary"), ("", "", "Discharge Summary")),
}
SUMMARY: Name = (LOINC, "34133-9", "Summarization of Episode Note")
"""What every system makes for itself when it is asked, under one name."""

VISITS: Mapping[str, tuple[Name, ...]] = {
    "office": (
        (SNOMED, "185349003", "Encounter for check up"),
        ("", "", "Office Visit"),
        (LOCAL, "101", "Office Visit"),
    ),
    "emergency": ((SNOMED, "50849002", "Emergency room admission"), ("", "", "Emergency"), (LOCAL, "3", "Emergency")),
}
KIN: Mapping[str, Name] = {
    "mother": ("http://hl7.org/fhir/v3/RoleCode", "MTH", "mother"),
    "father": ("http://hl7.org/fhir/v3/RoleCode", "FTH", "father"),
    "brother": ("http://hl7.org/fhir/v3/RoleCode", "BRO", "brother"),
}
PLANS: Mapping[str, tuple[Name, ...]] = {
    "diabetes": ((SNOMED, "698360004", "Diabetes self management plan"), ("", "", "Diabetes self management plan")),
    "respiratory": ((SNOMED, "53950000", "Respiratory therapy"), ("", "", "Respiratory therapy")),
}
# How people are called, and how a drug is when its strength stands in the dose alone.
CALLED: Mapping[str, str] = {
    "James": "Jim",
    "Jonathan": "Jon",
    "Robert": "Bob",
    "Katherine": "Kate",
    "William": "Bill",
    "Thomas": "Tom",
}
BARE: Mapping[str, str] = {
    "lisinopril": "lisinopril (Zestril)",
    "metformin": "metformin (Glucophage)",
    "atorvastatin": "atorvastatin (Lipitor)",
    "amoxicillin": "amoxicillin",
    "ibuprofen": "Motrin",
}
# LOINC's code for the amount of substance, and how many of it are one mg/dL.
MOLAR: Mapping[str, tuple[str, float, int]] = {
    "glucose": ("14749-6", 1 / 18.016, 1),
    "cholesterol": ("14647-2", 1 / 38.665, 2),
}
GIVENS = ("James", "Jonathan", "Robert", "Maria", "Anna", "Katherine", "William", "Elena", "Thomas", "Julia", "Zoë")
FAMILIES = ("Smith", "Nguyen", "García", "Kowalski", "O'Brien", "Lévesque", "Van Houten", "Okafor", "Miller")
HOSPITALS = ("Saint Mary Hospital", "Riverside Family Practice", "General Hospital of Springfield", "Lakeview Clinic")
SPECIALTIES = ("Cardiology", "Family Medicine", "Radiology")
