"""Codes of different systems that name one thing: vital signs, frequent problems, families of a vaccine.

A row lists what may be taken for one another in a person's record. What is only near (another type of diabetes, another
strength, how much somebody smokes beside whether) never stands in one row. Every code of ICD was
held against ICD's own names, and of the others each that is not an everyday one against a public list of its system.
Systems: http://hl7.org/fhir/DSTU2/terminologies-systems.html
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
L:72166-2 = tobacco smoking status; smoking status
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
S:233604007 10:J18.9 9:486 = pneumonia
S:84114007 10:I50.9 9:428.0 = heart failure; congestive heart failure; chf
S:53741008 10:I25.10 9:414.00 = coronary artery disease; coronary arteriosclerosis; cad
S:22298006 10:I21.9 9:410.90 = myocardial infarction
S:230690007 10:I63.9 9:434.91 = cerebrovascular accident; stroke
S:87433001 10:J43.9 9:492.8 = emphysema
S:78275009 10:G47.33 9:327.23 = obstructive sleep apnea; osa
S:193462001 10:G47.00 9:780.52 = insomnia
S:197480006 10:F41.9 9:300.00 = anxiety disorder; anxiety
S:90560007 10:M10.9 9:274.9 = gout
S:69896004 10:M06.9 9:714.0 = rheumatoid arthritis
S:266569009 10:N40.0 9:600.00 = benign prostatic hyperplasia; bph
S:433144002 10:N18.3 10:N18.30 9:585.3
S:87522002 10:D50.9 9:280.9 = iron deficiency anemia
S:34713006 10:E55.9 9:268.9 = vitamin d deficiency
S:65363002 10:H66.90 9:382.9 = otitis media
S:40055000 10:J32.9 9:473.9 = chronic sinusitis
S:195662009 10:J02.9 9:462 = acute pharyngitis; acute viral pharyngitis
S:54150009 10:J06.9 9:465.9 = upper respiratory infection; acute upper respiratory infection; uri
S:24079001 10:L20.9 9:691.8 = atopic dermatitis
S:9014002 10:L40.9 9:696.1 = psoriasis
S:279039007 10:M54.5 10:M54.50 9:724.2 = low back pain
S:84757009 10:G40.909 9:345.90 = epilepsy
S:49049000 10:G20 9:332.0 = parkinson disease; parkinson's disease
S:26929004 10:G30.9 9:331.0 = alzheimer's disease
S:64859006 10:M81.0 9:733.00 = osteoporosis
S:414916001 10:E66.9 9:278.00 = obesity
S:271737000 10:D64.9 9:285.9
S:709044004 10:N18.9 9:585.9
S:21897009 10:F41.1 9:300.02
S:43878008 10:J02.0 9:034.0
S:29303009 C:93000 = ecg; ekg; electrocardiogram; electrocardiographic procedure; 12 lead ecg
S:80146002 C:44950 = appendectomy
S:73761001 C:45378 = colonoscopy
S:409137002 = no known drug allergies; nkda; no known medicine allergy; no known medication allergies
S:716186003 S:160244002 = no known allergies; nka
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
L:2345-7 L:14749-6 = glucose [mass/volume] in serum or plasma
L:2951-2 = sodium [moles/volume] in serum or plasma; na; sodium
L:2823-3 = potassium [moles/volume] in serum or plasma; k; potassium
L:2075-0 = chloride [moles/volume] in serum or plasma; cl; chloride
L:3094-0 L:14937-7 L:22664-7 = urea nitrogen [mass/volume] in serum or plasma; bun; urea nitrogen; blood urea nitrogen
L:2160-0 L:14682-9 = creatinine [mass/volume] in serum or plasma; creatinine
L:17861-6 L:2000-8 = calcium [mass/volume] in serum or plasma; calcium
L:2093-3 L:14647-2 = cholesterol [mass/volume] in serum or plasma; total cholesterol; cholesterol; cholesterol total
L:2571-8 L:14927-8 = triglyceride [mass/volume] in serum or plasma; triglycerides
L:2085-9 L:14646-4 = cholesterol in hdl [mass/volume] in serum or plasma; hdl cholesterol; hdl
L:13457-7 L:2089-1 L:22748-8 = ldl cholesterol; ldl; ldl calculated; cholesterol in ldl [mass/volume] in serum or plasma
L:1975-2 L:14631-6 = bilirubin total [mass/volume] in serum or plasma; total bilirubin
L:3084-1 L:14933-6 = urate [mass/volume] in serum or plasma; uric acid
L:4548-4 = hemoglobin a1c/hemoglobin.total in blood; hba1c; hemoglobin a1c; a1c
L:1742-6 = alanine aminotransferase [enzymatic activity/volume] in serum or plasma; alt
L:1920-8 = aspartate aminotransferase [enzymatic activity/volume] in serum or plasma; ast
L:3016-3 = thyrotropin [units/volume] in serum or plasma; tsh
L:58410-2 = cbc panel - blood by automated count; cbc; complete blood count
L:57698-3 L:24331-1 = lipid panel; lipid panel with direct ldl - serum or plasma; lipid profile
L:57021-8 = cbc with auto differential; cbc with differential; cbc and differential; cbc w/ diff
L:24323-8 = comprehensive metabolic panel; cmp; comprehensive metabolic 2000 panel - serum or plasma
L:51990-0 L:24321-2 = basic metabolic panel; bmp; basic metabolic 2000 panel - serum or plasma
L:11506-3 = progress note
L:18842-5 = discharge summary
L:34117-2 = history and physical note; history and physical; h&p
L:11504-8 = surgical operation note; operative note; op note; operative report
L:34133-9 = summary of episode note; summarization of episode note; continuity of care document; ccd
V:15 V:16 V:88 V:111 V:135 V:140 V:141 V:144 V:149 V:150 V:151 V:153 V:155 V:158 V:161 V:166 V:168 V:171 V:185 V:186
V:88 = influenza; influenza vaccine; flu vaccine; flu shot; influenza, seasonal, injectable; influenza seasonal; fluzone
V:8 V:42 V:43 V:44 V:45 = hepatitis b; hep b; hep b adult; hep b, adolescent or pediatric; hep b pediatric
V:31 V:52 V:83 V:84 V:85 = hepatitis a; hep a
V:115 = tdap; boostrix; adacel
V:20 V:106 V:107 = dtap
V:10 V:89 = ipv; polio; poliovirus inactivated; ipol
V:17 V:46 V:47 V:48 V:49 = hib; haemophilus influenzae type b
V:62 V:118 V:137 V:165 = hpv; human papillomavirus; gardasil
V:116 V:119 V:122 = rotavirus
V:114 V:136 V:108 V:147 = meningococcal acwy; mcv4; meningococcal mcv4; menactra; menveo
V:121 = zoster live; zostavax
V:187 = zoster recombinant; shingrix
V:3 = mmr; measles mumps and rubella; measles, mumps and rubella virus vaccine
V:21 = varicella; varivax; chickenpox
V:133 V:152 = pcv13; pneumococcal conjugate pcv 13; prevnar 13; pneumococcal conjugate pcv13
V:33 = ppsv23; pneumovax 23; pneumococcal polysaccharide ppv23; pneumococcal polysaccharide, 23 valent
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
