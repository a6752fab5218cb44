"""When something was: the interval that a date leaves open, and the same on the clock of the place.

http://hl7.org/fhir/DSTU2/datatypes.html#dateTime. Systems lose or mistake time zones, so that a moment is compared by
its instant and by its local time.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Any

import msgspec

from fhirstore.search.kinds.date import interval
from fhirstore.unified.reading import chosen, part, text

_ZONE = re.compile(r"(?:Z|[+\-]\d\d:\d\d)$", re.ASCII)
_SECOND = 1_000_000
_MINUTE, _DAY = 60 * _SECOND, 86_400 * _SECOND


class Timing(IntEnum):
    """How two moments agree: the same instant, the same local time, the same day, one within the other, or not."""

    DIFFERENT = -1
    UNKNOWN = 0
    WITHIN = 1
    DAY = 2
    LOCAL = 3
    INSTANT = 4


class Moment(msgspec.Struct, frozen=True, gc=False):
    """[low, high) in microseconds since 1970, UTC, and the same as if the local time were UTC; `zone` as written."""

    low: int
    high: int
    local_low: int
    local_high: int
    zone: str = ""

    @property
    def timed(self) -> bool:
        """Whether more than the day is known."""
        return self.high - self.low < _DAY

    @property
    def dated(self) -> bool:
        return self.high - self.low <= _DAY

    @property
    def days(self) -> tuple[int, ...]:
        """The days since 1970 that this may be taken for: here, and in UTC."""
        here, there = self.local_low // _DAY, self.low // _DAY
        return (here,) if here == there else (here, there)


@lru_cache(maxsize=16384)
def moment(written: str) -> Moment | None:
    """The moment of a date, dateTime or instant, None where it is none. A full minute is known no better."""
    found = interval(written)
    if found is None:
        return None
    low, high = found
    zone = _ZONE.search(written)
    if "T" not in written or zone is None:
        return Moment(low, high, low, high)
    if high - low == _SECOND and low % _MINUTE == 0:
        high = low + _MINUTE
    local = interval(written[: zone.start()])
    shift = local[0] - low if local else 0
    return Moment(low, high, low + shift, high + shift, zone.group())


def moment_of(document: Any, *names: str) -> Moment | None:
    """The first of several elements that says when; of a period its start, or else its end."""
    for name in names:
        for written in _written(document, name):
            found = moment(written)
            if found is not None:
                return found
    return None


def _written(document: Any, name: str) -> tuple[str, ...]:
    plain = text(document, name)
    if plain:
        return (plain,)
    period = part(document, name)
    if not period:
        type_, value = chosen(document, name)
        if type_ in {"DateTime", "Date", "Instant"} and isinstance(value, str):
            return (value,)
        period = value if type_ == "Period" and isinstance(value, dict) else period
    return (text(period, "start"), text(period, "end")) if period else ()


def date_of(document: Any, *names: str) -> Moment | None:
    """As `moment_of`, for what is not done by the hour: a time of midnight is how systems write the day they know."""
    return day_if_midnight(moment_of(document, *names))


def day_of(moment: Moment | None) -> Moment | None:
    """The day alone, where the hour says nothing: of what is done once a day, or was written down some time after."""
    if moment is None or not moment.timed:
        return moment
    low, local = moment.low // _DAY * _DAY, moment.local_low // _DAY * _DAY
    return Moment(low, low + _DAY, local, local + _DAY)


def day_if_midnight(moment: Moment | None) -> Moment | None:
    """The day alone, where the time is its first second."""
    if moment is None or not is_midnight(moment):
        return moment
    midnight = moment.local_low if moment.local_low % _DAY == 0 else moment.low
    return Moment(midnight, midnight + _DAY, midnight, midnight + _DAY)


def is_midnight(moment: Moment | None) -> bool:
    """Whether a time is the first second of a day, here or in UTC."""
    return moment is not None and moment.timed and (moment.local_low % _DAY == 0 or moment.low % _DAY == 0)


def hours_after(one: Moment | None, other: Moment | None) -> float | None:
    """By how many hours one moment is later than the other, None where either is not known by the hour."""
    if one is None or other is None or not (one.timed and other.timed):
        return None
    return (one.low - other.low) / (60 * _MINUTE)


def timing(one: Moment | None, other: Moment | None) -> Timing:
    if one is None or other is None:
        return Timing.UNKNOWN
    if one.timed and other.timed:
        if one.low < other.high and other.low < one.high:
            return Timing.INSTANT
        same_local = one.local_low < other.local_high and other.local_low < one.local_high
        return Timing.LOCAL if same_local and one.zone != other.zone else Timing.DIFFERENT
    if one.dated and other.dated:
        return Timing.DAY if set(one.days) & set(other.days) else Timing.DIFFERENT
    wide, narrow = (one, other) if one.high - one.low >= other.high - other.low else (other, one)
    inside = wide.low <= narrow.local_low < wide.high or wide.low <= narrow.low < wide.high
    return Timing.WITHIN if inside else Timing.DIFFERENT


def month(microseconds: int) -> int:
    """The month of the year, 1 to 12, nearly: for what changes with the seasons."""
    return int(microseconds // _DAY % 365.2425 // 30.44) % 12 + 1
