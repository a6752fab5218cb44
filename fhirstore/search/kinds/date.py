"""Dates: every date is the interval that its precision leaves open, in microseconds since 1970, UTC.

http://hl7.org/fhir/DSTU2/search.html#date. What has no time zone is read as UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from fhirstore.search.context import Context
from fhirstore.search.entries import Collector, Index, Range
from fhirstore.search.parameters import Parameter, refuse
from fhirstore.search.plan import ByRange, Filter, HasKey, InRange, Updated, any_of
from fhirstore.search.prefixes import Alternatives, cut, of_interval
from fhirstore.search.separators import unescape

Interval = tuple[int, int]

BEGINNING, END = -(2**62), 2**62

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+\- ]\d\d:\d\d)?)?)?)?", re.ASCII
)
_WRITTEN = frozenset({"date", "dateTime", "instant"})
_SECOND_IN_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?", re.ASCII)
_LENGTH_LIMIT = 64
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_EPOCH = date(1970, 1, 1).toordinal()


def interval(text: str) -> Interval | None:
    """[low, high) of a date, dateTime or instant of any precision; None where it is none."""
    return _interval(text) if len(text) <= _LENGTH_LIMIT else None


@lru_cache(maxsize=8192)
def _interval(text: str) -> Interval | None:
    """Remembered, for a resource's date is asked for by its parameter, by its moment and by its composites."""
    usual = _second_in_utc(text)
    if usual is not None:
        return usual
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        start, width = _days(int(year), int(month or 0), int(day or 0))
    except ValueError:
        return None
    if hour is None:
        return start, start + width
    clock = _clock(int(hour), int(minute), int(second or 0))
    if clock is None:
        return None
    low = start + clock - _offset(zone)
    if second is None:
        return low, low + 60 * _SECOND
    if fraction is None:
        return low, low + _SECOND
    low += int(fraction[:6].ljust(6, "0"))
    return low, low + 10 ** max(6 - len(fraction), 0)


def _second_in_utc(text: str) -> Interval | None:
    """How nearly every moment is written; None for other forms, and for leap seconds and the end of a day."""
    if _SECOND_IN_UTC.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text[:19])
    except ValueError:
        return None
    seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second
    low = (moment.toordinal() - _EPOCH) * _DAY + seconds * _SECOND
    return low, low + _SECOND


def _days(year: int, month: int, day: int) -> Interval:
    """Start and width of a year, month or day. Raises ValueError for one that the calendar does not have."""
    start = date(year, month or 1, day or 1).toordinal()
    if day:
        after = start + 1
    elif month:
        after = date(year, month + 1, 1).toordinal() if month < 12 else date(year, 12, 31).toordinal() + 1
    else:
        after = date(year, 12, 31).toordinal() + 1
    return (start - _EPOCH) * _DAY, (after - start) * _DAY


def _clock(hour: int, minute: int, second: int) -> int | None:
    """Midnight may be 24:00 of the day before, and a minute may have a leap second."""
    if hour > 24 or (hour == 24 and (minute or second)) or minute > 59 or second > 60:
        return None
    return ((hour * 60 + minute) * 60 + second) * _SECOND


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    # A "+" that was not escaped in a URL arrives as a space.
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 60 + int(zone[4:6])) * 60 * _SECOND


def intervals(value: Any, type_: str) -> list[Interval]:
    """The intervals of a value; a Period open on one side reaches to the end of time there."""
    if type_ in _WRITTEN:
        found = interval(value) if isinstance(value, str) else None
        return [found] if found else []
    if not isinstance(value, dict):
        return []
    if type_ == "Period":
        found = _period(value)
    elif type_ == "Timing":
        found = _timing(value)
    else:
        found = None
    return [found] if found else []


def _period(value: dict[str, Any]) -> Interval | None:
    start, end = value.get("start"), value.get("end")
    first = interval(start) if isinstance(start, str) else None
    last = interval(end) if isinstance(end, str) else None
    if first is None and last is None:
        return None
    low, high = first[0] if first else BEGINNING, last[1] if last else END
    return (low, high) if low < high else None


def _timing(value: dict[str, Any]) -> Interval | None:
    """The outer limits of a schedule: of its events and its bounding period."""
    events, repeat = value.get("event"), value.get("repeat")
    found = [each for event in events for each in intervals(event, "dateTime")] if isinstance(events, list) else []
    bounds = repeat.get("boundsPeriod") if isinstance(repeat, dict) else None
    if isinstance(bounds, dict) and (period := _period(bounds)):
        found.append(period)
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None


def indexer(parameter: Parameter, type_: str) -> Index:
    name = parameter.key
    if type_ not in _WRITTEN:
        return lambda value, into: index_as(name, value, type_, into)

    def index(value: Any, into: Collector) -> bool:
        found = interval(value) if type(value) is str else None
        if found is None:
            return False
        into.ranges.append(Range(name, *found))
        return True

    return index


def index_as(name: str, value: Any, type_: str, into: Collector) -> bool:
    """Make a value's ranges under a name."""
    found = intervals(value, type_)
    into.ranges += [Range(name, low, high) for low, high in found]
    return bool(found)


def compile(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    return any_of(tuple(InRange(parameter.key, limits) for limits in limits_of(parameter, text, context)))


def limits_of(parameter: Parameter, text: str, context: Context) -> Alternatives:
    """What a search value asks of an interval."""
    prefix, rest = cut(unescape(text))
    low, high = interval(rest) or refuse(parameter, "needs a date such as 2015-02-07 or 2015-02-07T13:28:17Z")
    if prefix == "ap":
        # 10 % of the gap between now and the date, as the specification recommends.
        slack = max(low - context.now, context.now - high, 0) // 10
        low, high = low - slack, high + slack
    return of_interval(prefix, low, high)


def updated(parameter: Parameter, modifier: str | None, text: str, context: Context) -> Filter:
    """`_lastUpdated`: stores know it to the millisecond, which is the width of every target."""
    width = 1000
    moments = []
    for limits in limits_of(parameter, text, context):
        from_, before = BEGINNING, END
        for limit in limits:
            assert isinstance(limit.value, int)
            value = limit.value - (width if limit.column == "high" else 0)
            if limit.operator in {"<", "<="}:
                before = min(before, value + (limit.operator == "<="))
            else:
                from_ = max(from_, value + (limit.operator == ">"))
        # In whole milliseconds, u >= v/1000 and u < v/1000 are both decided by v/1000 rounded up.
        moments.append((-(-from_ // 1000) if from_ > BEGINNING else BEGINNING, -(-before // 1000)))
    return any_of(tuple(_between(*each) for each in _joined(moments)))


def _joined(moments: Iterable[Interval]) -> list[Interval]:
    """The same as few: "at this moment" and "later" are "from this moment on", by which an index is entered."""
    joined: list[Interval] = []
    for low, high in sorted(moments):
        if joined and low <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], high)
        else:
            joined.append((low, high))
    return joined


def _between(from_: int, before: int) -> Updated:
    return Updated(None if from_ == BEGINNING else from_, None if before >= END // 1000 else before)


def present(key: str) -> Filter:
    return any_of((HasKey((f"{key}!",)), InRange(key)))


def order(parameter: Parameter, descending: bool) -> ByRange:
    return ByRange(parameter.key, "low", "high", descending)
