"""What fhir.resources 7.1 says of a document, where it is sound: a second opinion, never the verdict.

The library's models of DSTU2 lack types, name elements wrongly and refuse right content. What is known of
that is a table here, each row proved by a test; a document that touches a row is not shown to the library.
Nothing that the library gives back is used but the places and kinds of its complaints.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from fhirstore.dstu2.xml_slots import Slot, by_property
from fhirstore.errors import Issue

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "Coverage",
                "Group",
                "ImagingStudy",
                "ImmunizationRecommendation",
                "ImplementationGuide",
                "List",
                "MedicationDispense",
                "MessageHeader",
                "NamingSystem",
                "Parameters",
                "RelatedPerson",
                "StructureDefinition",
            ),
            "has no model",
        ),
        "ClaimResponse": "the model calls itself another type and refuses every document",
        "Subscription": "the optional element end is demanded",
        "CommunicationRequest.medium": "read as a payload",
        "CommunicationRequest.scheduledPeriod": "a dateTime is demanded",
        "ConceptMap.identifier": "a list is demanded",
        "Contract.type": "a list is demanded",
        "ElementDefinition.binding": "the model of another type is demanded",
        "HealthcareService.serviceType": "the model of another element is demanded",
        "MedicationStatement.note": "held to the pattern of a code",
        "OperationDefinition.parameter.binding": "a list is demanded",
        "Procedure.category": "a list is demanded",
        "QuestionnaireResponse.group.question.answer": "two values are demanded at once",
        "RiskAssessment.prediction": "a list is refused",
        "TestScript.metadata": "a list is demanded",
        "TestScript.setup.action.operation.requestHeader": "a list is refused",
    }
)
"""Type, or path of an element in its type → how the library refuses what is right there."""

UNENFORCED: Mapping[str, str] = MappingProxyType(
    {
        "structure": "unknown elements are ignored",
        "required": "181 required elements are optional",
        "code-invalid": "no binding is enforced",
        "invariant": "hardly any invariant is enforced",
        "value": "some formats are read more loosely",
        "too-long": "strings have no bound",
    }
)
"""Issue code of the gate → why the library's silence says nothing about it."""

# Time grows with the number of values (45 ms for a Bundle of 100 resources), and opinions are worth little.
MAX_VALUES = 20_000
# base64 meets a regular expression there that can take exponential time, so the library never sees any.
_HARMLESS_BASE64 = "AAAA"
_ROOT = "__root__"
_REASONS = {
    "value_error.missing": "a required element is missing",
    "value_error.extra": "an unknown element",
    "none.not_allowed": "null is not allowed",
    "type_error.list": "must be a list",
    "type_error.dict": "must be an object",
    "value_error.str.regex": "does not have the form of its type",
    "value_error.date": "must be a date",
    "value_error.datetime": "must be a date and time",
    "value_error.time": "must be a time",
}


def ask(document: Mapping[str, Any]) -> list[Issue] | None:
    """The library's complaints about a parsed resource as issues of severity "information".

    Empty when it accepts. None when it is not asked, as its answer would mean nothing: a type or element
    listed in FAULTS (also in a contained or bundled resource), a type DSTU2 does not have, or more than
    MAX_VALUES values. Never raises, never changes the document.
    """
    try:
        shown = _Copy().resource(document)
        return _complaints(str(document["resourceType"]), shown)
    except _NotAskedError:
        return None
    except Exception:  # noqa: BLE001 - whatever else breaks inside the library is not an opinion
        return None


class _NotAskedError(Exception):
    """The document touches what the library gets wrong."""


class _Copy:
    """Copies the known elements of a document, without comments and base64, or finds a reason not to ask."""

    def __init__(self) -> None:
        self.values = 0

    def resource(self, document: Any) -> dict[str, Any]:
        name = document.get("resourceType") if isinstance(document, Mapping) else None
        if not isinstance(name, str) or name in FAULTS or not by_property(name):
            raise _NotAskedError
        return {"resourceType": name, **self.members(name, document)}

    def members(self, shape: str, document: Mapping[str, Any]) -> dict[str, Any]:
        slots = by_property(shape)
        members = {}
        for name, value in document.items():
            slot = slots.get(name.removeprefix("_"))
            if slot is None:
                continue
            if f"{shape}.{slot.name}" in FAULTS:
                raise _NotAskedError
            shown = self.value(slot, value, companion=name.startswith("_"))
            if shown is not None or value is None:
                members[name] = shown
        return members

    def value(self, slot: Slot, value: Any, *, companion: bool) -> Any:
        if isinstance(value, list):
            return [self.item(slot, item, companion=companion) for item in value]
        return self.item(slot, value, companion=companion)

    def item(self, slot: Slot, value: Any, *, companion: bool) -> Any:
        self.values += 1
        if self.values > MAX_VALUES:
            raise _NotAskedError
        if not isinstance(value, dict):
            # What has the wrong form is for the library to refuse, not for the copy.
            harmful = slot.type == "base64Binary" and isinstance(value, str)
            return _HARMLESS_BASE64 if harmful else copy.deepcopy(value)
        if slot.kind == "container":
            return self.resource(value)
        if companion:
            # A companion of comments alone is right, and empty without them.
            return self.members(slot.shape, value) or None
        return self.members(slot.shape, value) if slot.kind == "complex" else {}


@cache
def _models() -> tuple[Callable[[str], Any], type[Exception]]:
    # Imported on first use: it takes longer than the rest of the program's start, and warns of its own age.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fhir.resources.DSTU2 import get_fhir_model_class
        from pydantic.v1 import ValidationError
    return get_fhir_model_class, ValidationError


def _complaints(name: str, shown: dict[str, Any]) -> list[Issue]:
    model, refusal = _models()
    try:
        model(name).parse_obj(shown)
    except refusal as error:
        return list(_issues(name, error))
    return []


def _issues(name: str, refusal: Any) -> Iterator[Issue]:
    for error in refusal.errors():
        # The library's own words quote content; the kind of the error does not.
        reason = _REASONS.get(error["type"], f"refused ({error['type']})")
        yield Issue("information", "informational", f"fhir.resources: {reason}", _path(name, error["loc"]))


def _path(name: str, location: tuple[str | int, ...]) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in location if step != _ROOT]
    return name + "".join(steps)
