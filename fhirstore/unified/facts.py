"""What a resource states, in a form that can be compared: the kind, whom it is about, what, when, how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from fhirstore.unified import amounts, concepts
from fhirstore.unified.agreement import Agreement
from fhirstore.unified.amounts import Amount
from fhirstore.unified.concepts import NONE, Concept
from fhirstore.unified.moments import Moment, Timing, timing

Trait = Concept | Amount | Moment | frozenset[str] | str | bool
LINKED = "linked"
"""The trait that holds the references to what a resource itself says to be the same."""

Resolve = Callable[[str], Mapping[str, Any] | None]
"""The resource that a reference points at, where it is at hand: contained, or fetched before."""


class Stated(msgspec.Struct, frozen=True, gc=False):
    """What a resource of one type says, by the words of that type.

    `values` are named: an observation's own under "", those of its parts under their codes' keys. `traits` are what
    else two statements are compared by. `about` is the reference to the patient, "" where there is none.
    """

    code: Concept = NONE
    moment: Moment | None = None
    values: tuple[tuple[Concept, Trait], ...] = ()
    traits: tuple[tuple[str, Trait], ...] = ()
    about: str = ""
    status: str = ""
    label: str = ""
    void: bool = False

    @property
    def said(self) -> tuple[object, ...]:
        """All that is compared, to tell whether two say the very same; () where nothing is said."""
        said = (self.code, self.moment, self.values, self.traits)
        return said if self.code or self.moment or self.values or self.traits else ()

    def trait(self, name: str) -> Trait | None:
        return next((value for each, value in self.traits if each == name), None)


class Fact(msgspec.Struct, frozen=True, gc=False):
    """A statement with where it comes from. `detail` counts its leaves: of equals, the fuller one is shown first.

    `person` is whom it is about, once that is known: the reference of one of the person's Patients.
    """

    kind: str
    reference: str
    source: str
    original: str
    stated: Stated
    identifiers: frozenset[str] = frozenset()
    updated: int = 0
    detail: int = 0
    person: str = ""


def agree(one: Trait | None, other: Trait | None) -> Agreement:
    """How two values of any sort stand to each other; UNKNOWN where one is missing."""
    if one is None or other is None:
        return Agreement.UNKNOWN
    if isinstance(one, Concept) and isinstance(other, Concept):
        return concepts.agreement(one, other)
    if isinstance(one, Amount) and isinstance(other, Amount):
        return amounts.agreement(one, other)
    if isinstance(one, Moment) and isinstance(other, Moment):
        return _of_moments(timing(one, other))
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        if not one or not other:
            return Agreement.UNKNOWN
        return Agreement.EQUAL if one & other else Agreement.DIFFERENT
    if type(one) is not type(other):
        return Agreement.UNKNOWN
    return Agreement.EQUAL if one == other else Agreement.DIFFERENT


def _of_moments(found: Timing) -> Agreement:
    if found is Timing.DIFFERENT:
        return Agreement.DIFFERENT
    return Agreement.CLOSE if found is Timing.WITHIN else Agreement.EQUAL


def contradict(one: Stated, other: Stated, *names: str) -> bool:
    """Whether one of these traits is different in the two."""
    return any(agree(one.trait(name), other.trait(name)) is Agreement.DIFFERENT for name in names)
