"""What several resources say of one thing, trait by trait: every value is kept, and where they differ it is said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fhirstore.dstu2 import catalog
from fhirstore.presentation.labels import label
from fhirstore.presentation.lines import Line, lines_of
from fhirstore.presentation.origin import Origin, origin_of
from fhirstore.web.health_history.reading import Document


@dataclass(frozen=True, slots=True)
class Row:
    """One trait, with what each of them says of it, in their order."""

    label: str
    values: Sequence[Sequence[str]]
    differs: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """Resources beside each other: who says it, where each is shown, and row by row what they say."""

    origins: Sequence[Origin]
    addresses: Sequence[str]
    rows: Sequence[Row]

    @property
    def differing(self) -> list[str]:
        return [row.label for row in self.rows if row.differs]


def compare(documents: Sequence[Document], elements: Collection[str] = ()) -> Compared:
    """`elements` are the paths in which they differ ("Patient.birthDate"). Extensions, compared here alone, differ
    where no text of one agrees with any of another."""
    stated = [_traits(each) for each in documents]
    differing = {_top(element) for element in elements}
    judged = {
        label(each.path) for document in documents[:1] for each in catalog.elements(str(document["resourceType"]))
    }
    rows = [
        _row(name, [each.get(name, []) for each in stated], judged=name in judged, differs=name in differing)
        for name in dict.fromkeys(name for each in stated for name in each)
    ]
    addresses = [f"{each.get('resourceType')}/{each.get('id')}" for each in documents]
    return Compared([origin_of(each) for each in documents], addresses, rows)


def _row(name: str, values: Sequence[Sequence[str]], *, judged: bool, differs: bool) -> Row:
    if not judged:
        said = [{_folded(text) for text in each} for each in values if each]
        differs = any(not _agree(one, other) for one in said for other in said)
    return Row(name, values, differs)


def _agree(one: set[str], other: set[str]) -> bool:
    """Whether two have a value in common; one may tell more of it ("March 1968", "14 March 1968")."""
    return any(first in second or second in first for first in one for second in other)


def _top(element: str) -> str:
    """What the top-level element that a path leads through is called."""
    return label(".".join(element.split(".")[:2]))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _traits(document: Document) -> Mapping[str, list[str]]:
    traits: dict[str, list[str]] = {}
    for line in lines_of(document):
        text = "; ".join(_texts([line]))
        if text:
            traits.setdefault(line.label, []).append(text)
    return traits


def _texts(lines: Iterable[Line]) -> Iterable[str]:
    for line in lines:
        if line.text:
            yield line.text
        yield from _texts(line.lines)
