"""Which value set an operation is about: http://hl7.org/fhir/DSTU2/valueset-operations.html."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.terminology import BeyondReach, Terminology, ValueSet, read_value_set
from fhirstore.errors import BadRequest, NotFound
from fhirstore.interactions.known_value_sets import known_value_sets
from fhirstore.interactions.request import Context, Request
from fhirstore.search.kinds.date import interval

_DEFINITIONS = "http://hl7.org/fhir/StructureDefinition/"
_IMPLIED = ("http://snomed.info/sct", "http://loinc.org/vs")
"""What the URLs of value sets begin with that a code system of others defines without writing them down."""


async def asked_value_set(request: Request, given: Mapping[str, Any], context: Context) -> tuple[ValueSet, Terminology]:
    """One that was sent, or named, or that of the address; and what is needed to tell of it.

    Raises NotFound for one that is not there, or another user's; BeyondReach for one that cannot be here.
    """
    check_date(given, context)
    sources = [name for name in ("valueSet", "identifier", "context") if name in given]
    if len(sources) > 1 or not (sources or request.id):
        raise BadRequest("One of valueSet, identifier and context is needed, or the address of a value set.")
    if "valueSet" in given:
        sent = read_value_set(given["valueSet"])
        return sent, (await known_value_sets(context, given=[sent])).terminology
    name = given.get("identifier") or f"ValueSet/{request.id}"
    if "context" in given:
        name = _bound(given["context"])
    name = name.removeprefix(f"{context.base}/")
    known = await known_value_sets(context, [name])
    found = known.value_set(name)
    if found is None and name.startswith(_IMPLIED):
        raise BeyondReach("Value sets that a code system implies are not supported.")
    if found is None:
        raise NotFound("There is no value set of this name.")
    return found, known.terminology


def check_date(given: Mapping[str, Any], context: Context) -> None:
    """Raises BeyondReach where an earlier date is asked for: only the present content is at hand."""
    if "date" not in given:
        return
    covered = interval(given["date"])
    if covered is None:
        raise BadRequest("The parameter date must be a dateTime.")
    if covered[1] <= context.clock() * 1000:
        raise BeyondReach("Only what holds at present is known here, not what held at an earlier date.")


def _bound(place: str) -> str:
    """The value set of an element of the base definitions: "…/StructureDefinition/Patient#Patient.gender"."""
    url, _, path = place.partition("#")
    for element in catalog.elements(path.rpartition(".")[0]):
        if element.path == path and element.binding and url == _DEFINITIONS + path.partition(".")[0]:
            return element.binding.value_set
    raise NotFound("The context names no element of DSTU2 that is bound to a value set.")
