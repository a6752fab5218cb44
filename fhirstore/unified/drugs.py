"""Names of medications taken apart: what is in it, how much, in which form; "LISINOPRIL 10MG TABS" and the like."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from fhirstore.search.folding import fold
from fhirstore.search.kinds.number import read
from fhirstore.unified import concepts
from fhirstore.unified.agreement import Agreement
from fhirstore.unified.concepts import Concept
from fhirstore.unified.reading import member, parts, text

_TEXT_LIMIT = 300
_BRANDS = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_STRENGTH = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?(mg|mcg|ug|g|gm|meq|units?|unt|iu|%)(?![a-z])", re.ASCII)
_WORD = re.compile(r"[a-z]{2,}")
_MILLIGRAMS = {
    "mg": Decimal(1),
    "mcg": Decimal("0.001"),
    "ug": Decimal("0.001"),
    "g": Decimal(1000),
    "gm": Decimal(1000),
}
_BETWEEN = re.compile(r"\d ?(?:-|to|or) ?\d", re.ASCII | re.IGNORECASE)
_COUNT = re.compile(r"(?<![\d.])(\d{1,2}) ?(?:tab|cap)(?:let|sule)?s?(?![a-z])", re.ASCII)
_PIECES = frozenset({"tbl", "tablet", "tablets", "tab", "tabs", "capsule", "capsules", "cap", "caps"})
_DIGITS_LIMIT = 20
_FORM_WORDS = {
    "oral": "tablet tablets tab tabs capsule capsules cap caps oral po mouth chewable disintegrating",
    "topical": "cream ointment gel lotion topical patch transdermal",
    "ophthalmic": "ophthalmic eye drops",
    "inhaled": "inhaler inhalation inhal actuat aerosol nebulizer",
    "injected": "injection injectable inj syringe prefilled subcutaneous intramuscular intravenous",
    "nasal": "nasal spray",
}
_FORMS = {word: form for form, listed in _FORM_WORDS.items() for word in listed.split()}
_RELEASE = frozenset({"extended", "er", "xr", "xl", "sr", "release", "hr", "hour", "delayed", "dr", "ec"})
_SLOW = frozenset({"extended", "er", "xr", "xl", "sr"})
_SAYS_NOTHING = (
    "mg mcg ug gm ml meq unit units unt iu by for in of the and film coated solution suspension powder product dose "
    "hydrochloride hcl calcium sodium besylate maleate per day pack"
)
_SILENT = frozenset(_SAYS_NOTHING.split())


# What is in it, by the brand under which it is mostly called.
_INGREDIENTS = {
    "advil": "ibuprofen", "aleve": "naproxen", "ambien": "zolpidem", "amoxil": "amoxicillin",
    "augmentin": "amoxicillin clavulanate", "bactrim": "sulfamethoxazole trimethoprim", "benadryl": "diphenhydramine",
    "cipro": "ciprofloxacin", "claritin": "loratadine", "coumadin": "warfarin", "cozaar": "losartan",
    "crestor": "rosuvastatin", "deltasone": "prednisone", "diovan": "valsartan", "flonase": "fluticasone",
    "glucophage": "metformin", "keflex": "cephalexin", "lasix": "furosemide", "lexapro": "escitalopram",
    "lipitor": "atorvastatin", "motrin": "ibuprofen", "neurontin": "gabapentin", "nexium": "esomeprazole",
    "norvasc": "amlodipine", "plavix": "clopidogrel", "prilosec": "omeprazole", "prinivil": "lisinopril",
    "proair": "albuterol", "prozac": "fluoxetine", "septra": "sulfamethoxazole trimethoprim",
    "singulair": "montelukast", "synthroid": "levothyroxine", "tylenol": "acetaminophen", "ventolin": "albuterol",
    "xanax": "alprazolam", "zestril": "lisinopril", "zithromax": "azithromycin", "zocor": "simvastatin",
    "zoloft": "sertraline", "zyrtec": "cetirizine",
}  # fmt: skip


class Drug(msgspec.Struct, frozen=True, gc=False):
    """`strengths` are in milligrams where they are weights; `form` and `slow` are empty or False where not said."""

    concept: Concept
    strengths: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    slow: bool = False


def drug(value: Any) -> Drug:
    """What a CodeableConcept of a medication names. The words of all its names count, the first strength found."""
    coded = concepts.concept(value)
    written = [text(value, "text"), *(text(each, "display") for each in parts(value, "coding"))] if value else []
    return _together(coded, tuple(name[:_TEXT_LIMIT] for name in written[:20] if name))


@lru_cache(maxsize=8192)
def _together(coded: Concept, written: tuple[str, ...]) -> Drug:
    names, strengths, forms, slow = set[str](), frozenset[str](), set[str](), False
    for name in written:
        plain = fold(name)
        strengths = strengths or frozenset(_strength(*found) for found in _STRENGTH.findall(plain))
        said = _WORD.findall(_STRENGTH.sub(" ", _BRANDS.sub(" ", plain)))
        forms |= {_FORMS[word] for word in said if word in _FORMS}
        slow = slow or not _SLOW.isdisjoint(said)
        names.add(_substance(said))
    return Drug(Concept(coded.codes, frozenset(names - {""})), strengths, frozenset(forms), slow)


def _substance(said: list[str]) -> str:
    telling = [_INGREDIENTS.get(word, word) for word in said if word not in _SILENT | _RELEASE and word not in _FORMS]
    return " ".join(sorted({word for each in telling for word in each.split()}))


def dose_of(quantity: Any, written: str, medicine: Drug) -> str:
    """The milligrams of one dose, "" where they are not told: by weight, by tablets of one strength, or in words."""
    told, unit = read(member(quantity, "value")), fold(text(quantity, "code") or text(quantity, "unit"))
    if told is None:
        return _dose_in_words(fold(written[:_TEXT_LIMIT]), medicine)
    number = Decimal(told)
    if unit in _MILLIGRAMS:
        return _plain(number * _MILLIGRAMS[unit])
    pieces = unit.strip("{}") in _PIECES or fold(text(quantity, "unit")) in _PIECES
    return _of_pieces(number, medicine) if pieces else ""


def _dose_in_words(said: str, medicine: Drug) -> str:
    """Of "200 mg, 1 caps, Oral" or "Take 2 tablets"; nothing of "1-2 tablets", which leaves it to the patient."""
    if _BETWEEN.search(said):
        return ""
    weights = {_strength(*found) for found in _STRENGTH.findall(said) if found[1] in _MILLIGRAMS}
    if weights:
        return weights.pop() if len(weights) == 1 else ""
    counts = set(_COUNT.findall(said))
    return _of_pieces(Decimal(counts.pop()), medicine) if len(counts) == 1 else ""


def _of_pieces(count: Decimal, medicine: Drug) -> str:
    each = next(iter(medicine.strengths)) if len(medicine.strengths) == 1 else ""
    return _plain(count * Decimal(each)) if each and " " not in each else ""


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}" if abs(number.adjusted()) < _DIGITS_LIMIT else ""


def _strength(number: str, unit: str) -> str:
    if unit in _MILLIGRAMS:
        return f"{(Decimal(number) * _MILLIGRAMS[unit]).normalize():f}"
    return f"{Decimal(number).normalize():f} {unit[:2]}"


def agreement(one: Drug, other: Drug) -> Agreement:
    """EQUAL for the same substance and strength, whatever the brand; CLOSE where one strength is not told."""
    a, b = one.concept, other.concept
    if one.strengths and other.strengths and one.strengths != other.strengths:
        return Agreement.DIFFERENT
    if one.forms and other.forms and not one.forms & other.forms:
        return Agreement.DIFFERENT
    if a.names & b.names:
        if one.slow != other.slow and a.names and b.names:
            return Agreement.DIFFERENT
        return Agreement.EQUAL if one.strengths == other.strengths else Agreement.CLOSE
    return concepts.agreement(a, b)
