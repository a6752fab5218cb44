"""When results were issued, where only the day is told of when they were made: what that adds, or takes away."""

from __future__ import annotations

from fhirstore.unified.agreement import UNKNOWN, Comparison, Likeness
from fhirstore.unified.facts import Stated, Trait
from fhirstore.unified.moments import Moment, hours_after, moment_of
from fhirstore.unified.reading import Document

ISSUED = "issued"
_SOON, _MINUTE = 1.0, 1 / 60
"""In hours. What is issued within one was hardly made a second time."""


def issue_of(document: Document, name: str = ISSUED) -> list[tuple[str, Trait]]:
    """The trait that says when a result was issued, as a list that may be empty."""
    found = moment_of(document, name)
    return [(ISSUED, found)] if found is not None else []


def by_issue(found: Comparison, a: Stated, b: Stated, *, soon: bool) -> Comparison:
    """A comparison by the day, doubted or confirmed by the times of issue.

    What was issued before the other was made is another. `soon` for what is issued when it is made: then an hour
    between the two confirms, and more leaves them apart.
    """
    between = [hours_after(_issued(a), b.moment), hours_after(_issued(b), a.moment)]
    after = [hours for hours in between if hours is not None]
    if any(hours < -_MINUTE for hours in after):
        return UNKNOWN
    apart = hours_after(_issued(a), _issued(b))
    gaps = after if apart is None else [*after, abs(apart)]
    if not soon or not gaps:
        return found
    if min(gaps) > _SOON:
        return UNKNOWN
    return Comparison(Likeness.FAIR, f"{found.words}, issued within the hour")


def _issued(stated: Stated) -> Moment | None:
    found = stated.trait(ISSUED)
    return found if isinstance(found, Moment) else None
