"""Dates, numbers and quantities compared as the specification defines the prefixes, in fractions and datetimes.

http://hl7.org/fhir/DSTU2/search.html#prefix
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.search.brute_paths import Value

NOW = datetime(2016, 1, 1, tzinfo=UTC)
UCUM = "http://unitsofmeasure.org"

_UNITS = {
    "g": ("g", Fraction(1), Fraction(0)),
    "mg": ("g", Fraction(1, 1000), Fraction(0)),
    "kg": ("g", Fraction(1000), Fraction(0)),
    "Cel": ("K", Fraction(1), Fraction("273.15")),
    "[degF]": ("K", Fraction(5, 9), Fraction("459.67")),
    "d": ("s", Fraction(86400), Fraction(0)),
    "h": ("s", Fraction(3600), Fraction(0)),
    "a": ("s", Fraction(31557600), Fraction(0)),
}


def split(text: str, separator: str) -> list[str]:
    parts, current, escaped = [], "", False
    for character in text:
        if escaped:
            current += character
            escaped = False
        elif character == "\\":
            current += character
            escaped = True
        elif character == separator:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def plain(text: str) -> str:
    for mark in ("\\", ",", "|", "$"):
        text = text.replace("\\" + mark, f"\0{ord(mark)}\0")
    for mark in ("\\", ",", "|", "$"):
        text = text.replace(f"\0{ord(mark)}\0", mark)
    return text


def moment(text: str) -> tuple[datetime, datetime]:
    """The interval that a date leaves open, in UTC."""
    if len(text) <= 10:
        year, *rest = [int(part) for part in text.split("-")]
        month, day = [*rest, 1, 1][:2]
        start = datetime(year, month, day, tzinfo=UTC)
        if not rest:
            return start, datetime(year + 1, 1, 1, tzinfo=UTC)
        if len(rest) == 1:
            return start, datetime(year + rest[0] // 12, rest[0] % 12 + 1, 1, tzinfo=UTC)
        return start, start + timedelta(days=1)
    zoned = text if text.endswith("Z") or text[-6] in "+-" else text + "Z"
    start = datetime.fromisoformat(zoned).astimezone(UTC)
    clock = zoned[11:].rstrip("Z").split("+")[0].split("-")[0]
    if clock.count(":") == 1:
        return start, start + timedelta(minutes=1)
    fraction = clock.partition(".")[2]
    return start, start + timedelta(seconds=1) / 10 ** len(fraction)


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def moments(value: Value) -> list[tuple[datetime, datetime]]:
    held, kind = value
    if kind in {"date", "dateTime", "instant"}:
        return [moment(held)]
    if kind == "Period":
        if "start" not in held and "end" not in held:
            return []
        low = moment(held["start"])[0] if "start" in held else _FIRST
        high = moment(held["end"])[1] if "end" in held else _LAST
        return [(low, high)] if low < high else []
    if kind == "Timing":
        all_ = [moment(event) for event in held.get("event", [])]
        bounds = held.get("repeat", {}).get("boundsPeriod")
        all_ += moments((bounds, "Period")) if bounds else []
        return [(min(low for low, _ in all_), max(high for _, high in all_))] if all_ else []
    return []


def cut(text: str) -> tuple[str, str]:
    return (text[:2], text[2:]) if text[:2] in ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"] else ("eq", text)


def date(value: Value, text: str) -> bool:
    prefix, rest = cut(text)
    low, high = moment(rest)
    if prefix == "ap":
        gap = max(low - NOW, NOW - high, timedelta(0)) // 10
        low, high = low - gap, high + gap
    return any(_related(prefix, target, (low, high)) for target in moments(value))


def _related(prefix: str, target: tuple[datetime, datetime], search: tuple[datetime, datetime]) -> bool:
    """The prefixes as they are defined for ranges."""
    contained = search[0] <= target[0] and target[1] <= search[1]
    above, below = target[1] > search[1], target[0] < search[0]
    return {
        "eq": contained,
        "ne": not contained,
        "gt": above,
        "lt": below,
        "ge": above or contained,
        "le": below or contained,
        "sa": target[0] >= search[1],
        "eb": target[1] <= search[0],
        "ap": target[0] < search[1] and target[1] > search[0],
    }[prefix]


def precision(number: Decimal) -> Fraction:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return Fraction(10) ** exponent / 2


Interval = tuple[Fraction | None, Fraction | None, bool, bool]
"""Limits (None is none) and whether each belongs to it."""


def number(value: Decimal, text: str, *, exact: bool = False, comparator: str | None = None) -> bool:
    """One number against one search value without conversion."""
    prefix, rest = cut(text)
    return compare(prefix, Decimal(value), Decimal(rest), exact=exact, comparator=comparator)


def compare(
    prefix: str, target: Decimal, wanted: Decimal, *, exact: bool = False, comparator: str | None = None,
    target_unit: tuple[Fraction, Fraction] = (Fraction(1), Fraction(0)),
    unit: tuple[Fraction, Fraction] = (Fraction(1), Fraction(0)),
) -> bool:  # fmt: skip
    """Units are (factor, shift); base value = (value + shift) × factor."""

    def based(number: Fraction, scale: tuple[Fraction, Fraction]) -> Fraction:
        return (number + scale[1]) * scale[0]

    around = Fraction(0) if exact else precision(target)
    value = based(Fraction(target), target_unit)
    low, high = (based(Fraction(target) + each, target_unit) for each in (-around, around))
    x = Fraction(wanted)
    margin = max(precision(wanted), abs(x) / 10) if prefix == "ap" else precision(wanted)
    bottom, top, x = based(x - margin, unit), based(x + margin, unit), based(x, unit)
    infinite = Fraction(10) ** 60
    closed_low, closed_high = True, exact
    least, most = value, value
    least_in = most_in = True
    if comparator:
        low = least = -infinite if "<" in comparator else value
        high = most = infinite if ">" in comparator else value
        closed_low = least_in = "<" in comparator or "=" in comparator
        closed_high = most_in = ">" in comparator or "=" in comparator
    above_x = most > x
    below_x = least < x
    contained = bottom <= low and (high < top or (high == top and not closed_high))
    touches_top = low < top
    touches_bottom = high > bottom or (high == bottom and closed_high)
    return {
        "eq": contained,
        "ne": not contained,
        "gt": above_x,
        "lt": below_x,
        "ge": above_x or (most == x and most_in),
        "le": below_x or (least == x and least_in),
        "sa": low > x or (low == x and not closed_low),
        "eb": high < x or (high == x and not closed_high),
        "ap": touches_top and touches_bottom,
    }[prefix]


def quantity(value: Value, text: str) -> bool:
    held, kind = value
    if kind != "Quantity" or "value" not in held:
        return False
    parts = [plain(part) for part in split(text, "|")]
    prefix, rest = cut(parts[0])
    target, wanted, comparator = Decimal(held["value"]), Decimal(rest), held.get("comparator")
    if len(parts) == 1 or parts[1:] == ["", ""]:
        return compare(prefix, target, wanted, comparator=comparator)
    _, system, code = parts
    if system == UCUM and code in _UNITS:
        mine = _UNITS.get(held.get("code", "")) if held.get("system") == UCUM else None
        base, factor, shift = _UNITS[code]
        if mine is None or mine[0] != base:
            return False
        return compare(
            prefix, target, wanted, comparator=comparator, target_unit=(mine[1], mine[2]), unit=(factor, shift)
        )
    if system:
        same = held.get("system") == system and (not code or held.get("code") == code)
    else:
        same = code in {held.get("code"), held.get("unit")}
    return same and compare(prefix, target, wanted, comparator=comparator)


def number_of(value: Value, text: str, type_: str, name: str) -> bool:
    held, kind = value
    if kind != "Quantity":
        return number(held, text, exact=True)
    if "value" not in held:
        return False
    prefix, rest = cut(text)
    wanted = {"length": "d", "age": "a"}[name]
    mine = _UNITS.get(held.get("code", "")) if held.get("system") in {UCUM, None} else None
    ratio = mine[1] / _UNITS[wanted][1] if mine and mine[0] == "s" else Fraction(1)
    return compare(prefix, Decimal(held["value"]), Decimal(rest), target_unit=(ratio, Fraction(0)))
