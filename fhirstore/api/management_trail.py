"""Every call of user management, of the token endpoint and of the pages that change something, noted for the trail.

Around all routes, in one place: what a call is named is in the table below, and who made it about whom is found out
while it is answered. A call of which no application and no user was recognized is nobody's, and in the log alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirstore.auth.calls import begin_call
from fhirstore.clock import Clock
from fhirstore.interactions.notes import REQUEST_ID, Extent
from fhirstore.store.trail import USER_TYPE, Event, event_id

ACTIONS: Mapping[tuple[str, str], str] = {
    ("POST", "/user-management/v1/user"): "user-create",
    ("GET", "/user-management/v1/user"): "user-list",
    ("PUT", "/user-management/v1/user"): "user-update",
    ("DELETE", "/user-management/v1/user"): "user-delete",
    ("POST", "/user-management/v1/user/auth-code"): "auth-code",
    ("POST", "/user-management/v1/user/sign-in-link"): "sign-in-link",
    ("POST", "/user-management/v1/user/launch"): "launch",
    ("GET", "/user-management/v1/user/grant"): "grant-list",
    ("DELETE", "/user-management/v1/user/grant"): "grant-revoke",
    ("GET", "/user-management/v1/user/source"): "source-list",
    ("DELETE", "/user-management/v1/user/source"): "source-remove",
    ("GET", "/user-management/v1/user/source/removal"): "source-removal-status",
    ("POST", "/oauth2/token"): "token",
    ("POST", "/fhir/oauth2/token"): "token",
    ("POST", "/oauth2/revoke"): "token-revoke",
    ("POST", "/oauth2/introspect"): "token-introspect",
    ("POST", "/v1/organizations/{org}/users"): "user-create",
    ("POST", "/v1/organizations/{org}/authorization/new_user"): "user-create",
    ("GET", "/v1/organizations/{org}/users"): "user-list",
    ("GET", "/v1/organizations/{org}/users/{id}"): "user-read",
    ("PUT", "/v1/organizations/{org}/users/{id}"): "user-update",
    ("DELETE", "/v1/organizations/{org}/users/{id}"): "user-delete",
    ("DELETE", "/v1/organizations/{org}/users"): "user-delete",
    ("GET", "/v1/organizations/{org}/users/{id}/refresh_token"): "token-replace",
    ("GET", "/v1/organizations/{org}/apps"): "app-list",
    ("GET", "/v1/organizations/{org}"): "organization-read",
    ("GET", "/v1/me"): "me-read",
    ("GET", "/v1/profile"): "profile-read",
    ("POST", "/v1/profile"): "profile-update",
    ("POST", "/sign-in/{secret}"): "sign-in",
    ("POST", "/console/applications"): "application-create",
    ("POST", "/console/applications/{client_id}/settings"): "application-update",
    ("POST", "/console/applications/{client_id}/rotate"): "secret-rotate",
    ("POST", "/console/applications/{client_id}/revoke-previous"): "secret-revoke",
    ("POST", "/console/applications/{client_id}/users/{id}/active"): "user-update",
    ("POST", "/console/applications/{client_id}/users/{id}/sign-in-link"): "sign-in-link",
}
"""What calls are named, by method and the pattern of their path."""

_READING = frozenset({"user-list", "user-read", "grant-list", "source-list", "source-removal-status", "app-list"})
_READING |= {"organization-read", "me-read", "profile-read", "token-introspect"}


class ManagementTrail:
    """Notes with `note` what is named in the table. Pure ASGI, beneath the FHIR endpoint."""

    def __init__(self, app: ASGIApp, note: Callable[[Event], None], clock: Clock, extent: Extent) -> None:
        self._app = app
        self._note = note
        self._clock = clock
        self._extent = extent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._extent == "off":
            await self._app(scope, receive, send)
            return
        call, status = begin_call(), 500

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            action = ACTIONS.get((scope["method"], getattr(scope.get("route"), "path", "")))
            if action and (call.client_id or call.user) and (self._extent == "all" or action not in _READING):
                client = scope.get("client")
                about = ("", "") if call.user is None else (USER_TYPE, str(call.user))
                self._note(
                    Event(
                        *(event_id(self._clock()), action, status, None, call.client_id, None, *about, None, ""),
                        *(scope.get(REQUEST_ID, ""), client[0] if client else ""),
                    )
                )
