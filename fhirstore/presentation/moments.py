"""Dates and times as people write them: http://hl7.org/fhir/DSTU2/datatypes.html#dateTime.

The time of day stays the one that was written, on the clock of the place where it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fhirstore.search.kinds.date import interval
from fhirstore.search.moments import moment

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_WRITTEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)[^ ]*)?)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class When:
    """A date of any precision: `low` is its first microsecond since 1970, `text` what people read.

    `written` is the FHIR text, `day` its first ten characters for machines; `month` heads the part of a timeline
    that it stands in: a month, or for what is only known to the year, that year.
    """

    low: int
    written: str
    text: str
    month: str

    @property
    def day(self) -> str:
        return self.written[:10]

    @property
    def within_month(self) -> str:
        """The day alone, below the heading that names its month: "" where only the month is known."""
        parts = self.written[:10].split("-")
        return f"{int(parts[2])} {MONTHS[int(parts[1]) - 1]}" if len(parts) == 3 else ""


def when_of(document: Mapping[str, Any]) -> When | None:
    """When what a resource tells of took place or began."""
    found = moment(str(document.get("resourceType")), document)
    return _when(found[0][0], found[1]) if found else None


def read_when(text: Any) -> When | None:
    """A date, dateTime or instant; None where it is none."""
    found = interval(text) if isinstance(text, str) else None
    return _when(found[0], str(text)) if found else None


def date_words(text: Any) -> str:
    """7 February 2015, 13:28. What is no date is given back as it is."""
    if not isinstance(text, str):
        return ""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return text
    year, month, day, hour, minute = found.groups()
    if month is None:
        return year
    name = MONTHS[int(month) - 1] if 1 <= int(month) <= 12 else month
    words = f"{int(day)} {name} {year}" if day else f"{name} {year}"
    # Systems that know only the day write midnight.
    return f"{words}, {hour}:{minute}" if hour and (hour, minute) != ("00", "00") else words


def period_words(start: Any, end: Any) -> str:
    first, last = date_words(start), date_words(end)
    if first and last:
        if first == last:
            return first
        same_day = isinstance(start, str) and isinstance(end, str) and "T" in end and start[:10] == end[:10]
        return f"{first} to {end[11:16]}" if same_day else f"{first} to {last}"
    if first:
        return f"since {first}"
    return f"until {last}" if last else ""


def age_words(born: Any, today: date) -> str:
    """Whole years, and months for those under two; "" where the birth date is unknown or still to come."""
    found = interval(born) if isinstance(born, str) else None
    if found is None or len(str(born)) < 4:
        return ""
    birth = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=found[0])).date()
    months = (today.year - birth.year) * 12 + today.month - birth.month - (today.day < birth.day)
    if months < 0:
        return ""
    if len(str(born)) < 10:
        return f"about {months // 12} years"
    return _counted(months // 12, "year") if months >= 24 else _counted(months, "month")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _when(low: int, written: str) -> When:
    month = MONTHS[int(written[5:7]) - 1] + " " if len(written) > 4 else ""
    return When(low, written, date_words(written), month + written[:4])
