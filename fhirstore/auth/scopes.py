"""The words of a scope as users are asked for them: which are known, which say more than others.

http://docs.smarthealthit.org/authorization/scopes-and-launch-context, in the form that goes with DSTU2. What they open
is told by `extents`.
"""

from __future__ import annotations

from collections.abc import Iterable

from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.extents import Extent, Extents, Opened, includes, opened

OFFLINE, OPENID, LAUNCH, LAUNCH_PATIENT = "offline_access", "openid", "launch", "launch/patient"
SIGNING = (OPENID, "fhirUser", "profile", LAUNCH, LAUNCH_PATIENT, OFFLINE)
"""Words about the signing in; they open nothing of a record."""

SUPPORTED = (*SIGNING, *(f"{whose}/*.{verb}" for whose in ("patient", "user") for verb in ("read", "write", "*")))
"""What the metadata names; instead of `*` stands any type of resource."""

_SOMEBODY = "patient"
"""An id to ask with what a scope opens, where it is all one about whom it is."""


def known(scope: str) -> str:
    """A scope without the words that mean nothing here, and without repetitions; "" where nothing is left."""
    words = dict.fromkeys(scope.split())
    return " ".join(word for word in words if word in SIGNING or _is_access(word))


def covers(wide: str, narrow: str) -> bool:
    """Whether a scope allows all that another one does, by what their words mean."""
    signing = set(narrow.split()) & set(SIGNING)
    given, asked = opens(wide), opens(narrow)
    return (
        signing <= set(wide.split())
        and includes(given.readable, asked.readable)
        and includes(given.writable, asked.writable)
    )


def overlaps(one: str, other: str) -> bool:
    """Whether something is allowed by both."""
    first, second = opens(one), opens(other)
    return (
        bool(set(one.split()) & set(other.split()))
        or _meet(first.readable, second.readable)
        or _meet(first.writable, second.writable)
    )


def opens(scope: str) -> Opened:
    """What it opens with somebody for its patient."""
    return opened(scope, _SOMEBODY)


def opens_something(scope: str) -> bool:
    return opens(scope) != Opened()


def is_about_a_patient(scope: str) -> bool:
    """Whether somebody must say which Patient it is about."""
    return any(_needs_a_patient(word) for word in scope.split())


def without_patient(scope: str) -> str:
    """What is left of a scope where there is no Patient that it could be about."""
    return " ".join(word for word in scope.split() if not _needs_a_patient(word))


def only(scope: str, chosen: Iterable[str]) -> str:
    """The words of a scope that were chosen of it, in its order."""
    wanted = set(chosen)
    return " ".join(word for word in scope.split() if word in wanted)


def without(scope: str, words: str) -> str:
    """The words of a scope that are not among those."""
    left_out = set(words.split())
    return " ".join(word for word in scope.split() if word not in left_out)


def of_whole_record(scope: str) -> str:
    """The words of a scope that open something, whoever it is about."""
    return " ".join(word for word in scope.split() if opened(word, None) != Opened())


def _needs_a_patient(word: str) -> bool:
    return word in {LAUNCH, LAUNCH_PATIENT} or word.startswith("patient/")


def _is_access(word: str) -> bool:
    found = opens(word)
    return found != Opened() and all(_is_real(extent) for extent in (*found.readable, *found.writable))


def _meet(one: Extents, other: Extents) -> bool:
    """Whether a resource may be inside of both, of one patient."""
    return any(
        first.types is None or second.types is None or bool(first.types & second.types)
        for first in one
        for second in other
    )


def _is_real(extent: Extent) -> bool:
    return extent.types is None or all(is_resource_type(type) for type in extent.types)
