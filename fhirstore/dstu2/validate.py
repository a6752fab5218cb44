"""The gate: judge a resource by the official definitions and report every fault at its place.

http://hl7.org/fhir/DSTU2/validation.html. A walk over the parsed document, driven by `shapes`: JSON form,
unknown elements, cardinality, types, formats, bindings, references, containment, invariants. Profiles are not
applied.
"""

from __future__ import annotations

from typing import Any

from fhirstore.dstu2 import entries, narrative
from fhirstore.dstu2.bindings import ALLOWS
from fhirstore.dstu2.catalog import is_resource_type
from fhirstore.dstu2.containment import NOTHING, Container, contained_faults, open_container, unreferenced
from fhirstore.dstu2.flawless import is_flawless
from fhirstore.dstu2.invariants.rule import Rule
from fhirstore.dstu2.json_format import parse
from fhirstore.dstu2.primitives import LEGIBLE
from fhirstore.dstu2.references import is_malformed, target_type
from fhirstore.dstu2.shapes import Property, Shape, shape_of
from fhirstore.errors import BadRequest, Issue, Severity

ISSUE_LIMIT = 1000
HOLDERS = frozenset({"Bundle", "Parameters"})  # of resources: each within is settled by itself
NO_CONTENT = frozenset({"id", "fhir_comments"})

# A place is the chain of steps that lead to it; the path is spelt out only where a fault is found.
Place = tuple["Place | None", str | int]


def validate(body: bytes) -> list[Issue]:
    """Judge the JSON text of one resource by FHIR DSTU2 (1.0.2).

    Takes the bytes as they came, of a resource of any of the 94 types. Returns what was found, [] for a
    flawless resource: `issue.refuses` tells faults from warnings, `issue.path` where
    (`Observation.component[1].code`), `issue.code` what kind: "structure" (JSON form, unknown or repeated
    elements), "required", "value" (formats), "code-invalid" (required bindings), "invariant" (the
    specification's own rules), "too-long". At most the first 1,000 faults are told. Text that is not one JSON
    object gives one fatal issue; no exception is raised for any input.

    >>> [(issue.code, issue.path) for issue in validate(b'{"resourceType": "Observation", "status": "done"}')]
    [('code-invalid', 'Observation.status'), ('required', 'Observation.code')]

    http://hl7.org/fhir/DSTU2/validation.html
    """
    try:
        document = parse(body)
    except BadRequest as failure:
        return list(failure.issues)
    return check(document)


def check(document: dict[str, Any]) -> list[Issue]:
    """Judge a resource that `json_format.parse` has read; the same answers as `validate`."""
    walk = Walk()
    walk.resource(document, None)
    return walk.issues


class Walk:
    """One pass over one document, and what it has found."""

    __slots__ = ("bundled", "container", "issues")

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self.container: Container = NOTHING
        self.bundled: dict[str, str] = {}

    def report(
        self,
        place: Place | None,
        code: str,
        message: str,
        step: str | int | None = None,
        severity: Severity = "error",
        *,
        legible: bool = False,
    ) -> None:
        if len(self.issues) < ISSUE_LIMIT:
            path = spell(place if step is None else (place, step))
            self.issues.append(Issue(severity, code, message, path, legible or (code, message) in LEGIBLE))

    def resource(self, value: Any, place: Place | None) -> None:
        """A resource that stands for itself: the document, or what an entry or a parameter holds."""
        name = self.resource_type(value, place)
        if name is None:
            return
        if name not in HOLDERS and is_flawless(value, name):
            return
        outer, self.container = self.container, open_container(value)
        bundled = self.bundled
        place = place or (None, name)
        if name == "Bundle":
            self.bundled = entries.types_by_url(value)
            fault = entries.leading_fault(value)
            if fault is not None:
                self.report(place, "invariant", fault, "entry")
        self.object(value, shape_of(name), place)
        for index in unreferenced(value, self.container):
            inner = ((place, "contained"), index)
            self.report(inner, "invariant", "dom-3: nothing in the resource refers to this contained resource")
        self.container, self.bundled = outer, bundled

    def contained(self, value: Any, place: Place) -> None:
        name = self.resource_type(value, place)
        if name is None:
            return
        for element, message in contained_faults(value):
            self.report(place, "invariant", message, element)
        self.object(value, shape_of(name), place)

    def resource_type(self, value: Any, place: Place | None) -> str | None:
        if not isinstance(value, dict):
            self.report(place, "structure", "must be a resource, which is an object")
            return None
        name = value.get("resourceType")
        if isinstance(name, str) and is_resource_type(name):
            return name
        self.report(place, "structure", "resourceType must name one of the resource types of DSTU2", "resourceType")
        return None

    def object(self, value: dict[str, Any], shape: Shape, place: Place) -> None:
        """Judge each property of an object, then what is missing, then the object as a whole."""
        properties = shape.properties
        chosen: dict[str, str] | None = None
        for name, item in value.items():
            prop = properties.get(name)
            if prop is None:
                prop = self.beside(name, value, shape, place)
                if prop is None:
                    continue
            elif prop.sure is not None and type(item) is str and prop.sure(item):
                continue
            elif prop.many:
                self.repeated(item, prop, value, place)
            elif prop.check is None:
                self.complex(item, prop, (place, name))
            else:
                self.primitive(item, prop, place)
            if prop.choice is not None:
                chosen = chosen or {}
                first = chosen.setdefault(prop.choice, prop.name)
                if first != prop.name:
                    self.report(place, "structure", f"{prop.choice}[x] is already there as {first}", prop.name)
        for first, element, names in shape.required:
            if first not in value and not any(name in value for name in names):
                self.report(place, "required", "is required", element)
        if shape.rules:
            self.apply(shape.rules, value, place)

    def primitive(self, item: Any, prop: Property, place: Place) -> None:
        assert prop.check is not None
        fault = prop.check(item)
        if fault is not None:
            self.report(place, *fault, prop.name)
        elif prop.type == "xhtml":
            self.issues += narrative.check(item, str(spell((place, prop.name))))
        if prop.rules:
            self.apply(prop.rules, item, (place, prop.name))

    def repeated(self, items: Any, prop: Property, owner: dict[str, Any], place: Place) -> None:
        name = prop.name
        if type(items) is not list:
            self.report(place, "structure", "repeats, so it must be an array", name)
            return
        if not items:
            self.report(place, "structure", "an array is never empty: leave the element out", name)
        where = (place, name)
        if prop.check is None:
            for index, item in enumerate(items):
                self.complex(item, prop, (where, index))
            return
        for index, item in enumerate(items):
            if item is None and has_companion(owner, name, index):
                continue
            fault = prop.check(item)
            if fault is not None:
                self.report(where, *fault, index)

    def complex(self, item: Any, prop: Property, place: Place) -> None:
        """An object: a data type, a backbone element, or a resource within the resource."""
        if type(item) is not dict:
            self.report(place, "structure", f"must be an object: {prop.type}")
        elif not item:
            self.report(place, "structure", "an object is never empty: leave the element out")
        elif len(item) < 3 and NO_CONTENT.issuperset(item):
            self.report(place, "invariant", "ele-1: an element has a value or children")
        elif prop.type == "Resource":
            if prop.name == "contained":
                self.contained(item, place)
            else:
                self.resource(item, place)
        else:
            self.object(item, prop.shape or prop.find_shape(), place)
            if prop.special:
                self.special(item, prop, place)

    def special(self, item: dict[str, Any], prop: Property, place: Place) -> None:
        """What is asked of some objects only, by their type or by the element they stand for."""
        if prop.type == "Reference":
            self.reference(item, prop, place)
        elif prop.type == "Extension":
            self.extension(item, place)
        elif prop.codes is not None and not ALLOWS[prop.type](prop.codes, item):
            binding = prop.element.binding
            assert binding is not None
            self.report(place, "code-invalid", f"has no code of {binding.value_set}, whose binding is required")
        if prop.rules:
            self.apply(prop.rules, item, place)

    def beside(self, name: str, owner: dict[str, Any], shape: Shape, place: Place) -> Property | None:
        """A property that is no element: a companion (whose element is returned), a comment, or unknown."""
        prop = shape.companions.get(name)
        if prop is not None:
            self.companions(owner[name], prop, owner.get(prop.name), (place, prop.name))
        elif name == "fhir_comments":
            comments = owner[name]
            if not isinstance(comments, list) or not all(isinstance(line, str) for line in comments):
                self.report(place, "structure", "comments are an array of strings", name)
        elif name.startswith("_") and name[1:] in shape.properties:
            # Some systems put the reason why an element is absent there: XML has no such difference.
            reason = "stands beside what is no primitive: its extensions stand within"
            self.report(place, "structure", reason, name, legible=name[1:] not in owner)
            self.companion(owner[name], (place, name), valued=False)
        elif name != "resourceType" or not is_resource_type(shape.name):
            self.report(place, "structure", f"is not an element of {shape.name}", name)
        return prop

    def companions(self, item: Any, prop: Property, values: Any, place: Place) -> None:
        """What stands beside a primitive, or beside each of a repeating one, aligned with the values."""
        if not prop.many:
            self.companion(item, place, valued=values is not None)
            return
        if type(item) is not list or not item:
            self.report(place, "structure", "what stands beside an array is an array, and not empty")
            return
        aligned = values if isinstance(values, list) else [None] * len(item)
        if len(aligned) != len(item):
            self.report(place, "structure", "values and what stands beside them are not of equal number")
            aligned = (aligned + [None] * len(item))[: len(item)]
        for index, (companion, value) in enumerate(zip(item, aligned, strict=True)):
            if companion is not None:
                self.companion(companion, (place, index), valued=value is not None)
            elif values is None:
                self.report(place, "structure", "has neither a value nor extensions", index)

    def companion(self, item: Any, place: Place, *, valued: bool) -> None:
        if type(item) is not dict or not item:
            self.report(place, "structure", "what stands beside a primitive is an object, and not empty")
            return
        self.object(item, shape_of("Element"), place)
        if not valued and "extension" not in item:
            self.report(place, "invariant", "ele-1: an element has a value or children")

    def reference(self, value: dict[str, Any], prop: Property, place: Place) -> None:
        literal = value.get("reference")
        if type(literal) is not str or not literal:
            return
        if literal[0] == "#":
            if literal[1:] not in self.container.types:
                self.report(place, "invariant", "ref-1: the resource contains nothing with this id", "reference")
                return
            found = self.container.types[literal[1:]]
        else:
            found = self.bundled.get(literal) or target_type(literal)
        if found is None:
            if is_malformed(literal):
                self.report(place, "value", "is neither a URL nor [type]/[id]", "reference")
        elif prop.targets and found not in prop.targets:
            allowed = ", ".join(prop.element.targets)
            reason = f"refers to {found}, where only {allowed} may stand"
            self.report(place, "structure", reason, "reference", legible=True)

    def extension(self, value: dict[str, Any], place: Place) -> None:
        nested = "extension" in value
        valued = any(name.startswith(("value", "_value")) for name in value)
        if nested == valued:
            either = "a value or extensions of its own"
            self.report(place, "invariant", f"an extension has {either}" + (", not both" if nested else ""))

    def apply(self, rules: tuple[Rule, ...], value: Any, place: Place) -> None:
        for rule in rules:
            try:
                holds = rule.holds(value)
            except (AttributeError, TypeError, ValueError, KeyError, IndexError):
                continue  # a wrong JSON kind within, which the walk reports by itself
            if not holds:
                self.report(place, "invariant", f"{rule.key}: {rule.message}", severity=rule.severity)


def has_companion(owner: dict[str, Any], name: str, index: int) -> bool:
    """Whether a null among the values is made up for by extensions beside it."""
    beside = owner.get(f"_{name}")
    return isinstance(beside, list) and index < len(beside) and isinstance(beside[index], dict)


def spell(place: Place | None) -> str | None:
    """The path of a place: Observation.component[1].code. A property's own name is cut, for it may be
    anything.
    """
    steps: list[str] = []
    while place is not None:
        place, step = place
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step[:64]}")
    return "".join(reversed(steps))[1:] or None
