"""What an application asks a user for: a request at the authorization endpoint, understood.

RFC 6749 §4.1.1, RFC 7636, http://docs.smarthealthit.org/authorization. Whether the user is asked, and what comes of
it, is in `consenting`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fhirstore.auth import scopes
from fhirstore.auth.pkce import METHODS, is_challenge
from fhirstore.auth.tokens import USER_SCOPE, Asked
from fhirstore.errors import BadRequest, OAuthFailure
from fhirstore.store.accounts import Accounts, Application

_LENGTH_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Who asks, for what, and where the answer goes; `state` goes back with it.

    `launch` is the secret of the launch that it follows; `prompt` holds the words of OpenID Connect: whether the user
    must, or must not, be asked.
    """

    application: Application
    asked: Asked
    destination: str
    state: str | None
    launch: str | None = None
    prompt: frozenset[str] = frozenset()


@dataclass(eq=False)
class RefusedAuthorization(OAuthFailure):
    """A refusal that the application may be told, at its redirect URI (RFC 6749 §4.1.2.1)."""

    destination: str = ""
    state: str | None = None


async def understand(
    accounts: Accounts, parameters: Mapping[str, str], audiences: Collection[str] = ()
) -> AuthorizationRequest:
    """Raises BadRequest where nothing is known of the application or its redirect URI, so that only the user may be
    told, and RefusedAuthorization for every other fault.

    `audiences` are the addresses of the FHIR endpoint, one of which `aud` must be where it is given.
    """
    application = await accounts.application(parameters.get("client_id", ""))
    if application is None:
        raise BadRequest("There is no application with this client_id.")
    given = parameters.get("redirect_uri") or None
    destination, state = registered(application, given), parameters.get("state")
    scope = scopes.known(parameters.get("scope") or USER_SCOPE)
    if fault := _fault(application, parameters, scope, audiences):
        raise RefusedAuthorization(fault[1], error=fault[0], destination=destination, state=state)
    challenge, launch = parameters.get("code_challenge") or None, parameters.get("launch") or None
    if launch is None:
        # Apps that can be opened both ways ask for it always; there is nothing that it could mean.
        scope = " ".join(word for word in scope.split() if word != scopes.LAUNCH)
    return AuthorizationRequest(
        application,
        Asked(application.client_id, given, challenge, scope, nonce=parameters.get("nonce") or None),
        destination,
        state,
        launch,
        frozenset(parameters.get("prompt", "").split()),
    )


def refused(request: AuthorizationRequest, error: str, reason: str) -> RefusedAuthorization:
    """A refusal of a request that was understood."""
    return RefusedAuthorization(reason, error=error, destination=request.destination, state=request.state)


def registered(application: Application, given: str | None) -> str:
    """The registered redirect URI that was given, to the letter, or the only one there is. Raises BadRequest."""
    if given is None and len(application.redirect_uris) == 1:
        return application.redirect_uris[0]
    if given is None or given not in application.redirect_uris:
        raise BadRequest("The redirect_uri is not registered for this application.")
    return given


def _fault(
    application: Application, parameters: Mapping[str, str], scope: str, audiences: Collection[str]
) -> tuple[str, str] | None:
    """The error code and the reason, where there is something wrong."""
    for name in ("request", "request_uri"):
        if parameters.get(name):
            return f"{name}_not_supported", f"The parameter {name} is not supported"
    if parameters.get("response_type") != "code":
        return "unsupported_response_type", "The response_type must be code"
    if parameters.get("response_mode", "query") != "query":
        return "invalid_request", "The response_mode must be query"
    if any(len(parameters.get(name, "")) > _LENGTH_LIMIT for name in ("state", "nonce", "scope", "launch")):
        return "invalid_request", f"A parameter is longer than {_LENGTH_LIMIT} characters"
    audience = parameters.get("aud")
    if audience and audience.rstrip("/") not in audiences:
        return "invalid_request", "The aud is not this server's FHIR endpoint"
    if fault := _fault_of_challenge(application, parameters):
        return "invalid_request", fault
    if parameters.get("launch") and scopes.LAUNCH not in scope.split():
        return "invalid_scope", "A launch needs the scope launch"
    if not scopes.opens_something(scope) and scopes.OPENID not in scope.split():
        return "invalid_scope", "None of these scopes opens anything here"
    return None


def _fault_of_challenge(application: Application, parameters: Mapping[str, str]) -> str | None:
    challenge = parameters.get("code_challenge")
    if not challenge:
        return "A code_challenge is required" if application.public else None
    # Without a method it would be `plain`, which proves nothing to whoever saw the request.
    if parameters.get("code_challenge_method") not in METHODS:
        return "The code_challenge_method must be S256"
    return None if is_challenge(challenge) else "The code_challenge is not a SHA-256"
