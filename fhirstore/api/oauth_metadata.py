"""What clients can find out about the authorization server by themselves.

RFC 8414, OpenID Connect Discovery §3, and SMART on FHIR's own document, which is looked for below the FHIR endpoint.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from fhirstore.api.dependencies import BaseOf, SignerOf
from fhirstore.api.fhir import PREFIXES
from fhirstore.auth.grants import GRANTS
from fhirstore.auth.id_tokens import ALGORITHM, CLAIMS
from fhirstore.auth.pkce import METHODS
from fhirstore.auth.scopes import SUPPORTED
from fhirstore.auth.tokens import APPLICATION_SCOPE

router = APIRouter(tags=["OAuth2"])

_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_SMART_PATHS = tuple(f"{prefix}/.well-known/smart-configuration" for prefix in ("", *PREFIXES))
_CAPABILITIES = (
    "launch-standalone",
    "launch-ehr",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "sso-openid-connect",
    "context-banner",
    "context-standalone-patient",
    "context-ehr-patient",
    "permission-offline",
    "permission-patient",
    "permission-user",
    "permission-v1",
)


@router.get("/.well-known/oauth-authorization-server", summary="The authorization server's metadata")
async def authorization_server(base: BaseOf) -> dict[str, Any]:
    return _metadata(base)


@router.get("/.well-known/openid-configuration", summary="The same, as OpenID Connect asks for it")
async def openid_configuration(base: BaseOf) -> dict[str, Any]:
    return {
        **_metadata(base),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": CLAIMS,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


@router.get("/.well-known/jwks.json", summary="The keys that id tokens are checked with")
async def keys(signer: SignerOf) -> dict[str, Any]:
    return await signer.public_keys()


async def smart_configuration(base: BaseOf) -> dict[str, Any]:
    return {**_metadata(base), "management_endpoint": f"{base}/granted-apps", "capabilities": _CAPABILITIES}


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
        "issuer": base,
        "authorization_endpoint": f"{base}/oauth2/authorize",
        "token_endpoint": f"{base}/oauth2/token",
        "token_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
        "revocation_endpoint": f"{base}/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": [*_SECRET_METHODS, "none"],
        "introspection_endpoint": f"{base}/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": list(_SECRET_METHODS),
        "jwks_uri": f"{base}/.well-known/jwks.json",
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "prompt_values_supported": ["none", "consent"],
        "code_challenge_methods_supported": list(METHODS),
        "scopes_supported": [*SUPPORTED, APPLICATION_SCOPE],
    }
