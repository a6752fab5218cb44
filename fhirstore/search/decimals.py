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
    if isinstance(number, Fraction):
        number = _CONTEXT.divide(Decimal(number.numerator), Decimal(number.denominator))
    elif isinstance(number, int):
        number = Decimal(number)
    if not number.is_finite():
        raise ValueError("not a finite number")
    negative, figures, _ = number.as_tuple()
    if len(figures) > DIGITS:
        return encode(_CONTEXT.plus(number))
    digits = "".join(map(str, figures)).strip("0")
    if not digits:
        return "2"
    magnitude = number.adjusted()
    if magnitude > _EXPONENT_LIMIT:
        return MINIMUM if negative else MAXIMUM
    if magnitude < -_EXPONENT_LIMIT:
        return "2"
    text = f"{magnitude + _BIAS:04d}{digits}"
    return f"1{text.translate(_COMPLEMENT)}~" if negative else f"3{text}"


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
