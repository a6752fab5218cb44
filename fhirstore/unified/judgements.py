"""What a person or an application said of two resources: the same, or not the same. It goes before every rule.

A judgement is a Basic in the user's own record: http://hl7.org/fhir/DSTU2/basic.html. Deleting it takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fhirstore.unified.reading import Document, part, parts, reference, text

SYSTEM = "urn:fhirstore:judgement"
SAME, NOT_THE_SAME = "same", "not-the-same"
CODES = (SAME, NOT_THE_SAME)
EXTENSION = "urn:fhirstore:judged"
"""Of each of the two resources that a judgement is about, as a Reference."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judgements:
    """Pairs of references ("Patient/1", "Patient/2"), each in its order, by what was said of them."""

    same: frozenset[Pair] = field(default_factory=frozenset)
    other: frozenset[Pair] = field(default_factory=frozenset)

    @property
    def judged(self) -> frozenset[str]:
        """Every resource of which something was said."""
        return frozenset(each for pair in self.same | self.other for each in pair)


NO_JUDGEMENTS = Judgements()


def pair(one: str, other: str) -> Pair:
    return (one, other) if one <= other else (other, one)


def judgements(documents: Iterable[Document]) -> Judgements:
    """All that Basic resources say; what says both of one pair says that they are not the same."""
    said: dict[str, set[Pair]] = {code: set() for code in CODES}
    for document in documents:
        found = judgement(document)
        if found is not None:
            said[found[0]].add(found[1])
    return Judgements(frozenset(said[SAME] - said[NOT_THE_SAME]), frozenset(said[NOT_THE_SAME]))


def judgement(document: Document) -> tuple[str, Pair] | None:
    """What a Basic says and of which two, or None for one that is no judgement."""
    codes = (text(each, "code") for each in parts(part(document, "code"), "coding") if each.get("system") == SYSTEM)
    code = next((each for each in codes if each in CODES), None)
    judged = [
        reference(each, "valueReference") for each in parts(document, "extension") if each.get("url") == EXTENSION
    ]
    if code is None or len(judged) != 2 or not all(judged) or judged[0] == judged[1]:
        return None
    return code, pair(judged[0], judged[1])


def basic(code: str, judged: Pair, subject: str) -> dict[str, Any]:
    """The resource that remembers a judgement, without an id; `subject` may be empty."""
    return {
        "resourceType": "Basic",
        "extension": [{"url": EXTENSION, "valueReference": {"reference": each}} for each in judged],
        "code": {"coding": [{"system": SYSTEM, "code": code}]},
        **({"subject": {"reference": subject}} if subject else {}),
    }
