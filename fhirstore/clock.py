"""Time as the store keeps it: whole milliseconds since 1970 in UTC, and its two written forms."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

Clock = Callable[[], int]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def instant(moment: int) -> str:
    """A FHIR instant: 2015-02-07T13:28:17.239Z."""
    seconds, milliseconds = divmod(moment, 1000)
    return f"{_second(seconds)}.{milliseconds:03}Z"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def http_date(moment: int) -> str:
    """A date for Last-Modified and its kin, to the second (RFC 9110 §5.6.7)."""
    return _http_date(moment // 1000)


@lru_cache(maxsize=4096)  # what is read together was mostly written together
def _http_date(seconds: int) -> str:
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(seconds)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


def parse_http_date(text: str) -> int | None:
    """Milliseconds since 1970, or None for what is no date: RFC 9110 §13.1.3 ignores such a header."""
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except (TypeError, ValueError, OverflowError):
        return None
