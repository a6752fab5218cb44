"""The official invariants: each a predicate under its path and key, or listed with the reason why it is not
enforced.

http://hl7.org/fhir/DSTU2/conformance-rules.html#constraints. `rules_for(path)` gives what holds at a path of
the element definitions; keys alone are not unique (inv-1 is three different rules).
"""

from __future__ import annotations

from functools import cache

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.invariants import clinical, conformance, datatypes, exchange, terminology, testing
from fhirstore.dstu2.invariants.rule import Rule, Table

TABLES: tuple[Table, ...] = (
    datatypes.RULES,
    clinical.RULES,
    exchange.RULES,
    conformance.RULES,
    terminology.RULES,
    testing.RULES,
)

# Rules that the walk itself enforces, since they speak of more than one element: key → where.
ENFORCED_BY_THE_WALK = {
    ("Element", "ele-1"): "validate.py: an element is never empty",
    ("DomainResource", "dom-1"): "containment.py",
    ("DomainResource", "dom-2"): "containment.py",
    ("DomainResource", "dom-3"): "containment.py",
    ("DomainResource", "dom-4"): "containment.py",
    ("Reference", "ref-1"): "containment.py",
    ("Narrative.div", "txt-1"): "narrative.py",
    ("Narrative.div", "txt-2"): "narrative.py",
    ("Narrative.div", "txt-3"): "narrative.py",
}

_LEFT_OUT = "not among the official Schematron's rules, and broken by the specification's own examples"

# Rules that are told as warnings and refuse nothing: key → reason.
NOT_ENFORCED = {
    ("Age", "age-1"): _LEFT_OUT,
    ("Count", "cnt-1"): _LEFT_OUT,
    ("Distance", "dis-1"): _LEFT_OUT,
    ("Duration", "drt-1"): _LEFT_OUT,
    ("Money", "mny-1"): _LEFT_OUT,
    (
        "Bundle.entry",
        "bdl-6",
    ): "read literally it refuses every new resource in a transaction that has no fullUrl",
    ("Questionnaire", "que-3"): "broken by some seventy of the specification's own generated questionnaires",
    (
        "StructureDefinition",
        "sdf-5",
    ): "as published it compares with a type that does not exist, and an example breaks it",
}


@cache
def rules_for(path: str) -> tuple[Rule, ...]:
    """The rules at a type or element path, each with its official severity unless that is not enforced."""
    severities = catalog.severities()
    return tuple(
        Rule(key, "warning" if (path, key) in NOT_ENFORCED else severities[path, key], *table[path, key])
        for table in TABLES
        for where, key in table
        if where == path
    )
