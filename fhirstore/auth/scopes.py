"""The words of a scope: which are known, which say more than others.

http://docs.smarthealthit.org/authorization/scopes-and-launch-context, in the form that goes with DSTU2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fhirstore.dstu2.catalog import is_resource_type

OFFLINE, OPENID, LAUNCH, LAUNCH_PATIENT = "offline_access", "openid", "launch", "launch/patient"
SIGNING = (OPENID, "fhirUser", "profile", LAUNCH, LAUNCH_PATIENT, OFFLINE)
"""Words about the signing in; they open nothing of a record."""

SUPPORTED = (*SIGNING, *(f"{whose}/*.{verb}" for whose in ("patient", "user") for verb in ("read", "write", "*")))
"""What the metadata names; instead of `*` stands any type of resource."""

_CONTEXTS, _VERBS = frozenset({"patient", "user"}), frozenset({"read", "write", "*"})
_LENGTH_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Access:
    """A word that opens something: resources of one type or all ("*"), to read, to write, or both ("*")."""

    context: str
    type: str
    verb: str

    def covers(self, other: Access) -> bool:
        """Whether it opens all that the other does. All of a user's record includes each patient's part of it."""
        return (
            self.context in {"user", other.context}
            and self.type in {"*", other.type}
            and self.verb in {"*", other.verb}
        )


def access(word: str) -> Access | None:
    """What a word opens; None for those that open nothing. 1upHealth's `user` is `user/*.*`."""
    context, _, rest = ("user", "/", "*.*") if word == "user" else word.partition("/")
    type, _, verb = rest.partition(".")
    if context not in _CONTEXTS or verb not in _VERBS or not (type == "*" or is_resource_type(type)):
        return None
    return Access(context, type, verb)


def known(scope: str) -> str:
    """A scope without the words that mean nothing here, and without repetitions; "" where nothing is left."""
    words = dict.fromkeys(scope[:_LENGTH_LIMIT].split())
    return " ".join(word for word in words if word in SIGNING or access(word) is not None)


def covers(wide: str, narrow: str) -> bool:
    """Whether a scope allows all that another one does, by what their words mean."""
    words = set(wide.split())
    opening = [found for word in words if (found := access(word)) is not None]
    return all(_is_covered(word, words, opening) for word in narrow.split())


def is_about_a_patient(scope: str) -> bool:
    """Whether somebody must say which Patient it is about."""
    return any(_needs_a_patient(word) for word in scope.split())


def without_patient(scope: str) -> str:
    """What is left of a scope where there is no Patient that it could be about."""
    return " ".join(word for word in scope.split() if not _needs_a_patient(word))


def opens_something(scope: str) -> bool:
    return any(access(word) is not None for word in scope.split())


def only(scope: str, chosen: Iterable[str]) -> str:
    """The words of a scope that were chosen of it, in its order."""
    wanted = set(chosen)
    return " ".join(word for word in scope.split() if word in wanted)


def _needs_a_patient(word: str) -> bool:
    return word in {LAUNCH, LAUNCH_PATIENT} or word.startswith("patient/")


def _is_covered(word: str, words: set[str], opening: list[Access]) -> bool:
    asked = access(word)
    if asked is None:
        return word in words
    if asked.verb == "*":
        each = [Access(asked.context, asked.type, verb) for verb in ("read", "write")]
        return all(any(found.covers(part) for found in opening) for part in each)
    return any(found.covers(asked) for found in opening)
