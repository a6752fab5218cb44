"""The invariants of bundles, documents, lists, parameters and audit. http://hl7.org/fhir/DSTU2/bundle.html"""

from __future__ import annotations

from fhirstore.dstu2.invariants.rule import (
    Element,
    Predicate,
    Table,
    at_most_one,
    each,
    has,
    has_choice,
    unique,
)


def only_in(element: str, *types: str) -> Predicate:
    def holds(bundle: Element) -> bool:
        return bundle.get("type") in types or not any(has(entry, element) for entry in each(bundle, "entry"))

    return holds


def full_urls_are_unique(bundle: Element) -> bool:
    """Among entries that have both; two versions of one resource may share their URL."""
    return unique(
        (entry["fullUrl"], entry["resource"].get("meta", {}).get("versionId"))
        for entry in each(bundle, "entry")
        if "fullUrl" in entry and "resource" in entry
    )


def has_value_or_resource(parameter: Element) -> bool:
    """As published it tests an element that does not exist (the value is valueString …) and forgets the
    parts.
    """
    value, resource = has_choice(parameter, "value"), has(parameter, "resource")
    return not (value and resource) and (value or resource or has(parameter, "part"))


RULES: Table = {
    ("AuditEvent.object", "sev-1"): (lambda o: at_most_one(o, "name", "query"), "name excludes query"),
    ("Bundle", "bdl-1"): (
        lambda b: not has(b, "total") or b.get("type") in {"searchset", "history"},
        "only a searchset or a history has a total",
    ),
    ("Bundle", "bdl-2"): (only_in("search", "searchset"), "only entries of a searchset have search"),
    ("Bundle", "bdl-3"): (
        only_in("request", "batch", "transaction", "history"),
        "only entries of a batch, transaction or history have a request",
    ),
    ("Bundle", "bdl-4"): (
        only_in("response", "batch-response", "transaction-response"),
        "only entries of a batch-response or transaction-response have a response",
    ),
    ("Bundle", "bdl-7"): (full_urls_are_unique, "fullUrl is unique, versions of one resource aside"),
    ("Bundle.entry", "bdl-5"): (
        lambda e: has(e, "resource", "request", "response"),
        "an entry needs a resource, a request or a response",
    ),
    ("Bundle.entry", "bdl-6"): (
        lambda e: has(e, "fullUrl") == has(e, "resource"),
        "a resource has a fullUrl",
    ),
    ("Composition.section", "cmp-1"): (
        lambda s: has(s, "text", "entry", "section"),
        "a section needs text, entries or sections",
    ),
    ("Composition.section", "cmp-2"): (
        lambda s: at_most_one(s, "emptyReason", "entry"),
        "only an empty section has an emptyReason",
    ),
    ("List", "lst-1"): (
        lambda x: at_most_one(x, "emptyReason", "entry"),
        "only an empty list has an emptyReason",
    ),
    ("List", "lst-2"): (
        lambda x: x.get("mode") == "changes" or not any(has(entry, "deleted") for entry in each(x, "entry")),
        "only entries of a list of changes are deleted",
    ),
    ("Parameters.parameter", "inv-1"): (
        has_value_or_resource,
        "a parameter has either a value or a resource",
    ),
    ("Parameters.parameter.part", "inv-2"): (
        has_value_or_resource,
        "a part has either a value or a resource",
    ),
}
