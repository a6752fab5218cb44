"""What an application asks a user for: a request at the authorization endpoint, understood (RFC 6749 §4.1.1, RFC 7636).

The page that shows it to the user issues the code with `tokens.issue_code`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fhirstore.auth.pkce import METHODS, is_challenge
from fhirstore.auth.tokens import USER_SCOPE, Asked
from fhirstore.errors import BadRequest, OAuthFailure
from fhirstore.store.accounts import Accounts, Application


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Who asks, for what, and where the answer goes; `state` goes back with it."""

    application: Application
    asked: Asked
    destination: str
    state: str | None


@dataclass(eq=False)
class RefusedAuthorization(OAuthFailure):
    """A refusal that the application may be told, at its redirect URI (RFC 6749 §4.1.2.1)."""

    destination: str = ""
    state: str | None = None


async def understand(accounts: Accounts, parameters: Mapping[str, str]) -> AuthorizationRequest:
    """Raises BadRequest where nothing is known of the application or its redirect URI, so that only the user may be
    told, and RefusedAuthorization for every other fault."""
    application = await accounts.application(parameters.get("client_id", ""))
    if application is None:
        raise BadRequest("There is no application with this client_id.")
    given = parameters.get("redirect_uri") or None
    destination, state = registered(application, given), parameters.get("state")
    if parameters.get("response_type") != "code":
        reason = "The response_type must be code"
        raise RefusedAuthorization(reason, error="unsupported_response_type", destination=destination, state=state)
    if fault := _fault_of_challenge(application, parameters):
        raise RefusedAuthorization(fault, error="invalid_request", destination=destination, state=state)
    challenge, scope = parameters.get("code_challenge") or None, parameters.get("scope") or USER_SCOPE
    return AuthorizationRequest(application, Asked(application.client_id, given, challenge, scope), destination, state)


def registered(application: Application, given: str | None) -> str:
    """The registered redirect URI that was given, to the letter, or the only one there is. Raises BadRequest."""
    if given is None and len(application.redirect_uris) == 1:
        return application.redirect_uris[0]
    if given is None or given not in application.redirect_uris:
        raise BadRequest("The redirect_uri is not registered for this application.")
    return given


def _fault_of_challenge(application: Application, parameters: Mapping[str, str]) -> str | None:
    challenge = parameters.get("code_challenge")
    if not challenge:
        return "A code_challenge is required" if application.public else None
    # Without a method it would be `plain`, which proves nothing to whoever saw the request.
    if parameters.get("code_challenge_method") not in METHODS:
        return "The code_challenge_method must be S256"
    return None if is_challenge(challenge) else "The code_challenge is not a SHA-256"
