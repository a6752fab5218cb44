"""Numbers as text that sorts like the numbers: exact, so that no comparison ever sees a float.

A negative number is "1" + exponent + digits, both as complements, + "~"; zero is "2"; a positive one is "3" +
exponent + digits. `after` gives the next text behind a number's own, which makes a half-open interval of one number.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction

MINIMUM, MAXIMUM = "0", "4"
DIGITS = 40
"""More significant digits than these are rounded, which keeps the order and may join neighbours."""

_EXPONENT_LIMIT = 4999
_BIAS = 5000
_COMPLEMENT = str.maketrans("0123456789", "9876543210")
_CONTEXT = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)


def encode(number: Decimal | Fraction | int) -> str:
    """The sortable text of a number; beyond 10^±4999 it is one of the two ends."""
    if isinstance(number, int):
        return encode_scaled(number, 0)
    if isinstance(number, Fraction):
        return encode_ratio(number.numerator, number.denominator)
    if not number.is_finite():
        raise ValueError("not a finite number")
    figures, _, magnitude = f"{number:E}".partition("E")
    if len(figures) > DIGITS and len(number.as_tuple().digits) > DIGITS:
        return encode(_CONTEXT.plus(number))
    return _written(number.is_signed(), figures.lstrip("-").replace(".", ""), int(magnitude))


def encode_scaled(coefficient: int, exponent: int) -> str:
    """The same of coefficient × 10^exponent."""
    figures = str(abs(coefficient))
    if len(figures) > DIGITS:
        return encode(Decimal(f"{coefficient}E{exponent}"))
    return _written(coefficient < 0, figures, len(figures) - 1 + exponent)


def encode_ratio(numerator: int, denominator: int) -> str:
    return encode(_CONTEXT.divide(Decimal(numerator), Decimal(denominator)))


def _written(negative: bool, figures: str, magnitude: int) -> str:
    digits = figures.rstrip("0")
    if not digits:
        return "2"
    if magnitude > _EXPONENT_LIMIT:
        return MINIMUM if negative else MAXIMUM
    if magnitude < -_EXPONENT_LIMIT:
        return "2"
    text = f"{magnitude + _BIAS:04d}{digits}"
    return f"1{text.translate(_COMPLEMENT)}~" if negative else f"3{text}"


def scaled(text: str) -> tuple[int, int]:
    """Coefficient and exponent of a number as Python writes it: 1.50 is 150 × 10^-2, and not 15 × 10^-1."""
    mantissa, _, exponent = text.partition("E")
    whole, _, fraction = mantissa.partition(".")
    return int(whole + fraction), int(exponent or 0) - len(fraction)


def after(encoded: str) -> str:
    """The smallest text above an encoded number: below every greater number."""
    return encoded + "!"


def implicit(number: Decimal | int) -> tuple[Decimal, Decimal]:
    """The interval that a number's written precision implies: 2.0 is [1.95, 2.05).

    http://hl7.org/fhir/DSTU2/search.html#number
    """
    value = Decimal(number)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    with localcontext(_CONTEXT) as context:
        context.prec = max(DIGITS, len(value.as_tuple().digits) + 3)
        half = Decimal((0, (5,), exponent - 1))
        return value - half, value + half
