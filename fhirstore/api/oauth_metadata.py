"""What clients can find out about the authorization server by themselves.

RFC 8414, and SMART on FHIR's own document, which is looked for below the FHIR endpoint.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from fhirstore.api.dependencies import BaseOf
from fhirstore.auth.grants import GRANTS
from fhirstore.auth.pkce import METHODS
from fhirstore.auth.tokens import APPLICATION_SCOPE, USER_SCOPE

router = APIRouter(tags=["OAuth2"])

_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_SMART_PATHS = tuple(f"{prefix}/.well-known/smart-configuration" for prefix in ("", "/dstu2", "/fhir/dstu2"))
_CAPABILITIES = ("client-public", "client-confidential-symmetric", "permission-user")


@router.get("/.well-known/oauth-authorization-server", summary="The authorization server's metadata")
async def authorization_server(base: BaseOf) -> dict[str, Any]:
    return {"issuer": base, **_metadata(base)}


async def smart_configuration(base: BaseOf) -> dict[str, Any]:
    return {**_metadata(base), "capabilities": _CAPABILITIES}


for _path in _SMART_PATHS:
    router.add_api_route(
        _path,
        smart_configuration,
        summary="SMART on FHIR's metadata",
        include_in_schema=_path == _SMART_PATHS[0],
        name=_path,
    )


def _metadata(base: str) -> dict[str, Any]:
    return {
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
        "revocation_endpoint": f"{base}/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
        "introspection_endpoint": f"{base}/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": list(_SECRET_METHODS),
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": list(METHODS),
        "scopes_supported": [USER_SCOPE, APPLICATION_SCOPE],
    }
