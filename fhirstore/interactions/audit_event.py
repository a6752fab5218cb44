"""An event of the trail as an AuditEvent: http://hl7.org/fhir/DSTU2/auditevent.html.

Made when it is asked for, always the same from the same event. It tells ids and codes, and nothing of any content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fhirstore.clock import instant
from fhirstore.interactions.notes import MADE_BY, patient_of
from fhirstore.store.contract import Version
from fhirstore.store.trail import APPLICATION_TYPE, USER_TYPE, Event, write_id

USER, APPLICATION = "urn:fhirstore:user", "urn:fhirstore:application"
"""Systems of the ids of users (`oneup_user_id`) and applications (`client_id`)."""
INTERACTION = "urn:fhirstore:interaction"
"""System of the codes of operations, which FHIR's own list of interactions does not name one by one."""

_REST = {"system": "http://hl7.org/fhir/audit-event-type", "code": "rest", "display": "RESTful Operation"}
_SOURCE = {
    "identifier": {"value": "fhirstore"},
    "type": [{"system": "http://hl7.org/fhir/security-source-type", "code": "4", "display": "Application Server"}],
}
_IS_APPLICATION = {
    "coding": [{"system": "http://nema.org/dicom/dicm", "code": "110150", "display": "Application"}],
}
_IS_USER = {"system": "http://hl7.org/fhir/object-role", "code": "6", "display": "User"}
_ACTIONS = {"create": "C", "read": "R", "vread": "R", "update": "U", "delete": "D"}
_OWN = frozenset({"share", "unshare", "grant", "grant-revoke"})
"""What happens to a record beside FHIR's interactions."""
_INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
_OBJECT_TYPE, _OBJECT_ROLE = "http://hl7.org/fhir/object-type", "http://hl7.org/fhir/object-role"


def event_of(version: Version, owner: int) -> Event | None:
    """The event that a version tells of itself, by its author; None where nobody is known to have made it."""
    author = version.author
    if author is None:
        return None
    return Event(
        write_id(version.updated, version.type, version.id, version.number),
        MADE_BY[version.method],
        204 if version.deleted else 201 if version.number == 1 else 200,
        owner,
        author.client_id,
        author.user,
        version.type,
        version.id,
        version.number,
        patient_of(version.type, version.id, version.body),
    )


def audit_event(event: Event) -> dict[str, Any]:
    """The resource, with id and meta."""
    at = instant(event.at)
    return {
        "resourceType": "AuditEvent",
        "id": event.id,
        "meta": {"versionId": "1", "lastUpdated": at},
        "event": {
            "type": _REST,
            "subtype": _subtypes(event.action),
            "action": "R" if event.action.startswith("history") else _ACTIONS.get(event.action, "E"),
            "dateTime": at,
            "outcome": "0" if event.succeeded else "4" if event.status < 500 else "8",
            "outcomeDesc": f"HTTP {event.status}",
        },
        "participant": _participants(event),
        "source": _SOURCE,
        "object": _objects(event),
    }


def _subtypes(action: str) -> list[dict[str, str]]:
    if action.startswith("$"):
        return [{"system": _INTERACTIONS, "code": "operation"}, {"system": INTERACTION, "code": action}]
    return [{"system": INTERACTION if action in _OWN else _INTERACTIONS, "code": action}]


def _participants(event: Event) -> list[dict[str, Any]]:
    """The user, where one acted, and the application; whoever acted is at the address."""
    application = {
        "role": [_IS_APPLICATION],
        "userId": {"system": APPLICATION, "value": event.client_id},
        "requestor": event.user is None,
    }
    user = {"userId": {"system": USER, "value": str(event.user)}, "requestor": True}
    participants = [application] if event.user is None else [user, application]
    if event.address:
        participants[0] = {**participants[0], "network": {"address": event.address, "type": "2"}}
    return participants


def _objects(event: Event) -> list[dict[str, Any]]:
    objects = [_object(event.type, event.target, event.version)]
    if event.patient and event.type != "Patient":
        objects.append(_object("Patient", event.patient, None))
    return objects


def _object(type: str, id: str, version: int | None) -> dict[str, Any]:
    if not id:
        query = {"system": _OBJECT_ROLE, "code": "24", "display": "Query"}
        return {"type": _coded_type("2"), "role": query, "name": type or "all types"}
    if type == USER_TYPE:
        return {"identifier": {"system": USER, "value": id}, "type": _coded_type("1"), "role": _IS_USER}
    if type == APPLICATION_TYPE:
        return {"identifier": {"system": APPLICATION, "value": id}, "type": _coded_type("2")}
    address = f"{type}/{id}" + (f"/_history/{version}" if version is not None else "")
    role, sort = ("1", "1") if type == "Patient" else ("4", "2")
    return {
        "reference": {"reference": address},
        "type": _coded_type(sort),
        "role": {"system": _OBJECT_ROLE, "code": role},
    }


def _coded_type(code: str) -> Mapping[str, str]:
    return {"system": _OBJECT_TYPE, "code": code}
