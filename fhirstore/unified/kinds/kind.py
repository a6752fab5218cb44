"""What every type of resource needs to be unified: how to read it, what to look for near it, how to compare two."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fhirstore.unified.agreement import CONTRARY, UNKNOWN, Agreement, Comparison, Likeness
from fhirstore.unified.concepts import agreement
from fhirstore.unified.facts import Fact, Resolve, Stated, contradict
from fhirstore.unified.moments import Timing, timing
from fhirstore.unified.reading import Document, part, reference, text

Likenesses = dict[Timing, Likeness]

TIMED: Likenesses = {
    Timing.INSTANT: Likeness.STRONG,
    Timing.LOCAL: Likeness.FAIR,
    Timing.DAY: Likeness.WEAK,
}
"""For what may happen several times a day: where only the day is known, some doubt remains."""

DAILY: Likenesses = {
    Timing.INSTANT: Likeness.STRONG,
    Timing.LOCAL: Likeness.STRONG,
    Timing.DAY: Likeness.FAIR,
    Timing.WITHIN: Likeness.WEAK,
}
"""For what happens once a day at most, and is often dated by month or year."""

HOURLY: Likenesses = {**TIMED, Timing.DAY: Likeness.FAINT}
"""For what is given several times a day, where to take two for one is a danger: the day alone says nothing."""

SELDOM: Likenesses = {**DAILY, Timing.UNKNOWN: Likeness.WEAK}
"""For what happens so seldom that one of it without a date is likely to be the one that has one."""

_TIMES = {
    Timing.INSTANT: "at the same time",
    Timing.LOCAL: "at the same local time",
    Timing.DAY: "on the same day",
    Timing.WITHIN: "at the same time as far as both know it",
    Timing.UNKNOWN: "as one does not say when",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """`read` takes a document apart; `compare` is symmetric; facts without a common key of `keys` are never compared.

    What `repeats` may be so several times a day: that two tell it of the same day does not make them one. What is
    done by the hour (`hourly`) is done at midnight too; of all else, midnight is how systems write the day they know.
    """

    read: Callable[[Document, Resolve], Stated]
    compare: Callable[[Fact, Fact], Comparison]
    keys: Callable[[Stated], Iterable[str]]
    repeats: bool = False
    hourly: bool = False


def subject_of(document: Document) -> str:
    return reference(document, "patient") or reference(document, "subject")


def is_void(document: Document, name: str = "status") -> bool:
    return text(document, name) == "entered-in-error"


LOOSE = "@day "
_MINUTE = 60_000_000


def dated(stated: Stated) -> Iterable[str]:
    """Code and minute, here and in UTC, and code and day: for what is only the same when it was at the same time."""
    moment = stated.moment
    if moment is not None and moment.dated:
        for key in stated.code.keys:
            yield from (f"{key} {LOOSE}{day}" for day in moment.days)
            if moment.timed:
                yield from (f"{key} @{each // _MINUTE}" for each in {moment.low, moment.local_low})


def is_loose(key: str) -> bool:
    """Whether a key brings together only what lacks a time with the rest: two that have one meet by the minute."""
    return LOOSE in key


def standing(stated: Stated) -> Iterable[str]:
    """The code, and the code with the day, so that among many of one code those of a day meet."""
    yield from stated.code.keys
    yield from dated(stated)


def happened(
    one: Fact, other: Fact, levels: Likenesses, *traits: str, what: str = "code", numbered_once: bool = True
) -> Comparison:
    """For events: the same code at the same time, with no trait that contradicts.

    A number that is not given once may be that of an order, under which the same was done at several times.
    """
    a, b = one.stated, other.stated
    same_code = agreement(a.code, b.code)
    if same_code is Agreement.DIFFERENT or contradict(a, b, *traits):
        return CONTRARY
    when = timing(a.moment, b.moment)
    if when is Timing.DIFFERENT and not numbered_once:
        return CONTRARY
    if one.identifiers & other.identifiers and same_code is not Agreement.UNLIKE:
        return identified(one, other)
    if when is Timing.DIFFERENT:
        return CONTRARY
    if same_code is not Agreement.EQUAL or when not in levels:
        return UNKNOWN
    return Comparison(levels[when], f"same {what}, {_TIMES[when]}")


def identified(one: Fact, other: Fact) -> Comparison:
    """Both carry an identifier that somebody assigned once."""
    system, _, value = min(one.identifiers & other.identifiers).partition("|")
    return Comparison(Likeness.CERTAIN, f"same identifier {value[:64]} of {system[:128]}")


def time_in_words(when: Timing) -> str:
    """How two moments agree, which must do so."""
    return _TIMES[when]


def label_of(document: Document, name: str) -> str:
    """The words that a concept is shown by."""
    value = part(document, name)
    if found := text(value, "text"):
        return found
    for coding in value.get("coding", ()) if isinstance(value.get("coding"), list) else ():
        if isinstance(coding, dict) and (found := text(coding, "display") or text(coding, "code")):
            return found
    return ""
