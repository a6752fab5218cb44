"""$validate: what create and update would say of a resource, without storing it.

http://hl7.org/fhir/DSTU2/resource-operations.html#validate
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fhirstore.dstu2 import second_opinion
from fhirstore.dstu2.json_format import parse
from fhirstore.dstu2.levels import judge
from fhirstore.dstu2.outcome import operation_outcome
from fhirstore.errors import BadRequest, Failure, Gone, Issue, NotFound
from fhirstore.interactions.incoming import check_type
from fhirstore.interactions.reply import Reply
from fhirstore.interactions.request import Context, Request

MODES = frozenset({"create", "update", "delete", "profile"})
_FLAWLESS = Issue("information", "informational", "The resource keeps the rules of DSTU2.")


async def validate(request: Request, context: Context) -> Reply:
    """An OperationOutcome with everything that was found; 200 whatever it says.

    The resource is the body, the body's parameter `resource`, or, without either, the stored one of the address.
    """
    try:
        issues = await _issues(request, context)
    except BadRequest as failure:
        issues = failure.issues
    return verdict(issues)


def verdict(issues: Sequence[Issue]) -> Reply:
    return Reply(200, operation_outcome(issues or [_FLAWLESS]))


async def _issues(request: Request, context: Context) -> Sequence[Issue]:
    document, mode, profile = _asked(request)
    if mode is not None and mode not in MODES:
        raise BadRequest("The mode must be create, update, delete or profile.")
    if mode == "delete" or document is None:
        stored = await _stored(request, context)
        if mode == "delete":
            return []
        document = stored
    check_type(request.type, document)
    issues = [*judge(document, context.level), *_id_issues(request, document, mode)]
    if context.level != "strict":
        issues += second_opinion.ask(dict(document)) or ()
    if profile:
        issues.append(Issue("warning", "not-supported", "Profiles are not applied: judged by the base definitions."))
    return issues


def _asked(request: Request) -> tuple[Mapping[str, Any] | None, str | None, str | None]:
    """The resource, the mode and the profile, from the query or a Parameters resource."""
    query = dict(request.query)
    given: dict[str, Any] = {"mode": query.get("mode"), "profile": query.get("profile")}
    if not request.body:
        return None, given["mode"], given["profile"]
    document = parse(request.body)
    parameters = document.get("parameter") if document.get("resourceType") == "Parameters" else None
    if not isinstance(parameters, list) or (request.type == "Parameters" and not _wraps(parameters)):
        return document, given["mode"], given["profile"]
    for parameter in parameters:
        if isinstance(parameter, dict):
            value = next((parameter[name] for name in ("resource", "valueCode", "valueUri") if name in parameter), None)
            given[str(parameter.get("name"))] = value
    resource = given.get("resource")
    return resource if isinstance(resource, dict) else None, given["mode"], given["profile"]


def _wraps(parameters: Sequence[Any]) -> bool:
    """Whether these are the operation's own parameters, rather than a Parameters resource to be judged."""
    return any(isinstance(each, dict) and each.get("name") == "resource" and "resource" in each for each in parameters)


async def _stored(request: Request, context: Context) -> dict[str, Any]:
    if not request.id:
        raise BadRequest("There is no resource to validate.", [Issue("error", "required", "A resource is needed.")])
    version = await context.resources.current(request.type, request.id)
    failure: Failure | None = None
    if version is None:
        failure = NotFound(f"There is no {request.type} with this id.")
    elif version.deleted:
        failure = Gone(f"This {request.type} was deleted.")
    if version is None or failure is not None:
        assert failure is not None
        raise failure
    return parse(version.body)


def _id_issues(request: Request, document: Mapping[str, Any], mode: str | None) -> list[Issue]:
    if mode == "update" and request.id and document.get("id") != request.id:
        return [Issue("error", "value", "The body must hold the same id as the address.", f"{request.type}.id")]
    return []
