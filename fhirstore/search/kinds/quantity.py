"""Quantities: numbers with units, compared as written and, where UCUM knows the unit, across units.

http://hl7.org/fhir/DSTU2/search.html#quantity. One quantity has up to three ranges: its number ("name"), its number
in the unit as written ("name|system|code|unit"), and its value in base units ("name^g.m-3").
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from fhirstore.dstu2.codings import LENGTH_LIMIT, REMEMBERED
from fhirstore.search.context import Context
from fhirstore.search.decimals import after
from fhirstore.search.entries import Collector, Index, Range, escape
from fhirstore.search.kinds import number
from fhirstore.search.matching import Side, UnitIs
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import ByRange, Filter, HasKey, InRange, RangeScan, any_of
from fhirstore.search.prefixes import cut
from fhirstore.search.separators import split, unescape
from fhirstore.search.ucum import SYSTEMS, Unit, unit

_SAMPLES_LIMIT = 100_000


def indexer(parameter: Parameter, type_: str) -> Index:
    name = parameter.key
    return lambda value, into: index_as(name, value, type_, into)


def index_as(name: str, value: Any, type_: str, into: Collector) -> bool:
    """Make a value's ranges under a name."""
    if type(value) is not dict:
        return False
    if type_ != "Quantity":
        return type_ == "SampledData" and _index_samples(name, value, into)
    amount = number.read(value.get("value"))
    if amount is None:
        return False
    system, code, written = value.get("system"), value.get("code"), value.get("unit")
    if not (type(system) is type(code) is type(written) is str):
        system, code, written = _text(system), _text(code), _text(written)
    comparator = _text(value["comparator"]) if "comparator" in value else ""
    # By its text, because 1.0 and 1.00 are equal and do not imply the same range.
    known = len(system) + len(code) + len(written) <= LENGTH_LIMIT
    into.ranges += (_ranges if known else _ranges.__wrapped__)(name, str(amount), comparator, system, code, written)
    return True


@lru_cache(maxsize=REMEMBERED)
def _ranges(name: str, amount: str, comparator: str, system: str, code: str, text: str) -> tuple[Range, ...]:
    """What is measured in health is often the same: a pulse of 72 in beats a minute."""
    plain = number.bounds(amount)
    found = [Range(each, *plain) for each in _names(name, system, code, text)]
    canonical = unit(code) if system in SYSTEMS else None
    if canonical:
        found.append(Range(f"{name}^{canonical.base}", *number.bounds(amount, code)))
    return tuple([_compared(each, comparator) for each in found] if comparator else found)


def _names(name: str, system: str, code: str, text: str) -> list[str]:
    written = f"{name}|{escape(system)}|{escape(code)}|{escape(text)}"
    return [name, written] if code or text or system else [name]


def _text(value: Any) -> str:
    return value if type(value) is str else ""


def _canonical(value: dict[str, Any]) -> Unit | None:
    return unit(_text(value.get("code"))) if _text(value.get("system")) in SYSTEMS else None


def _compared(range_: Range, comparator: str) -> Range:
    """A quantity that is only known to be below or above its number reaches to the end of numbers there."""
    exactly, name = str(range_.least), range_.name
    match comparator:
        case "<":
            return number.open_range(name, None, exactly)
        case "<=":
            return number.open_range(name, None, after(exactly))
        case ">":
            return number.open_range(name, after(exactly), None)
        case ">=":
            return number.open_range(name, exactly, None)
    return range_


def _index_samples(name: str, value: dict[str, Any], into: Collector) -> bool:
    """Sampled data are searched by the bounds of their values."""
    origin, bounds = value.get("origin"), samples(value)
    if not isinstance(origin, dict) or bounds is None:
        return False
    low, high = bounds
    system, code, text = (_text(origin.get(each)) for each in ("system", "code", "unit"))
    for each in _names(name, system, code, text):
        into.ranges.append(_spanning(number.measured(each, low), number.measured(each, high)))
    canonical = _canonical(origin)
    if canonical:
        each = f"{name}^{canonical.base}"
        ends = (number.measured(each, bound, origin["code"]) for bound in (low, high))
        into.ranges.append(_spanning(*ends))
    return True


def _spanning(first: Range, last: Range) -> Range:
    return Range(first.name, str(first.least), str(last.most), first.least, last.most)


def samples(value: dict[str, Any]) -> tuple[Decimal, Decimal] | None:
    """The smallest and the greatest value of sampled data, in the unit of their origin."""
    origin, data = value.get("origin"), value.get("data")
    zero = number.read(origin.get("value")) if isinstance(origin, dict) else None
    factor = number.read(value.get("factor", 1))
    if zero is None or factor is None or not isinstance(data, str):
        return None
    found = [each for each in (_sample(text) for text in data[:_SAMPLES_LIMIT].split()) if each is not None]
    try:
        values = [Decimal(zero) + each * factor for each in found]
    except InvalidOperation:
        return None
    return (min(values), max(values)) if values else None


def _sample(text: str) -> Decimal | None:
    """A sample; "E", "U" and "L" stand for readings that failed or fell outside the limits."""
    if len(text) > 40 or set(text) - set("+-.0123456789"):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    return compile_as(parameter, parameter.key, None, text)


def compile_as(parameter: Parameter, name: str, left: Side | None, text: str) -> Filter:
    """A search value's filter over the ranges of a name.

    With `left`, names are those of a composite: `name`, then a token that `left` accepts, then "$".
    """
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) not in {1, 3}:
        refuse(parameter, "needs a value of the form [number] or [number]|[system]|[code]")
    prefix, rest = cut(parts[0])
    amount = number.asked(parameter, rest)
    system, code = (parts[1], parts[2]) if len(parts) == 3 else ("", "")
    known = unit(code) if system in SYSTEMS else None
    alternatives = number.limits_of(prefix, amount, known.to_base if known else None)
    half = _unit_half(system, code, known)
    if left is not None and left.exacts is None:
        return any_of(tuple(RangeScan(name, half.of(name, left), limits) for limits in alternatives))
    names = [name] if left is None or left.exacts is None else [f"{name}{each}$" for each in left.exacts]
    if half.written or half.beginning:
        scans = (RangeScan(f"{each}|", half.of(each), limits) for each in names for limits in alternatives)
        return any_of(tuple(scans))
    return any_of(tuple(InRange(f"{each}{half.unit}", limits) for each in names for limits in alternatives))


def _unit_half(system: str, code: str, known: Unit | None) -> UnitIs:
    if known:
        return UnitIs("", f"^{known.base}")
    if not system and not code:
        return UnitIs("")
    if system:
        unit_half = f"|{escape(system)}|{escape(code)}|" if code else f"|{escape(system)}|"
        return UnitIs("", unit_half, beginning=True)
    return UnitIs("", escape(code), written=True)


def present(key: str) -> Filter:
    return any_of((HasKey((f"{key}!",)), InRange(key)))


def order(parameter: Parameter, descending: bool) -> ByRange:
    return ByRange(parameter.key, "least", "most", descending)
