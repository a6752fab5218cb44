"""The invariants of conformance resources. http://hl7.org/fhir/DSTU2/resourcelist.html#conformance"""

from __future__ import annotations

from collections.abc import Iterator

from fhirstore.dstu2.invariants.rule import Element, Table, each, has, unique, values

BASE_DEFINITION = "http://hl7.org/fhir/StructureDefinition/"


def documents_are_unique(statement: Element) -> bool:
    documents = each(statement, "document")
    return unique((d.get("mode"), d.get("profile", {}).get("reference")) for d in documents)


def views(structure: Element) -> Iterator[list[Element]]:
    """The element definitions of the snapshot and of the differential, whichever there are."""
    for name in ("snapshot", "differential"):
        if name in structure:
            yield structure[name].get("element", [])


def has_context_if_extension(structure: Element) -> bool:
    """As published it compares with "extension" in lower case, which is no type."""
    if structure.get("constrainedType") != "Extension":
        return True
    return has(structure, "context") and has(structure, "contextType")


def url_matches_id(structure: Element) -> bool:
    return (
        has(structure, "constrainedType") or structure.get("url") == f"{BASE_DEFINITION}{structure.get('id')}"
    )


def snapshot_paths_are_unique(structure: Element) -> bool:
    return has(structure, "constrainedType") or unique(values(snapshot_of(structure), "path"))


def snapshot_of(structure: Element) -> list[Element]:
    found: list[Element] = structure.get("snapshot", {}).get("element", [])
    return found


def paths_start_with_the_first(structure: Element) -> bool:
    return all(
        element.get("path", "").startswith(f"{elements[0].get('path')}.")
        for elements in views(structure)
        for element in elements[1:]
    )


def roots_are_plain(structure: Element) -> bool:
    roots = (e for elements in views(structure) for e in elements if "." not in e.get("path", ""))
    return not any(has(root, "label", "code", "requirements") for root in roots)


def constrained_type_is_the_root(structure: Element) -> bool:
    elements = snapshot_of(structure)
    if not has(structure, "constrainedType") or not has(structure, "snapshot"):
        return True
    return bool(elements) and structure["constrainedType"] == elements[0].get("path")


def no_base_without_a_base(structure: Element) -> bool:
    return has(structure, "base") or not any(
        has(e, "base") for elements in views(structure) for e in elements
    )


def every_element_has_its_base(structure: Element) -> bool:
    return not has(structure, "constrainedType") or all(has(e, "base") for e in snapshot_of(structure))


def preferred_is_unique_by_type(system: Element) -> bool:
    preferred = (u for u in each(system, "uniqueId") if u.get("preferred") is True)
    return unique(identifier.get("type") for identifier in preferred)


def root_has_no_uuid(system: Element) -> bool:
    types = {identifier.get("type") for identifier in each(system, "uniqueId")}
    return system.get("kind") != "root" or not types & {"uuid", "ruid"}


RULES: Table = {
    ("Conformance", "cnf-1"): (
        lambda c: has(c, "rest", "messaging", "document"),
        "a statement covers rest, messaging or documents",
    ),
    ("Conformance", "cnf-2"): (
        lambda c: has(c, "software", "implementation", "description"),
        "description, software or implementation is needed",
    ),
    ("Conformance", "cnf-3"): (
        lambda c: c.get("kind") == "instance" or not any(has(m, "endpoint") for m in each(c, "messaging")),
        "only an instance has messaging endpoints",
    ),
    ("Conformance", "cnf-7"): (documents_are_unique, "documents differ in profile or mode"),
    ("Conformance", "cnf-8"): (
        lambda c: unique(rest.get("mode") for rest in each(c, "rest")),
        "there is one rest per mode",
    ),
    ("Conformance", "cnf-14"): (
        lambda c: not has(c, "software", "implementation") or c.get("kind") != "requirements",
        "requirements have neither software nor implementation",
    ),
    ("Conformance", "cnf-15"): (
        lambda c: not has(c, "implementation") or c.get("kind") != "capability",
        "a statement of capability has no implementation",
    ),
    ("Conformance.rest", "cnf-9"): (
        lambda r: unique(resource.get("type") for resource in each(r, "resource")),
        "a resource is described once per mode",
    ),
    ("Conformance.rest.resource", "cnf-12"): (
        lambda r: unique(parameter.get("name") for parameter in each(r, "searchParam")),
        "search parameter names are unique",
    ),
    ("Conformance.rest.resource.searchParam", "cnf-13"): (
        lambda p: not has(p, "chain") or p.get("type") == "reference",
        "only reference parameters are chained",
    ),
    ("DataElement.element", "dae-1"): (lambda e: not has(e, "base"), "a data element has no base"),
    ("DataElement.element", "dae-2"): (lambda e: not has(e, "slicing"), "a data element is not sliced"),
    ("NamingSystem", "nsd-1"): (root_has_no_uuid, "a root has no UUID"),
    ("NamingSystem", "nsd-2"): (preferred_is_unique_by_type, "one identifier of a type is preferred"),
    ("NamingSystem", "nsd-3"): (
        lambda n: not has(n, "replacedBy") or n.get("status") == "retired",
        "only what is retired is replaced",
    ),
    ("OperationDefinition.parameter", "opd-1"): (
        lambda p: has(p, "type", "part"),
        "a parameter needs a type or parts",
    ),
    ("SearchParameter", "spd-1"): (
        lambda s: not has(s, "xpath") or has(s, "xpathUsage"),
        "xpath needs xpathUsage",
    ),
    ("StructureDefinition", "sdf-1"): (
        snapshot_paths_are_unique,
        "element paths are unique unless constrained",
    ),
    ("StructureDefinition", "sdf-4"): (
        lambda s: s.get("abstract") is True or has(s, "base"),
        "only an abstract structure lacks a base",
    ),
    ("StructureDefinition", "sdf-5"): (has_context_if_extension, "an extension tells its context"),
    ("StructureDefinition", "sdf-6"): (
        lambda s: has(s, "snapshot", "differential"),
        "a differential or a snapshot is needed",
    ),
    ("StructureDefinition", "sdf-7"): (url_matches_id, f"the url of a type is {BASE_DEFINITION} and its id"),
    ("StructureDefinition", "sdf-8"): (
        paths_start_with_the_first,
        "paths start with the first element's path",
    ),
    ("StructureDefinition", "sdf-9"): (roots_are_plain, "a root element has no label, code or requirements"),
    ("StructureDefinition", "sdf-10"): (
        lambda s: s.get("abstract") is True or not has(s, "constrainedType") or has(s, "base"),
        "a constrained type needs a base",
    ),
    ("StructureDefinition", "sdf-11"): (
        constrained_type_is_the_root,
        "the first path is the constrained type",
    ),
    ("StructureDefinition", "sdf-12"): (
        no_base_without_a_base,
        "elements have a base only where the structure has",
    ),
    ("StructureDefinition", "sdf-13"): (
        every_element_has_its_base,
        "each element of a constraint has a base",
    ),
    ("StructureDefinition.mapping", "sdf-2"): (
        lambda m: has(m, "uri", "name"),
        "a mapping needs a name or a uri",
    ),
    ("StructureDefinition.snapshot", "sdf-3"): (
        lambda s: all(has(e, "definition") and has(e, "min") and has(e, "max") for e in each(s, "element")),
        "each element of a snapshot has definition, min and max",
    ),
}
