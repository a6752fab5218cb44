"""Codes of different systems that name one thing: vital signs, frequent problems, families of a vaccine.

A row lists what may be taken for one another in a person's record. What is only near (another type of diabetes, another
strength) never stands in one row. Systems: http://hl7.org/fhir/DSTU2/terminologies-systems.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

_PLACES = {
    "L": "http://loinc.org",
    "S": "http://snomed.info/sct",
    "10": "http://hl7.org/fhir/sid/icd-10",
    "9": "http://hl7.org/fhir/sid/icd-9",
    "V": "http://hl7.org/fhir/sid/cvx",
    "R": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "U": "http://fdasis.nlm.nih.gov",
    "C": "http://www.ama-assn.org/go/cpt",
}

_ROWS = """
L:8867-4 S:364075005 L:8893-0 S:78564009 = heart rate; pulse; pulse rate
L:8480-6 S:271649006 = systolic blood pressure; systolic
L:8462-4 S:271650006 = diastolic blood pressure; diastolic
L:55284-4 L:85354-9 L:35094-2 S:75367002 = blood pressure
L:29463-7 L:3141-9 S:27113001 S:363808001 = body weight; weight
L:8302-2 L:3137-7 S:50373000 S:248327008 = body height; height
L:39156-5 S:60621009 = body mass index; bmi
L:8310-5 S:386725007 L:8331-1 S:105723007 = body temperature; temperature
L:9279-1 S:86290005 = respiratory rate; respiration rate; respirations
L:2708-6 L:59408-5 S:431314004 S:103228002 = oxygen saturation; spo2
L:72166-2 S:229819007 = tobacco smoking status; smoking status
S:38341003 S:59621000 10:I10 9:401.9 9:401.1 9:401 = hypertension; essential hypertension; high blood pressure
S:44054006 10:E11.9 9:250.00 = type 2 diabetes mellitus; type 2 diabetes
S:46635009 10:E10.9 9:250.01 = type 1 diabetes mellitus; type 1 diabetes
S:195967001 10:J45.909 9:493.90 = asthma
S:55822004 10:E78.5 9:272.4 = hyperlipidemia
S:13645005 10:J44.9 9:496 = copd; chronic obstructive pulmonary disease; chronic obstructive lung disease
S:40930008 10:E03.9 9:244.9 = hypothyroidism
S:35489007 10:F32.9 9:311
S:49436004 10:I48.91 9:427.31 = atrial fibrillation
S:235595009 10:K21.9 9:530.81 = gastroesophageal reflux disease; gerd
S:10509002 10:J20.9 9:466.0 = acute bronchitis
S:68566005 10:N39.0 9:599.0 = urinary tract infection; uti
S:61582004 10:J30.9 9:477.9 = allergic rhinitis
S:37796009 10:G43.909 9:346.90
S:396275006 10:M19.90 9:715.90
S:64859006 10:M81.0 9:733.00 = osteoporosis
S:414916001 10:E66.9 9:278.00 = obesity
S:271737000 10:D64.9 9:285.9
S:709044004 10:N18.9 9:585.9
S:21897009 10:F41.1 9:300.02
S:43878008 10:J02.0 9:034.0
S:29303009 C:93000 = ecg; ekg; electrocardiogram; electrocardiographic procedure; 12 lead ecg
S:80146002 C:44950 = appendectomy
S:73761001 C:45378 = colonoscopy
S:91936005 S:764146007 S:373270004 R:70618 = penicillin; penicillin g
S:91935009 S:256349002 S:762952008 = peanut
S:111088007 S:300916003 = latex
S:8517006 = former smoker; ex-smoker; ex smoker; quit
S:266919005 = never smoker; never smoked; never smoked tobacco; lifelong non-smoker
S:77176002 = smoker; current smoker
S:449868002 = current every day smoker; every day smoker
L:718-7 = hemoglobin [mass/volume] in blood; hgb; hemoglobin
L:4544-3 = hematocrit [volume fraction] of blood by automated count; hct; hematocrit
L:6690-2 = leukocytes [#/volume] in blood by automated count; wbc
L:789-8 = erythrocytes [#/volume] in blood by automated count; rbc
L:777-3 = platelets [#/volume] in blood by automated count; plt; platelets; platelet count
L:787-2 = mcv [entitic volume] by automated count; mcv
L:785-6 = mch [entitic mass] by automated count; mch
L:786-4 = mchc [mass/volume] by automated count; mchc
L:2345-7 = glucose [mass/volume] in serum or plasma
L:2951-2 = sodium [moles/volume] in serum or plasma; na; sodium
L:2823-3 = potassium [moles/volume] in serum or plasma; k; potassium
L:2075-0 = chloride [moles/volume] in serum or plasma; cl; chloride
L:3094-0 = urea nitrogen [mass/volume] in serum or plasma; bun
L:2160-0 = creatinine [mass/volume] in serum or plasma
L:17861-6 = calcium [mass/volume] in serum or plasma
L:2093-3 = cholesterol [mass/volume] in serum or plasma; total cholesterol; cholesterol
L:2571-8 = triglyceride [mass/volume] in serum or plasma; triglycerides
L:2085-9 = cholesterol in hdl [mass/volume] in serum or plasma; hdl cholesterol; hdl
L:4548-4 = hemoglobin a1c/hemoglobin.total in blood; hba1c; hemoglobin a1c; a1c
L:1742-6 = alanine aminotransferase [enzymatic activity/volume] in serum or plasma; alt
L:1920-8 = aspartate aminotransferase [enzymatic activity/volume] in serum or plasma; ast
L:3016-3 = thyrotropin [units/volume] in serum or plasma; tsh
L:58410-2 = cbc panel - blood by automated count; cbc; complete blood count
L:57698-3 = lipid panel; lipid panel with direct ldl - serum or plasma
L:11506-3 = progress note
L:18842-5 = discharge summary
L:34133-9 = summary of episode note; summarization of episode note; continuity of care document; ccd
V:15 V:16 V:88 V:111 V:135 V:140 V:141 V:144 V:149 V:150 V:151 V:153 V:155 V:158 V:161 V:166 V:168 V:171 V:185 V:186
V:88 = influenza; influenza vaccine; flu vaccine; flu shot
V:8 V:42 V:43 V:44 V:45 = hepatitis b; hep b; hep b adult; hep b, adolescent or pediatric; hep b pediatric
V:31 V:52 V:83 V:84 V:85 = hepatitis a; hep a
V:115 = tdap
V:3 = mmr
V:133 V:152 = pcv13; pneumococcal conjugate pcv 13
"""


@cache
def equivalents() -> Mapping[str, str]:
    """Code → the first code of its row, both as "system|code"."""
    found: dict[str, str] = {}
    for codes, _ in _rows():
        found |= dict.fromkeys(codes, found.get(codes[0], codes[0]))
    return found


@cache
def aliases() -> Mapping[str, str]:
    """Plain name → the first code of its row: what the words mean where nothing else is said."""
    return {name: equivalents()[codes[0]] for codes, names in _rows() for name in names}


def _rows() -> Iterator[tuple[list[str], list[str]]]:
    for row in filter(None, _ROWS.split("\n")):
        codes, _, names = row.partition("=")
        placed = (code.partition(":") for code in codes.split())
        yield (
            [f"{_PLACES[place]}|{code}" for place, _, code in placed],
            [name.strip() for name in names.split(";") if name.strip()],
        )
