"""What nobody can decide: tellings that fit another event of the life as well as the one that they tell.

A day where there were two doses, no date for an illness that came twice: the truth is known here and not there. A pair
with such a telling may be found, by what the rest of the record says, but it cannot be asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from lives.life import Event, Life
from lives.vocabulary import OFTEN, UNITS, VAGUE

Document = Mapping[str, Any]

_NAMED_ALONE = frozenset({"Patient", "Practitioner", "Organization", "AllergyIntolerance", "FamilyMemberHistory"})
"""Kinds that are told apart without a time."""

_AGAIN = frozenset({"MedicationOrder", "MedicationDispense", "CarePlan"})
"""Kinds that come again as a rule, so that a reader cannot take it that there was one."""

_WHENS = (
    "effectiveDateTime",
    "effectiveTimeDateTime",
    "onsetDateTime",
    "performedDateTime",
    "dateWritten",
    "whenHandedOver",
    "created",
    "effectivePeriod",
    "period",
    "date",
)


def is_open(document: Document, event: Event, life: Life, part: str = "") -> bool:
    """Whether what is written leaves it open which of several events is meant, or which thing a name names.

    `part` names what is told of the event, "" for all of it.
    """
    if not VAGUE.isdisjoint(_names(document)):
        return True
    if event.kind in _NAMED_ALONE:
        return False
    written = _written(document)
    if _needs_the_hour(event) and ("T" not in written or "T00:00:00" in written):
        return True
    if not written and event.kind in _AGAIN:
        return True
    if "T" in written and "T00:00:00" not in written:
        return False
    return any(_fits(written, other) for other in life.events if other is not event and _is_like(event, other, part))


def _needs_the_hour(event: Event) -> bool:
    """Of doses, and of notes that are written several times a day, a reader does not take it that there was one."""
    often = event.kind == "DocumentReference" and event.what in OFTEN
    return often or event.kind == "MedicationAdministration"


def _names(document: Any) -> Iterator[str]:
    """The displays and texts of all concepts in a document."""
    values = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for value in values:
        yield from _names(value)
    if isinstance(document, dict):
        yield from (document[name] for name in ("display", "text") if isinstance(document.get(name), str))


def _written(document: Document) -> str:
    found = next((document[name] for name in _WHENS if name in document), "")
    return str(found.get("start", "") if isinstance(found, dict) else found)


def _is_like(event: Event, other: Event, part: str) -> bool:
    """Whether two events are worded the same but for their times."""
    alike = (event.kind, event.role, event.what) == (other.kind, other.role, other.what)
    return alike and _said(event, part) == _said(other, part)


def _said(event: Event, part: str) -> object:
    more = event.more
    if part:
        return more[part]
    if "value" in more:
        return round(more["value"], UNITS[event.what][0][2])
    return [more.get(name) for name in ("strength", "high", "low", "answer")]


def _fits(written: str, other: Event) -> bool:
    days = {other.at.date(), other.at.astimezone(UTC).date()}
    if "T" in written:
        days &= {date.fromisoformat(written[:10]), datetime.fromisoformat(written).astimezone(UTC).date()}
        return bool(days)
    return any(day.isoformat().startswith(written) for day in days)
