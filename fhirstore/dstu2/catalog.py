"""Look up the official definitions of DSTU2: elements, codes, search parameters, compartments, operations.

Facts rest in the tables of `definitions/` (built by scripts/build_definitions.py). Each is read on its first
use and kept; what is returned is immutable and shared. http://hl7.org/fhir/DSTU2/resourcelist.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, cast

Strength = Literal["required", "extensible", "preferred", "example"]
ParameterType = Literal["number", "date", "string", "token", "reference", "composite", "quantity", "uri"]


@dataclass(frozen=True, slots=True)
class Binding:
    """The value set of a coded element.

    `codes` is what a required, enumerable value set holds: bare codes for an element of type code,
    "system|code" for Coding and CodeableConcept. None where it is not enumerated (or need not be).
    """

    strength: Strength
    value_set: str
    codes: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Element:
    """One element definition. http://hl7.org/fhir/DSTU2/elementdefinition.html

    `name` is "value" and `path` "Observation.value[x]" for a choice; `json_names` maps each JSON property
    that may hold the element to its type ({"valueQuantity": "Quantity", …}, or {"status": "code"}). `max`
    None is "*". `profile` is the constrained quantity that a Quantity must be (SimpleQuantity, Money, Age,
    Duration). `content` is the path whose children are this element's too; its `types` are
    ("BackboneElement",) then.
    """

    name: str
    path: str
    min: int
    max: int | None
    types: tuple[str, ...]
    profile: str | None
    choice: bool
    targets: tuple[str, ...]
    binding: Binding | None
    content: str | None
    summary: bool
    modifier: bool
    constraints: tuple[str, ...]
    json_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter; `components` are the parameters that a composite joins, `targets` empty means any
    type.

    `usage` is the publication's xpathUsage ("normal", "phonetic", "nearby", "distance" or "" where there is
    none); `core` is False for the few that belong to a published profile. Families are spelt out: the
    specification's code-value-[x] is code-value-quantity, code-value-concept, code-value-string and
    code-value-date here.
    """

    name: str
    type: ParameterType
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    components: tuple[str, ...]
    usage: str
    core: bool


@dataclass(frozen=True, slots=True)
class OperationParameter:
    """A parameter of an operation; `type` is "(parts)" where it has named parts. `max` None is "*"."""

    name: str
    use: Literal["in", "out"]
    min: int
    max: int | None
    type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the specification and where it may be called; `types` may hold "Resource" for every
    type.
    """

    code: str
    url: str
    system_level: bool
    types: tuple[str, ...]
    instance_level: bool
    idempotent: bool
    parameters: tuple[OperationParameter, ...]


@cache
def resource_types() -> tuple[str, ...]:
    """The 94 concrete resource types, sorted."""
    return tuple(sorted(name for name, abstract, _ in _rows("resource_types") if abstract == "no"))


def is_resource_type(name: str) -> bool:
    return name in _resource_type_set()


@cache
def primitive_types() -> frozenset[str]:
    """Types whose JSON is a string, number or boolean: the seventeen of the specification and xhtml."""
    return frozenset(name for (name,) in _rows("primitive_types"))


@cache
def type_names() -> frozenset[str]:
    """Every type with children of its own: resource types (abstract ones too), data types, constrained
    quantities.
    """
    return frozenset(path for path in _children() if "." not in path) - primitive_types()


@cache
def elements(path: str) -> tuple[Element, ...]:
    """The children of a type or backbone path ("Patient", "Patient.contact", "HumanName") in XML order.

    Inherited ones are included (id, meta, extension …); a path that has none, or is unknown, answers ().
    The children of an element with `content` are asked for by that path, not by its own.
    """
    return tuple(_element(cells) for cells in _children().get(path, ()))


@cache
def code_systems(value_set: str) -> frozenset[str]:
    """The code systems of a required, enumerable value set; empty for others."""
    return frozenset(system for system, _ in _codes().get(value_set, ()))


@cache
def constraints(path: str) -> tuple[str, ...]:
    """The invariant keys of a type itself ("Observation" → ("obs-6", "obs-7")); elements carry their own."""
    return tuple(_types_constraints().get(path, "").split())


@cache
def severities() -> Mapping[tuple[str, str], Literal["error", "warning"]]:
    """(path, invariant key) → severity, for every invariant of the specification."""
    rows = _rows("constraints")
    return MappingProxyType({(p, key): cast("Literal['error', 'warning']", level) for p, key, level in rows})


@cache
def search_parameters(resource_type: str) -> Mapping[str, SearchParameter]:
    """Search parameters of a type by name, those on every resource (_id, _lastUpdated …) included."""
    return MappingProxyType(
        {row[1]: _search_parameter(row) for row in _rows("search_parameters") if row[0] in {resource_type, "Resource"}}
    )


@cache
def compartments() -> tuple[str, ...]:
    """The compartments of the specification: Patient, Encounter, RelatedPerson, Practitioner, Device."""
    return tuple(dict.fromkeys(row[0] for row in _rows("compartments")))


@cache
def compartment(name: str) -> Mapping[str, tuple[str, ...]]:
    """Resource type → the search parameters whose target is the compartment's resource, () for an unknown
    name.

    As published: a dotted name is a chain ("request.patient"), and "{def}" stands for the resource that
    defines the compartment itself (only types that are in the compartment are keys). In the Patient
    compartment the Patient is listed with its `link` and not with "{def}".
    """
    return MappingProxyType({row[1]: tuple(row[2].split()) for row in _rows("compartments") if row[0] == name})


@cache
def operations() -> tuple[Operation, ...]:
    """The operations that the specification defines. http://hl7.org/fhir/DSTU2/operationslist.html"""
    return tuple(_operation(row) for row in _rows("operations"))


@cache
def _rows(table: str) -> tuple[tuple[str, ...], ...]:
    text = (files("fhirstore.dstu2") / "definitions" / f"{table}.tsv").read_text(encoding="utf-8")
    header, *lines = text.splitlines()
    width = header.count("\t") + 1
    return tuple(tuple((line + "\t" * width).split("\t")[:width]) for line in lines)


@cache
def _resource_type_set() -> frozenset[str]:
    return frozenset(resource_types())


@cache
def _children() -> dict[str, list[tuple[str, ...]]]:
    children: dict[str, list[tuple[str, ...]]] = {}
    for cells in _rows("elements"):
        parent, dot, _ = cells[0].rpartition(".")
        siblings = children.setdefault(parent if dot else cells[0], [])
        if dot:
            siblings.append(cells)
    return children


@cache
def _types_constraints() -> dict[str, str]:
    return {cells[0]: cells[10] for cells in _rows("elements") if "." not in cells[0]}


@cache
def _codes() -> dict[str, list[tuple[str, str]]]:
    pairs: dict[str, list[tuple[str, str]]] = {}
    for value_set, system, listed in _rows("codes"):
        pairs.setdefault(value_set, []).extend((system, code) for code in listed.split(" "))
    return pairs


def _element(cells: tuple[str, ...]) -> Element:
    path, low, high, types, profile, targets, content, strength, value_set, flags, keys = cells
    name = path.rpartition(".")[2]
    choice = name.endswith("[x]")
    name = name.removesuffix("[x]")
    codes = tuple(types.split())
    return Element(
        name=name,
        path=path,
        min=int(low),
        max=None if high == "*" else int(high),
        types=codes,
        profile=profile or None,
        choice=choice,
        targets=tuple(targets.split()),
        binding=_binding(cast("Strength", strength), value_set, bare="code" in codes) if strength else None,
        content=content or None,
        summary="S" in flags,
        modifier="?!" in flags,
        constraints=tuple(keys.split()),
        json_names=MappingProxyType({name + c[0].upper() + c[1:] if choice else name: c for c in codes}),
    )


@cache
def _binding(strength: Strength, value_set: str, *, bare: bool) -> Binding:
    pairs = _codes().get(value_set) if strength == "required" else None
    if pairs is None:
        return Binding(strength, value_set, None)
    return Binding(strength, value_set, frozenset(code if bare else f"{system}|{code}" for system, code in pairs))


def _search_parameter(row: tuple[str, ...]) -> SearchParameter:
    _, name, kind, paths, targets, components, usage, core = row
    return SearchParameter(
        name=name,
        type=cast("ParameterType", kind),
        paths=tuple(paths.split()),
        targets=tuple(targets.split()),
        components=tuple(components.split()),
        usage=usage,
        core=core == "yes",
    )


def _operation(row: tuple[str, ...]) -> Operation:
    code, url, system_level, types, instance_level, idempotent, parameters = row
    return Operation(
        code=code,
        url=url,
        system_level=system_level == "yes",
        types=tuple(types.split()),
        instance_level=instance_level == "yes",
        idempotent=idempotent == "yes",
        parameters=tuple(_operation_parameter(notation) for notation in parameters.split("; ") if notation),
    )


def _operation_parameter(notation: str) -> OperationParameter:
    use, name, cardinality, kind = notation.split(" ", 3)
    low, high = cardinality.split("..")
    return OperationParameter(
        name, cast("Literal['in', 'out']", use), int(low), None if high == "*" else int(high), kind
    )
