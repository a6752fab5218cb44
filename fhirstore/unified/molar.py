"""Grams in a mole of what laboratories measure either way: mg/dL in one country, mmol/L in the next.

http://unitsofmeasure.org/ucum.html. Sodium and its like are told by the mole everywhere and need no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from msgspec.structs import replace

from fhirstore.unified.amounts import Amount
from fhirstore.unified.concepts import Concept, token

_LOINC = "http://loinc.org"

_GRAMS = {
    "2345-7": "180.16",  # glucose
    "2093-3": "386.65",  # cholesterol
    "2085-9": "386.65",  # HDL cholesterol
    "13457-7": "386.65",  # LDL cholesterol
    "2571-8": "885.4",  # triglyceride, as triolein
    "2160-0": "113.12",  # creatinine
    "3094-0": "28.01",  # urea nitrogen, two atoms of nitrogen in each urea
    "17861-6": "40.08",  # calcium
    "1975-2": "584.66",  # bilirubin
    "3084-1": "168.11",  # urate
}
_MASS, _MOLES = "g.m-3", "m-3.mol"


def by_mass(amount: Amount, code: Concept) -> Amount:
    """The amount in grams where it is told in moles of what is known here; else as it is."""
    if amount.unit != _MOLES:
        return amount
    grams = next((grams for each, grams in _table().items() if each in code.codes), None)
    return replace(amount, low=amount.low * grams, high=amount.high * grams, unit=_MASS) if grams else amount


@cache
def _table() -> Mapping[str, Fraction]:
    return {token(_LOINC, code): Fraction(grams) for code, grams in _GRAMS.items()}
