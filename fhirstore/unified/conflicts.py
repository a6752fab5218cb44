"""Where resources that state one fact differ: element by element, every value beside who says so; none is chosen.

An element that may stand once is in conflict when two values do not agree. One that may repeat is when two resources
have nothing in common in it. What belongs to the copy alone (ids, labels, references, narrative) is not compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.search.folding import fold
from fhirstore.unified import drugs
from fhirstore.unified.agreement import Agreement
from fhirstore.unified.amounts import amount_of
from fhirstore.unified.concepts import concept
from fhirstore.unified.drugs import drug
from fhirstore.unified.facts import Trait, agree
from fhirstore.unified.moments import moment, moment_of
from fhirstore.unified.names import compare_names, human_names
from fhirstore.unified.reading import Document, texts

_OF_THE_COPY = frozenset(
    {"id", "meta", "implicitRules", "language", "contained", "extension", "modifierExtension", "identifier"}
)
_UNCOMPARED = frozenset({"Reference", "Resource", "Attachment", "Narrative", "Signature", "xhtml", "base64Binary"})
_DRUGS = (".medication", ".substance")
"""Elements that name drugs, for which spellings, brands and forms are no difference."""

_VALUES_LIMIT, _DEPTH_LIMIT = 200, 8


@dataclass(frozen=True, slots=True)
class Value:
    """What one resource says of an element: the value as it stands there, and its type ("CodeableConcept")."""

    reference: str
    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """An element ("Patient.birthDate") of which resources that state one fact say different things."""

    element: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class _Leaf:
    path: str
    single: bool
    type: str
    value: Any


def conflicts(documents: Mapping[str, Document]) -> list[Conflict]:
    """The conflicts among resources of one type, given by their references, in the order of the definitions."""
    said: dict[str, dict[str, list[_Leaf]]] = defaultdict(lambda: defaultdict(list))
    for reference, document in documents.items():
        type_ = document.get("resourceType")
        for leaf in _leaves(type_, document) if isinstance(type_, str) else ():
            said[leaf.path][reference].append(leaf)
    order = {path: number for number, path in enumerate(said)}
    return [
        Conflict(path, _values(said[path]))
        for path in sorted(said, key=lambda path: order[path])
        if any(_differ(one, other) for one, other in combinations(said[path].values(), 2))
    ]


def _values(said: Mapping[str, Sequence[_Leaf]]) -> tuple[Value, ...]:
    return tuple(Value(reference, leaf.type, leaf.value) for reference, leaves in said.items() for leaf in leaves)


def _leaves(root: str, document: Document) -> Iterator[_Leaf]:
    """The values of data types, by the paths of their elements; an element that may repeat makes all within repeat."""
    count = 0
    rest: list[tuple[str, str, Document, bool, int]] = [(root, root, document, True, 0)]
    while rest:
        path, defined, holder, alone, depth = rest.pop()
        deeper = []
        for element in catalog.elements(defined):
            for name, type_ in element.json_names.items():
                if name in _OF_THE_COPY or type_ in _UNCOMPARED or name not in holder:
                    continue
                single = alone and element.max == 1
                value = holder[name]
                for each in value if isinstance(value, list) else [value]:
                    count += 1
                    if count > _VALUES_LIMIT:
                        return
                    here = f"{path}.{element.name}"
                    if type_ != "BackboneElement":
                        yield _Leaf(here, single, type_, each)
                    elif isinstance(each, dict) and depth < _DEPTH_LIMIT:
                        deeper.append((here, element.content or element.path, each, single, depth + 1))
        rest += reversed(deeper)


def _differ(one: Sequence[_Leaf], other: Sequence[_Leaf]) -> bool:
    if one[0].single and other[0].single:
        return _compare(one[0], other[0]) < Agreement.UNKNOWN
    found = [_compare(mine, theirs) for mine in one for theirs in other]
    return max(found) < Agreement.UNKNOWN


def _compare(one: _Leaf, other: _Leaf) -> Agreement:
    if one.value == other.value:
        return Agreement.EQUAL
    if one.type == other.type == "HumanName":
        names = [[name.key for name in human_names({"name": leaf.value})] for leaf in (one, other)]
        return compare_names(*names)
    if one.path.endswith(_DRUGS) and drugs.agreement(drug(one.value), drug(other.value)) > Agreement.UNKNOWN:
        return Agreement.EQUAL
    mine, theirs = _comparable(one), _comparable(other)
    if mine is None or theirs is None or type(mine) is not type(theirs):
        return Agreement.DIFFERENT
    return agree(mine, theirs)


def _comparable(leaf: _Leaf) -> Trait | None:
    value = leaf.value
    match leaf.type:
        case "CodeableConcept":
            return concept(value)
        case "Quantity":
            return amount_of(value)
        case "date" | "dateTime" | "instant":
            return moment(value) if isinstance(value, str) else None
        case "Period":
            return moment_of({"period": value}, "period")
        case "Address":
            return _words(value, ("line", "city", "postalCode"))
        case "ContactPoint":
            return _words(value, ("value",))
    if isinstance(value, bool | int | Decimal):
        return str(value)
    return fold(value) if isinstance(value, str) else None


def _words(value: Any, names: Sequence[str]) -> str:
    """The letters and digits of some members: how a telephone number is spaced is nobody's opinion."""
    found = (each for name in names for each in texts(value, name)) if isinstance(value, dict) else ()
    return "".join(character for character in fold("".join(found)) if character.isalnum())
