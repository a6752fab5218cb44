"""What part of a record a token opens: types of resources, all of them or those about one patient.

A scope is text, as OAuth has it; here it is understood, once for each token that is looked up. The forms are those of
SMART on FHIR for DSTU2 (http://docs.smarthealthit.org/authorization/scopes-and-launch-context), `patient/*.read`,
`user/Observation.write`, and 1upHealth's `user`, which is `user/*.*`. What a scope says besides (`launch/patient`,
`offline_access`, `openid`, `fhirUser`, `profile`) is about signing in, and opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Extent:
    """Resources of some types (None: all), in one Patient's compartment (its id; None: wherever they stand)."""

    types: frozenset[str] | None = None
    patient: str | None = None

    def has_type(self, type: str) -> bool:
        return self.types is None or type in self.types


Extents = tuple[Extent, ...]
"""What is in one of them is inside; in none: nothing is."""

WHOLE: Extents = (Extent(),)
NOTHING: Extents = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of one owner's record."""

    owner: int
    extents: Extents = WHOLE


@dataclass(frozen=True, slots=True)
class Opened:
    """What may be read, and what may be written."""

    readable: Extents = NOTHING
    writable: Extents = NOTHING


def opened(scope: str, patient: str | None) -> Opened:
    """What a token's scope opens: that of each of its words together.

    `patient` is the id of the Patient that the token is about; without one, `patient/…` opens nothing.
    """
    words = [found for word in scope.split() if (found := _word(word, patient)) is not None]
    return Opened(
        _joined(extent for extent, verb in words if verb != "write"),
        _joined(extent for extent, verb in words if verb != "read"),
    )


def is_about_a_patient(scope: str) -> bool:
    """Whether it depends on the patient what a scope opens."""
    return any(word.startswith("patient/") and _word(word, "") is not None for word in scope.split())


def about(extents: Extents, patient: str) -> Extents:
    """What of some extents is in one patient's compartment, where the extents are of that patient or of all."""
    return _joined(Extent(each.types, patient) for each in extents if each.patient in {None, patient})


def joined(parts: Iterable[Extents]) -> Extents:
    """What is in any of some extents."""
    return _joined(extent for part in parts for extent in part)


def has_type(extents: Extents, type: str) -> bool:
    """Whether anything of a type may be inside; of type "", anything at all."""
    if not type:
        return bool(extents)
    for extent in extents:  # noqa: SIM110 - every request asks this: a generator would cost more than the answer
        if extent.types is None or type in extent.types:
            return True
    return False


def includes(wide: Extents, narrow: Extents) -> bool:
    """Whether all that is inside of the second is surely inside of the first."""
    return all(
        any(
            each.has_type(type) if type else each.types is None for each in wide if each.patient in {None, part.patient}
        )
        for part in narrow
        for type in (part.types or {None})
    )


def _word(word: str, patient: str | None) -> tuple[Extent, str] | None:
    """One word of a scope: how far it reaches, and with which verb; None where it opens nothing."""
    context, slash, rest = ("user", "/", "*.*") if word == "user" else word.partition("/")
    type, dot, verb = rest.partition(".")
    if not slash or not dot or not type or verb not in {"read", "write", "*"}:
        return None
    types = None if type == "*" else frozenset({type})
    if context == "user":
        return Extent(types), verb
    return (Extent(types, patient), verb) if context == "patient" and patient is not None else None


def _joined(extents: Iterable[Extent]) -> Extents:
    """The same in as few parts as possible: one for each patient, and one for all."""
    types: dict[str | None, frozenset[str] | None] = {}
    for extent in extents:
        before = types.get(extent.patient, frozenset())
        types[extent.patient] = None if before is None or extent.types is None else before | extent.types
    if None in types and types[None] is None:
        return WHOLE
    return tuple(Extent(each, patient) for patient, each in types.items())
