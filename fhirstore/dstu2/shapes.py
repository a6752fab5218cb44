"""The definitions of one object's elements, arranged for the walk: JSON property → what may stand there.

http://hl7.org/fhir/DSTU2/json.html. Shapes are compiled on first use, one per type or backbone path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fhirstore.dstu2 import bindings, catalog
from fhirstore.dstu2.invariants import rules_for
from fhirstore.dstu2.invariants.rule import Rule
from fhirstore.dstu2.primitives import CHECKS, SURE_MATCHES, Check, Fault, check_system

# Where the reference validator wants more of a URI than its format.
SYSTEMS = frozenset({"Coding.system", "Identifier.system"})


class Property:
    """One JSON property of an object: an element in one of its types.

    `check` judges a primitive's value and is None for everything else; `type` is "Resource" where any
    resource may stand. `match` tells at once that a string is right; `sure` is the same where nothing else is
    to be asked; `special` marks objects of which more is asked than their shape. `codes` are the
    "system|code" pairs that a Coding or CodeableConcept must come from. `companion` is False for the XML
    attributes (id, url) and xhtml, which have no `_name` beside them.
    """

    __slots__ = (
        "check", "choice", "codes", "companion", "element", "many", "match", "name", "rules", "shape", "special",
        "sure", "targets", "type",
    )  # fmt: skip

    def __init__(
        self, name: str, element: catalog.Element, kind: str, check: Check | None, rules: tuple[Rule, ...]
    ) -> None:
        self.name = name
        self.element = element
        self.type = kind
        self.check = check
        self.rules = rules
        self.many = element.max is None
        self.choice = element.name if element.choice else None
        self.targets = frozenset(element.targets)
        self.codes = element.binding.codes if element.binding and kind in bindings.ALLOWS else None
        self.match = _sure_match(kind, element)
        self.sure = None if rules or self.many or self.choice else self.match
        self.special = kind in {"Reference", "Extension"} or self.codes is not None or bool(rules)
        self.companion = check is not None and not is_attribute(element, kind)
        self.shape: Shape | None = None

    def find_shape(self) -> Shape:
        """What the object here consists of; found on first use, since shapes contain themselves."""
        self.shape = shape_of(self._content())
        return self.shape

    def _content(self) -> str:
        if self.element.content is not None:
            return self.element.content
        if catalog.elements(self.element.path):
            return self.element.path
        return self.element.profile or self.type if self.type == "Quantity" else self.type


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties of an object, the alternatives of each required element, and the rules for the whole."""

    name: str
    properties: Mapping[str, Property]
    companions: Mapping[str, Property]
    required: tuple[tuple[str, str, tuple[str, ...]], ...]
    rules: tuple[Rule, ...]


@cache
def shape_of(path: str) -> Shape:
    """The shape of a type ("Observation", "HumanName") or a backbone element ("Patient.contact")."""
    properties = {
        name: _property(name, element, kind)
        for element in catalog.elements(path)
        if element.max != 0  # a simple quantity's comparator is defined as not being there
        for name, kind in element.json_names.items()
    }
    return Shape(
        name=path,
        properties=properties,
        companions={f"_{name}": prop for name, prop in properties.items() if prop.companion},
        required=tuple(_requirement(element) for element in catalog.elements(path) if element.min),
        # A backbone element's rules are told where it stands; a type's own hold everywhere.
        rules=() if "." in path else rules_for(path),
    )


def _property(name: str, element: catalog.Element, kind: str) -> Property:
    rules = rules_for(element.path)
    if element.content is not None:
        rules += tuple(rule for rule in rules_for(element.content) if rule.holds not in {r.holds for r in rules})
    check = check_system if element.path in SYSTEMS else CHECKS.get(kind)
    if check is not None and kind == "code" and element.binding is not None:
        check = _bound(check, element.binding, element.path)
    return Property(name, element, kind, check, rules)


def is_attribute(element: catalog.Element, kind: str) -> bool:
    """Whether XML writes it as an attribute, beside which no extension can stand; a resource's id it does not."""
    parent, _, name = element.path.rpartition(".")
    return kind == "xhtml" or (name == "id" and not catalog.is_resource_type(parent)) or element.path == "Extension.url"


def _requirement(element: catalog.Element) -> tuple[str, str, tuple[str, ...]]:
    """The usual JSON property, the element's name as a path says it, and every property that may stand for
    it.
    """
    names = tuple(element.json_names)
    return names[0], element.path.rpartition(".")[2], names + tuple(f"_{name}" for name in names)


def _sure_match(kind: str, element: catalog.Element) -> Callable[[str], object] | None:
    if kind == "code" and element.binding is not None and element.binding.strength == "required":
        return bindings.code_matcher(element.binding, element.path)
    return SURE_MATCHES.get("system" if element.path in SYSTEMS else kind)


def _bound(check: Check, binding: catalog.Binding, path: str) -> Check:
    matches: Callable[[str], object] | None = bindings.code_matcher(binding, path)
    if matches is None:
        return check
    foreign: Fault = ("code-invalid", f"is not a code of {binding.value_set}, whose binding is required")

    def judge(value: Any) -> Fault | None:
        if type(value) is str and matches(value):
            return None
        return check(value) or foreign

    return judge
