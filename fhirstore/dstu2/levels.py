"""How strictly what is stored must keep the rules of DSTU2, as an operator or an application chooses.

A quarter of what real systems emit breaks some rule, and an aggregated record must not lose it: `structure` stores it
all the same, marked by a tag. What has the wrong form is refused at every level, for it could not be read back, but
for a few forms that real systems use and everybody here reads: a time without its zone, text instead of XHTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fhirstore.dstu2 import second_opinion
from fhirstore.dstu2.validate import check
from fhirstore.errors import Issue

Level = Literal["strict", "official", "structure"]

LET_THROUGH = frozenset({"required", "code-invalid", "invariant"})
"""Issue codes of missing elements, bindings and invariants: stored at the level `structure`."""

INCOMPLETE_TAG: Mapping[str, str] = {
    "system": "urn:fhirstore:validation",
    "code": "incomplete",
    "display": "Stored although it breaks rules of DSTU2",
}
"""In the `meta.tag` of every resource that the gate found fault with."""


def judge(document: Mapping[str, Any], level: Level) -> Sequence[Issue]:
    """What the gate finds and, at the level `strict`, what fhir.resources adds (there, its doubts refuse too)."""
    issues = check(dict(document))
    if level == "strict" and not any(issue.refuses for issue in issues):
        opinion = second_opinion.ask(dict(document)) or ()
        issues += [Issue("error", issue.code, issue.message, issue.path) for issue in opinion]
    return issues


def refused(issues: Sequence[Issue], level: Level) -> bool:
    """Whether a resource with these issues is kept out."""
    faults = (issue for issue in issues if issue.refuses)
    return any(level != "structure" or not (issue.legible or issue.code in LET_THROUGH) for issue in faults)
