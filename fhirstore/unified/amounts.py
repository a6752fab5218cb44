"""Measured amounts: the interval that the written digits leave open, in base units where the unit is known.

http://hl7.org/fhir/DSTU2/datatypes.html#quantity. 98.6 °F and 37.0 °C overlap, 120 and 121 mmHg do not.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from math import inf
from typing import Any

import msgspec

from fhirstore.search.decimals import implicit
from fhirstore.search.folding import fold
from fhirstore.search.kinds.number import read
from fhirstore.search.ucum import SYSTEMS, unit
from fhirstore.unified.agreement import Agreement
from fhirstore.unified.reading import part, text

_DIGITS_LIMIT, _UNIT_LIMIT = 40, 200
"""How much of an amount is looked at, in characters."""

# How systems write units that have no UCUM code beside them, folded and without blanks.
_NAMES = {
    "lb": "[lb_av]", "lbs": "[lb_av]", "pound": "[lb_av]", "pounds": "[lb_av]", "oz": "[oz_av]", "in": "[in_i]",
    "inch": "[in_i]", "inches": "[in_i]", "ft": "[ft_i]", "kilogram": "kg", "kilograms": "kg", "kgs": "kg",
    "centimeter": "cm", "centimeters": "cm", "cms": "cm", "f": "[degF]", "degf": "[degF]", "°f": "[degF]",
    "degreesf": "[degF]", "fahrenheit": "[degF]", "c": "Cel", "cel": "Cel", "degc": "Cel", "°c": "Cel",
    "degreesc": "Cel", "celsius": "Cel", "mmhg": "mm[Hg]", "mm[hg]": "mm[Hg]", "bpm": "/min", "beats/min": "/min",
    "beats/minute": "/min", "{beats}/min": "/min", "breaths/min": "/min", "breaths/minute": "/min", "/min": "/min",
    "percent": "%", "pct": "%", "mg/dl": "mg/dL", "g/dl": "g/dL", "ug/dl": "ug/dL", "ng/dl": "ng/dL",
    "ng/ml": "ng/mL", "pg/ml": "pg/mL", "mmol/l": "mmol/L", "umol/l": "umol/L", "meq/l": "meq/L", "g/l": "g/L",
    "u/l": "U/L", "iu/l": "[iU]/L", "ml/min": "mL/min", "kg/m2": "kg/m2", "kg/m^2": "kg/m2", "k/ul": "10*3/uL",
    "10*3/ul": "10*3/uL", "10^3/ul": "10*3/uL", "x10e3/ul": "10*3/uL", "thousand/ul": "10*3/uL",
    "10*9/l": "10*9/L", "m/ul": "10*6/uL", "10*6/ul": "10*6/uL", "x10e6/ul": "10*6/uL", "milligram": "mg",
    "milligrams": "mg", "mcg": "ug", "microgram": "ug", "micrograms": "ug", "fl": "fL", "pg": "pg",
}  # fmt: skip


class Amount(msgspec.Struct, frozen=True, gc=False):
    """[low, high) in the base unit; in the unit as written where `known` is False. `number` is what is written."""

    low: Fraction
    high: Fraction
    unit: str
    known: bool
    number: Decimal
    comparator: str = ""

    def __hash__(self) -> int:
        return hash((self.number, self.unit, self.comparator))  # fractions are slow to hash

    @property
    def size(self) -> float:
        """About how much it is, for sorting; what no float holds is beyond everything."""
        try:
            return float(self.low)
        except OverflowError:
            return inf if self.low > 0 else -inf


def amount_of(quantity: Any) -> Amount | None:
    """The amount of a Quantity; None without a number."""
    if not isinstance(quantity, dict):
        return None
    number = read(quantity.get("value"))
    if number is None:
        return None
    code, name = text(quantity, "code")[:_UNIT_LIMIT], text(quantity, "unit")[:_UNIT_LIMIT]
    return _amount(
        str(number), code if text(quantity, "system") in SYSTEMS else "", code, name, text(quantity, "comparator")[:2]
    )


def amount_in(written: str) -> Amount | None:
    """The amount that a text consists of, such as "120" or "120 mm[Hg]"."""
    number, _, name = written.strip().partition(" ")
    comparator = number[:1] if number[:1] in {"<", ">"} else ""
    number = number.removeprefix(comparator)
    if len(number) > _DIGITS_LIMIT or not number.isascii() or not number[-1:].isdigit():
        return None
    return _amount(number, "", "", name.strip()[:40], comparator)


def range_of(value: Any) -> Amount | None:
    """The amount of a Range that has both ends."""
    if not isinstance(value, dict):
        return None
    low, high = amount_of(part(value, "low")), amount_of(part(value, "high"))
    if low is None or high is None or low.unit != high.unit:
        return None
    return Amount(low.low, high.high, low.unit, low.known, low.number, "range")


@lru_cache(maxsize=16384)
def _amount(number: str, ucum: str, code: str, name: str, comparator: str) -> Amount | None:
    try:
        value = Decimal(number)
        if not value.is_finite() or abs(value.adjusted()) > 400:
            return None
        low, high = (Fraction(each) for each in implicit(value))
    except (InvalidOperation, ValueError):
        return None
    plain = "".join(fold(name or code).split())
    known = unit(ucum) or unit(_NAMES.get(plain, "")) or unit(code) or unit(name)
    if known is None:
        return Amount(low, high, plain, False, value, comparator)
    return Amount(known.to_base(low), known.to_base(high), known.base, True, value, comparator)


def agreement(one: Amount, other: Amount) -> Agreement:
    """EQUAL where the intervals meet in a common unit, CLOSE where numbers are equal and a unit is not known."""
    if one.comparator != other.comparator:
        return Agreement.DIFFERENT
    if one.known and other.known:
        if one.unit != other.unit:
            return Agreement.DIFFERENT
        return Agreement.EQUAL if one.low < other.high and other.low < one.high else Agreement.DIFFERENT
    if one.number != other.number:
        return Agreement.DIFFERENT
    return Agreement.EQUAL if one.unit == other.unit else Agreement.CLOSE
