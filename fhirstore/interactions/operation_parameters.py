"""What an operation is given, from the query or a Parameters resource, checked against its definition.

http://hl7.org/fhir/DSTU2/operations.html#executing
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import parse
from fhirstore.dstu2.levels import judge, refused
from fhirstore.errors import BadRequest, Issue, Unprocessable
from fhirstore.interactions.request import Request

_TRANSPORT = frozenset({"_format", "_pretty", "access_token"})
_COMPLEX = frozenset({"Coding", "CodeableConcept"})
_BOOLEANS = {"true": True, "false": False}
_KINDS: Mapping[str, type] = {"integer": int, "boolean": bool, "Coding": dict, "CodeableConcept": dict}
"""What the JSON of a type is; of the others a string, and of a resource an object."""


def given_parameters(code: str, request: Request) -> dict[str, Any]:
    """The parameters of an operation by name, each in the JSON form of its type; those of the body go first.

    A body may also be the one resource that the operation takes. Raises BadRequest, naming it, for a parameter that
    the operation does not have, that is given twice or has another type; Unprocessable for a body that is no FHIR.
    """
    types = _types(code)
    given: dict[str, Any] = {}
    for name, text in request.query:
        if name not in _TRANSPORT:
            _put(given, name, _from_text(name, text, _type(types, code, name)))
    if request.body:
        given |= _from_body(code, types, request.body)
    return given


def _types(code: str) -> dict[str, str]:
    operation = next(each for each in catalog.operations() if each.code == code)
    return {each.name: each.type for each in operation.parameters if each.use == "in"}


def _type(types: Mapping[str, str], code: str, name: str) -> str:
    if name not in types:
        raise BadRequest(f"${code} has no parameter '{name[:64]}'; it has {', '.join(types)}.")
    return types[name]


def _put(given: dict[str, Any], name: str, value: Any) -> None:
    if name in given:
        raise BadRequest(f"The parameter {name} may be given once.")
    given[name] = value


def _from_text(name: str, text: str, type: str) -> Any:
    if type in _COMPLEX or catalog.is_resource_type(type):
        raise BadRequest(f"The parameter {name} must be sent in a Parameters resource.")
    if type == "boolean" and text in _BOOLEANS:
        return _BOOLEANS[text]
    if type == "integer" and text.isascii() and text.removeprefix("-").isdigit() and len(text) < 10:
        return int(text)
    if type in {"boolean", "integer"} or not text:
        raise _mistyped(name, type)
    return text


def _from_body(code: str, types: Mapping[str, str], body: bytes) -> dict[str, Any]:
    document = parse(body)
    issues = judge(document, "structure")
    if refused(issues, "structure"):
        raise Unprocessable("The body breaks the rules of DSTU2.", [issue for issue in issues if issue.refuses])
    posted = document["resourceType"]
    if posted != "Parameters":
        name = next((name for name, type in types.items() if type == posted), None)
        if name is None:
            raise BadRequest(f"${code} takes a Parameters resource.")
        return {name: document}
    given: dict[str, Any] = {}
    for parameter in document.get("parameter", ()):
        name = parameter.get("name", "")
        _put(given, name, _from_parameter(name, parameter, _type(types, code, name)))
    return given


def _from_parameter(name: str, parameter: Mapping[str, Any], type: str) -> Any:
    if catalog.is_resource_type(type):
        resource = parameter.get("resource")
        if not isinstance(resource, dict) or resource.get("resourceType") != type:
            raise _mistyped(name, type)
        return resource
    # Clients take valueString for valueUri and the like: what counts is the form.
    member = next((member for member in parameter if member.startswith("value")), "")
    wanted = _KINDS.get(type, str)
    value = parameter.get(member)
    if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
        raise _mistyped(name, type)
    if type in _COMPLEX and member != f"value{type}":
        raise _mistyped(name, type)
    return value


def _mistyped(name: str, type: str) -> BadRequest:
    reason = f"The parameter {name} must be of type {type}."
    return BadRequest(reason, [Issue("error", "value", reason)])
