"""The invariants of TestScript. http://hl7.org/fhir/DSTU2/testscript.html"""

from __future__ import annotations

from fhirstore.dstu2.invariants.rule import Element, Table, at_most_one, each, exactly_one, has

ASSERTIONS = (
    "contentType", "headerField", "minimumId", "navigationLinks", "path", "resource", "responseCode",
    "response", "validateProfileId",
)  # fmt: skip
WHOLE_SYSTEM = {"conformance", "search", "transaction", "history"}


def capabilities_are_named(metadata: Element) -> bool:
    """Published as "required or validated", whose text is true of false: presence is what counts."""
    capabilities = list(each(metadata, "capability"))
    return any(has(capability, "required", "validated") for capability in capabilities)


def names_its_target(operation: Element) -> bool:
    named = has(operation, "sourceId") or exactly_one(operation, "targetId", "url", "params")
    return named or operation.get("type", {}).get("code") in WHOLE_SYSTEM


def tears_down_one_target(operation: Element) -> bool:
    """As the other operations, save that params alone need a resource."""
    return names_its_target(operation) and (
        has(operation, "sourceId", "targetId", "url", "resource")
        or operation.get("type", {}).get("code") in WHOLE_SYSTEM
    )


def compares_with_both_or_neither(assertion: Element) -> bool:
    return has(assertion, "compareToSourceId") == has(assertion, "compareToSourcePath")


def asserts_one_thing(assertion: Element) -> bool:
    return at_most_one(assertion, *ASSERTIONS)


def operates_or_asserts(action: Element) -> bool:
    return exactly_one(action, "operation", "assert")


CAPABILITY = (capabilities_are_named, "a capability is required, validated or both")
ACTION = (operates_or_asserts, "an action is either an operation or an assert")
TARGET = (names_its_target, "an operation names one of sourceId, targetId, params and url")
COMPARISON = (compares_with_both_or_neither, "compareToSourceId and compareToSourcePath stand together")
SINGLE = (asserts_one_thing, "an assert asserts one thing")

RULES: Table = {
    ("TestScript.metadata", "inv-5"): CAPABILITY,
    ("TestScript.setup.metadata", "inv-6"): CAPABILITY,
    ("TestScript.test.metadata", "inv-7"): CAPABILITY,
    ("TestScript.variable", "inv-4"): (
        lambda v: at_most_one(v, "headerField", "path"),
        "headerField excludes path",
    ),
    ("TestScript.setup.action", "inv-1"): ACTION,
    ("TestScript.test.action", "inv-2"): ACTION,
    ("TestScript.teardown.action", "inv-3"): (lambda a: has(a, "operation"), "an action is an operation"),
    ("TestScript.setup.action.operation", "inv-10"): TARGET,
    ("TestScript.test.action.operation", "inv-11"): TARGET,
    ("TestScript.teardown.action.operation", "inv-12"): (tears_down_one_target, TARGET[1]),
    ("TestScript.setup.action.assert", "inv-13"): COMPARISON,
    ("TestScript.test.action.assert", "inv-14"): COMPARISON,
    ("TestScript.setup.action.assert", "inv-8"): SINGLE,
    ("TestScript.test.action.assert", "inv-9"): SINGLE,
}
