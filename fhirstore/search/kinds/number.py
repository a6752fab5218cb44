"""Numbers: searched with the precision in which they are written; decimals are never floats.

http://hl7.org/fhir/DSTU2/search.html#number. eq, ne and ap look at the range that a number's precision implies, in
the search value and (for decimals) in the target; gt, lt, ge and le compare exactly, sa and eb ask for the whole range.
Integers are themselves and nothing around them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any

from fhirstore.search.context import Context
from fhirstore.search.decimals import MAXIMUM, MINIMUM, after, encode, encode_ratio, encode_scaled, implicit, scaled
from fhirstore.search.entries import Collector, Index, Range
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import ByRange, Filter, HasKey, InRange, Limit, any_of
from fhirstore.search.prefixes import Alternatives, Prefix, cut, outside, overlapping, within
from fhirstore.search.separators import unescape
from fhirstore.search.ucum import SYSTEMS, unit

Conversion = Callable[[Fraction], Fraction]

_SIZE_LIMIT = 4900
_TEXT_LIMIT = 100


def read(value: Any) -> Decimal | int | None:
    """A document's number, or None for what is none or is beyond 10^±4900."""
    kind = type(value)
    if kind is Decimal:
        return value if value.is_finite() and -_SIZE_LIMIT <= value.adjusted() <= _SIZE_LIMIT else None
    return value if kind is int and value.bit_length() < 3 * _SIZE_LIMIT else None


def indexer(parameter: Parameter, type_: str) -> Index:
    name, code = parameter.key, parameter.unit
    if code is not None:
        return lambda value, into: _index_duration(name, code, value, into)

    def index(value: Any, into: Collector) -> bool:
        number = read(value)
        if number is None:
            return False
        if type_ == "decimal":
            into.ranges.append(measured(name, number))
        else:
            low, high = encode(number), after(encode(number))
            into.ranges.append(Range(name, low, high, low, high))
        return True

    return index


def measured(name: str, number: Decimal | int, in_units: str = "") -> Range:
    """The range of a decimal, in base units where it is given in a known UCUM unit."""
    return Range(name, *bounds(str(number), in_units))


@lru_cache(maxsize=16384)
def bounds(text: str, in_units: str = "") -> tuple[str, str, str, str]:
    """The ends of a decimal's range, by its text: 1.0 and 1.00 are equal and do not imply the same range."""
    number, exponent = scaled(text)
    # Half of the last digit to either side, in tenths of that digit.
    ends, exponent = (number * 10 - 5, number * 10 + 5, number * 10), exponent - 1
    known = unit(in_units) if in_units else None
    if known is None:
        low, high, exactly = (encode_scaled(each, exponent) for each in ends)
    else:
        times, over = 10 ** max(exponent, 0), 10 ** max(-exponent, 0)
        low, high, exactly = (encode_ratio(*known.ratio_to_base(each * times, over)) for each in ends)
    return low, high, exactly, after(exactly)


def _index_duration(name: str, code: str, value: Any, into: Collector) -> bool:
    """A duration in the parameter's own unit; a number without a known unit is taken as it is."""
    number = read(value.get("value")) if isinstance(value, dict) else None
    if number is None:
        return False
    wanted, given = unit(code), unit(value["code"]) if isinstance(value.get("code"), str) else None
    comparable = wanted and given and given.dimensions == wanted.dimensions and value.get("system") in {None, *SYSTEMS}
    if comparable and wanted and given and given != wanted:
        low, high, exactly = (wanted.from_base(given.to_base(Fraction(each))) for each in (*implicit(number), number))
        into.ranges.append(Range(name, encode(low), encode(high), encode(exactly), after(encode(exactly))))
    else:
        into.ranges.append(measured(name, number))
    return True


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    prefix, rest = cut(unescape(text))
    alternatives = limits_of(prefix, asked(parameter, rest))
    return any_of(tuple(InRange(parameter.key, limits) for limits in alternatives))


def asked(parameter: Parameter, text: str) -> Decimal:
    """Raises BadRequest for a text that is not a number."""
    try:
        # Decimal() also takes underscores, spaces, words and other alphabets' digits.
        allowed = text.isascii() and 0 < len(text) <= _TEXT_LIMIT and not set(text) - set("+-.0123456789eE")
        number = Decimal(text) if allowed else None
    except InvalidOperation:
        number = None
    if number is None or abs(number.adjusted()) > _SIZE_LIMIT:
        refuse(parameter, "needs a number such as 5.40 or 1e2")
    return number


def limits_of(prefix: Prefix, number: Decimal, convert: Conversion | None = None) -> Alternatives:
    """What a search value asks of a range."""

    def text(value: Decimal) -> str:
        return encode(convert(Fraction(value)) if convert else value)

    low, high = implicit(number)
    match prefix:
        case "eq":
            return within(text(low), text(high))
        case "ne":
            return outside(text(low), text(high))
        case "ap":
            slack = abs(Fraction(number)) / 10
            bounds = (min(Fraction(low), Fraction(number) - slack), max(Fraction(high), Fraction(number) + slack))
            low_text, high_text = (encode(convert(each) if convert else each) for each in bounds)
            return overlapping(low_text, high_text)
        case "gt":
            return ((Limit("most", ">", after(text(number))),),)
        case "lt":
            return ((Limit("least", "<", text(number)),),)
        case "ge":
            return ((Limit("most", ">", text(number)),),)
        case "le":
            return ((Limit("least", "<", after(text(number))),),)
        case "sa":
            return ((Limit("low", ">=", after(text(number))),),)
        case "eb":
            return ((Limit("high", "<=", text(number)),),)


def open_range(name: str, low: str | None, high: str | None) -> Range:
    """A range with explicit limits; None is no limit."""
    low, high = low or MINIMUM, high or MAXIMUM
    return Range(name, low, high, low, high)


def present(key: str) -> Filter:
    return any_of((HasKey((f"{key}!",)), InRange(key)))


def order(parameter: Parameter, descending: bool) -> ByRange:
    return ByRange(parameter.key, "least", "most", descending)
