"""$expand, $lookup and $validate-code: http://hl7.org/fhir/DSTU2/valueset-operations.html.

They answer over the value sets and code systems that DSTU2 publishes and over the caller's own, as far as these reach;
what would need another code system is refused, naming it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from fhirstore.clock import instant
from fhirstore.dstu2.json_format import dump
from fhirstore.dstu2.terminology import BeyondReach, Budget, CodeSystem, Concept, Terminology, ValueSet
from fhirstore.errors import BadRequest, NotFound
from fhirstore.interactions.asked_value_set import asked_value_set, check_date
from fhirstore.interactions.known_value_sets import known_value_sets
from fhirstore.interactions.operation_parameters import given_parameters
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request
from fhirstore.search.folding import fold

_FILTER_LIMIT = 200

Given = Mapping[str, Any]


async def expand(request: Request, context: Context) -> Reply:
    """The value set with its codes, as a flat list; `offset` and `count` give a part of it, `filter` what has a text.

    Raises NotFound for a value set that is not there, BeyondReach and TooCostly (422) for one that cannot be expanded.
    """
    given = given_parameters("expand", request)
    if "profile" in given:
        raise BeyondReach("Expansions by a profile are not known here.")
    offset, count = _part(given)
    value_set, terminology = await asked_value_set(request, given, context)
    concepts = _with_words(terminology.expand(value_set), _words(given.get("filter", "")))
    shown = concepts[offset : None if count is None else offset + count]
    return Reply(200, dump(_expanded(value_set, shown, len(concepts), given, context)))


async def lookup(request: Request, context: Context) -> Reply:
    """The name of a code and of its system. Raises NotFound for a code that the system does not have."""
    given = given_parameters("lookup", request)
    check_date(given, context)
    if ("coding" in given) == ("code" in given):
        raise BadRequest("$lookup needs either a code with its system, or a coding.")
    coding = given.get("coding") or _coding(given)
    url = coding.get("system")
    if not url or "code" not in coding:
        raise BadRequest("A coding needs a system and a code.")
    known = await known_value_sets(context, systems=[url])
    system = _in_version(known.terminology.code_system(url), coding)
    if system is None:
        raise BeyondReach(f"The code system is not held here: {url[:200]}")
    concept = system.find(coding["code"])
    if concept is None:
        raise NotFound("The code system does not have this code.")
    return _parameters(
        name=system.name or system.url,
        version=system.version,
        display=concept.display or concept.code,
        abstract=concept.abstract,
    )


async def validate_code(request: Request, context: Context) -> Reply:
    """Whether a code, coding or concept is in a value set, with the reason if not, and how the code is displayed.

    Raises NotFound and BeyondReach as `expand`, but the latter only where the answer hangs on what is out of reach.
    """
    given = given_parameters("validate-code", request)
    if sum(name in given for name in ("code", "coding", "codeableConcept")) != 1:
        raise BadRequest("$validate-code needs exactly one of code (with its system), coding and codeableConcept.")
    value_set, terminology = await asked_value_set(request, given, context)
    if "codeableConcept" in given:
        codings = given["codeableConcept"].get("coding", [])
    else:
        codings = [given.get("coding") or _coding(given)]
    return _best(codings, value_set, terminology, abstract=given.get("abstract", False))


def _part(given: Given) -> tuple[int, int | None]:
    offset, count = given.get("offset", 0), given.get("count")
    if offset < 0 or (count is not None and count < 0):
        raise BadRequest("offset and count must not be negative.")
    return offset, count


def _words(text: str) -> Sequence[str]:
    if len(text) > _FILTER_LIMIT:
        raise BadRequest(f"The filter may have up to {_FILTER_LIMIT} characters.")
    return fold(text).split()


def _with_words(concepts: Sequence[Concept], words: Sequence[str]) -> Sequence[Concept]:
    """Those that have each word somewhere in the code or its display, whatever its case and accents."""
    if not words:
        return concepts
    texts = (f"{fold(each.display)}\n{fold(each.code)}" for each in concepts)
    return [each for each, text in zip(concepts, texts, strict=True) if all(word in text for word in words)]


def _expanded(
    value_set: ValueSet, shown: Iterable[Concept], total: int, given: Given, context: Context
) -> dict[str, Any]:
    id = context.new_id()
    expansion: dict[str, Any] = {
        "identifier": f"urn:uuid:{uuid5(NAMESPACE_OID, id)}",
        "timestamp": instant(context.clock()),
        "total": total,
    }
    if "offset" in given or "count" in given:
        expansion["offset"] = given.get("offset", 0)
    if asked := [_asked(name, given[name]) for name in ("filter", "offset", "count") if name in given]:
        expansion["parameter"] = asked
    if contains := [_contained(each) for each in shown]:
        expansion["contains"] = contains
    named = {"url": value_set.url, "version": value_set.version, "name": value_set.name}
    return {
        "resourceType": "ValueSet",
        "id": id,
        **{name: text for name, text in named.items() if text},
        "status": value_set.status or "draft",
        "expansion": expansion,
    }


def _asked(name: str, value: str | int) -> dict[str, Any]:
    return {"name": name, ("valueInteger" if isinstance(value, int) else "valueString"): value}


def _contained(concept: Concept) -> dict[str, Any]:
    members = {"system": concept.system, "abstract": concept.abstract, "code": concept.code, "display": concept.display}
    return {name: value for name, value in members.items() if value}


def _coding(given: Given) -> Given:
    if "system" not in given:
        raise BadRequest("A code needs its system.")
    return {name: given[name] for name in ("system", "version", "code", "display") if name in given}


def _in_version(system: CodeSystem | None, coding: Given) -> CodeSystem | None:
    version = coding.get("version")
    if system and version and system.version and version != system.version:
        raise BeyondReach(f"The code system is held in version {system.version[:80]} alone: {system.url[:200]}")
    return system


def _best(codings: Sequence[Given], value_set: ValueSet, terminology: Terminology, *, abstract: bool) -> Reply:
    """The first coding that is valid answers for all; with none, the first tells why."""
    faults: list[Reply] = []
    beyond: BeyondReach | None = None
    budget = Budget()
    for coding in codings:
        try:
            fault, display = _judged(coding, value_set, terminology, budget, abstract=abstract)
        except BeyondReach as doubt:
            beyond = doubt
            continue
        if fault is None:
            return _parameters(result=True, display=display)
        faults.append(_parameters(result=False, message=fault, display=display))
    if beyond:
        raise beyond
    return faults[0] if faults else _parameters(result=False, message="The concept has no code to judge by.")


def _judged(
    coding: Given, value_set: ValueSet, terminology: Terminology, budget: Budget, *, abstract: bool
) -> tuple[str | None, str]:
    """What is wrong with a coding, None if nothing is; and the display of its code, "" where none is known."""
    system = _in_version(terminology.code_system(coding.get("system", "")), coding)
    concept = terminology.find(value_set, coding.get("system", ""), coding.get("code", ""), budget)
    if concept is None:
        return "The code is not in the value set.", ""
    if concept.abstract and not abstract:
        return "The code is abstract: it orders others, and is no value itself.", concept.display
    defined = system.find(concept.code) if system else None
    displays = [each.display for each in (concept, defined) if each and each.display]
    asked = coding.get("display")
    if asked and displays and fold(asked) not in {fold(display) for display in displays}:
        return "The display is not that of the code.", displays[0]
    return None, displays[0] if displays else ""


def _parameters(**values: str | bool) -> Reply:
    """A Parameters resource; a text that is not known is left out."""
    parameters = [
        {"name": name, ("valueBoolean" if isinstance(value, bool) else "valueString"): value}
        for name, value in values.items()
        if value != ""
    ]
    return Reply(200, dump({"resourceType": "Parameters", "parameter": parameters}))
