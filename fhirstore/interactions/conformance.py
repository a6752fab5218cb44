"""The Conformance statement, made from the very table that serves: http://hl7.org/fhir/DSTU2/conformance.html."""

from __future__ import annotations

from typing import Any

import msgspec

from fhirstore import __version__
from fhirstore.dstu2.catalog import resource_types
from fhirstore.interactions.served import SERVED

RELEASED = "2026-11-21"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
FORMATS = ("application/json+fhir", "application/xml+fhir")


def conformance(base: str, token_url: str) -> bytes:
    """JSON bytes of what this server does, for callers who reached it under `base`."""
    statement: dict[str, Any] = {
        "resourceType": "Conformance",
        "status": "active",
        "date": RELEASED,
        "kind": "instance",
        "software": {"name": "fhirstore", "version": __version__},
        "implementation": {"description": "A store for patients' health records", "url": base},
        "fhirVersion": "1.0.2",
        "acceptUnknown": "extensions",
        "format": FORMATS,
        "rest": [
            {
                "mode": "server",
                "security": _security(token_url),
                "resource": [_resource(type) for type in resource_types()],
                "interaction": [{"code": row.code} for row in SERVED if not row.path.startswith("{type}")],
            }
        ],
    }
    return msgspec.json.encode(statement)


def _resource(type: str) -> dict[str, Any]:
    return {
        "type": type,
        "interaction": [{"code": row.code} for row in SERVED if row.path.startswith("{type}") and row.code[0] != "$"],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
    }


def _security(token_url: str) -> dict[str, Any]:
    return {
        "service": [
            {
                "coding": [{"system": "http://hl7.org/fhir/restful-security-service", "code": "OAuth"}],
                "text": "OAuth2 bearer tokens",
            }
        ],
        "extension": [{"url": OAUTH_URIS, "extension": [{"url": "token", "valueUri": token_url}]}],
    }
