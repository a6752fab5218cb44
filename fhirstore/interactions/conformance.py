"""The Conformance statement, made from the very tables that serve: http://hl7.org/fhir/DSTU2/conformance.html."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from fhirstore import __version__
from fhirstore.dstu2 import catalog
from fhirstore.interactions.request import Limits
from fhirstore.interactions.served import SERVED
from fhirstore.search.parameters import SOURCE

RELEASED = "2026-11-21"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SERVICES = "http://hl7.org/fhir/restful-security-service"
FORMATS = ("application/json+fhir", "application/xml+fhir")

_SOURCE = {
    "name": SOURCE,
    "type": "uri",
    "documentation": "This server's own: the URI of the source, which stands in a tag of urn:fhirstore:source.",
}
OWN_OPERATIONS = "urn:fhirstore:operation:"
"""What the definitions of operations begin with that are not the specification's; the README describes them."""

_OWN = (
    "This server's own: POST $import takes resources, Bundles and NDJSON of one source (X-Source) in the background, GET"
    " $export gives the record as NDJSON; both answer 202 with an address to poll, as the Bulk Data specification has it."
)
_REFUSED = frozenset({"_query"})
"""Parameters of the specification that always get an outcome saying that there are none of their kind here."""


def conformance(base: str, oauth_uris: Mapping[str, str], limits: Limits) -> bytes:
    """JSON bytes of what this server does, for callers who reached it under `base`.

    `oauth_uris` are the addresses of the authorization server's endpoints, by SMART's names for them.
    """
    statement: dict[str, Any] = {
        "resourceType": "Conformance",
        "id": "fhirstore",
        "name": "fhirstore",
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
                "documentation": _OWN,
                "security": _security(oauth_uris),
                "resource": [_resource(type) | _deletes(limits) for type in catalog.resource_types()],
                "transactionMode": "both",
                "interaction": [{"code": code} for code in _codes(of_types=False)],
                "operation": _operations(),
                "compartment": [f"http://hl7.org/fhir/compartment/{name}" for name in catalog.compartments()],
            }
        ],
    }
    return msgspec.json.encode(statement)


@cache
def _resource(type: str) -> dict[str, Any]:
    known = catalog.search_parameters(type).values()
    referring = _referring(type)
    return {
        "type": type,
        "profile": {"reference": f"http://hl7.org/fhir/StructureDefinition/{type}"},
        "interaction": [{"code": code} for code in _codes(of_types=True)],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalUpdate": True,
        "searchInclude": ["*", *(f"{type}:{each.name}" for each in known if each.type == "reference")],
        **({"searchRevInclude": referring} if referring else {}),
        "searchParam": [
            *({"name": each.name, "type": each.type} for each in known if each.name not in _REFUSED),
            _SOURCE,
        ],
    }


def _deletes(limits: Limits) -> dict[str, Any]:
    return {"conditionalDelete": limits.conditional_delete}


def _referring(type: str) -> list[str]:
    """The reference parameters of other types that may point at this one."""
    return [
        f"{other}:{each.name}"
        for other in catalog.resource_types()
        for each in catalog.search_parameters(other).values()
        if each.type == "reference" and type in each.targets
    ]


def _codes(*, of_types: bool) -> list[str]:
    """The interactions of the specification in the table, each once; operations are told apart."""
    rows = (row for row in SERVED if row.path.startswith("{type}") == of_types and row.code[0] != "$")
    return list(dict.fromkeys(row.code for row in rows))


def _operations() -> list[dict[str, Any]]:
    """The operations that the table serves, by their definitions; those of our own by names."""
    served = dict.fromkeys(row.code.removeprefix("$") for row in SERVED if row.code[0] == "$")
    defined = {operation.code: operation.url for operation in catalog.operations()}
    addresses = {code: defined.get(code, f"{OWN_OPERATIONS}{code}") for code in sorted(served)}
    return [{"name": code, "definition": {"reference": address}} for code, address in addresses.items()]


def _security(oauth_uris: Mapping[str, str]) -> dict[str, Any]:
    return {
        "cors": True,
        "service": [
            {
                "coding": [{"system": SERVICES, "code": code} for code in ("SMART-on-FHIR", "OAuth")],
                "text": "OAuth2 with SMART on FHIR's launches and scopes",
            }
        ],
        "extension": [
            {
                "url": OAUTH_URIS,
                "extension": [{"url": name, "valueUri": address} for name, address in oauth_uris.items()],
            }
        ],
    }
