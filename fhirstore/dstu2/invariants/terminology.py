"""The invariants of value sets and concept maps. http://hl7.org/fhir/DSTU2/valueset.html"""

from __future__ import annotations

from fhirstore.dstu2.invariants.rule import Element, Table, at_most_one, each, has, unique


def codes_are_unique(system: Element) -> bool:
    found: list[str] = []
    pending = [system]
    while pending:
        for concept in each(pending.pop(), "concept"):
            pending.append(concept)
            if "code" in concept:
                found.append(concept["code"])
    return unique(found)


def imports_more_than_one(value_set: Element) -> bool:
    compose = value_set.get("compose", {})
    return (
        len(compose.get("import", ())) != 1
        or has(compose, "include", "exclude")
        or has(value_set, "codeSystem")
    )


def has_its_own_url(value_set: Element) -> bool:
    system = value_set.get("codeSystem", {}).get("system")
    return system is None or system != value_set.get("url")


def explains_a_loose_match(target: Element) -> bool:
    return has(target, "comments") or target.get("equivalence") not in {"narrower", "inexact"}


RULES: Table = {
    ("ConceptMap.element.target", "cmd-1"): (
        explains_a_loose_match,
        "a narrower or inexact match needs comments",
    ),
    ("ValueSet", "vsd-2"): (
        imports_more_than_one,
        "a single import needs an include, an exclude or a codeSystem",
    ),
    ("ValueSet", "vsd-5"): (
        lambda v: has(v, "codeSystem", "compose", "expansion"),
        "codeSystem, compose or expansion is needed",
    ),
    ("ValueSet", "vsd-7"): (has_its_own_url, "the code system's URI is not the value set's"),
    ("ValueSet.codeSystem", "vsd-3"): (codes_are_unique, "the codes of a code system are unique"),
    ("ValueSet.codeSystem", "vsd-8"): (codes_are_unique, "codes are unique"),
    ("ValueSet.compose", "vsd-1"): (lambda c: has(c, "include", "import"), "include or import is needed"),
    ("ValueSet.compose.include", "vsd-11"): (
        lambda i: at_most_one(i, "concept", "filter"),
        "concepts exclude filters",
    ),
    ("ValueSet.expansion.contains", "vsd-6"): (
        lambda c: has(c, "code", "display"),
        "code or display is needed",
    ),
    ("ValueSet.expansion.contains", "vsd-9"): (
        lambda c: has(c, "code") or c.get("abstract") is True,
        "only what is abstract has no code",
    ),
    ("ValueSet.expansion.contains", "vsd-10"): (
        lambda c: has(c, "system") or not has(c, "code"),
        "a code needs its system",
    ),
}
