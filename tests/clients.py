"""Those who use the server in tests: an application, and its users with their tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from uuid import uuid4

import httpx

from fhirstore.auth.applications import create_application
from fhirstore.auth.secrets import digest, mint
from fhirstore.auth.tokens import ACCESS_SECONDS, REFRESH_SECONDS, USER_SCOPE
from fhirstore.clock import now
from fhirstore.store.accounts import NewUser, Token
from tests.server import AppServer

FHIR_JSON = "application/json+fhir"

# Loading the machine's certificates takes longer than most tests, and nothing here speaks TLS. All servers of a run are
# on one host: what one of them has a browser keep is not for the others.
http = httpx.Client(
    verify=False, trust_env=False, timeout=30, cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[]))
)


@dataclass(frozen=True)
class UserClient:
    """One user's token in the hands of an application; paths are below `/dstu2`."""

    address: str
    id: int
    app_user_id: str
    access_token: str
    refresh_token: str
    prefix: str = "/dstu2"

    @property
    def base(self) -> str:
        return self.address + self.prefix

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None = None, /, **headers: str
    ) -> httpx.Response:
        """Headers are given with underscores: `if_match='W/"1"'`."""
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent.setdefault("content-type", FHIR_JSON)
        content = json.dumps(body).encode() if isinstance(body, Mapping) else body
        return http.request(method, f"{self.base}/{path}", content=content, headers=sent)

    def get(self, path: str, /, **headers: str) -> httpx.Response:
        return self.request("GET", path, **headers)

    def post(self, path: str, body: Mapping[str, Any] | bytes, /, **headers: str) -> httpx.Response:
        return self.request("POST", path, body, **headers)

    def put(self, path: str, body: Mapping[str, Any] | bytes, /, **headers: str) -> httpx.Response:
        return self.request("PUT", path, body, **headers)

    def delete(self, path: str, /, **headers: str) -> httpx.Response:
        return self.request("DELETE", path, **headers)

    def create(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Post a resource that must be accepted; answers it as it is stored."""
        answer = self.post(resource["resourceType"], resource)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    def under(self, prefix: str) -> UserClient:
        return replace(self, prefix=prefix)


@dataclass(frozen=True)
class ApplicationClient:
    """An application that knows its secret, and where a test needs it, its organization's token."""

    address: str
    client_id: str
    client_secret: str
    organization_id: str = ""
    organization_token: str = ""
    server: AppServer | None = field(default=None, compare=False, repr=False)
    """Where it runs in this process."""

    @property
    def credentials(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    def manage(self, method: str, path: str, /, **parameters: str | int) -> httpx.Response:
        """A call of user management, everything in a form."""
        form = {**self.credentials, **parameters}
        return http.request(method, f"{self.address}/user-management/v1/{path}", data=form)

    def token(self, /, **parameters: str) -> httpx.Response:
        return http.post(f"{self.address}/oauth2/token", data={**self.credentials, **parameters})

    def post(self, path: str, /, **parameters: str) -> httpx.Response:
        """A call of another endpoint of OAuth2, everything in a form."""
        return http.post(f"{self.address}/oauth2/{path}", data={**self.credentials, **parameters})

    def code(self, **parameters: str | int) -> str:
        answer = self.manage("POST", "user/auth-code", **parameters)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["code"])

    def user(self, app_user_id: str | None = None) -> UserClient:
        """A new user, with tokens. Where the server is in this process, all is put into its store, as calls leave it:
        most tests begin with a user or two, and the calls take longer than they."""
        app_user_id = app_user_id or uuid4().hex
        if self.server is None:
            return self.register(app_user_id)
        return self.server.call(_added(self.server, self.client_id, app_user_id))

    def register(self, app_user_id: str) -> UserClient:
        """The same by calls, as an application does it."""
        answer = self.manage("POST", "user", app_user_id=app_user_id)
        assert answer.status_code == 200, answer.text
        made = answer.json()
        tokens = self.token(grant_type="authorization_code", code=made["code"])
        assert tokens.status_code == 200, tokens.text
        issued = tokens.json()
        return UserClient(
            self.address,
            made["oneup_user_id"],
            made["app_user_id"],
            issued["access_token"],
            issued["refresh_token"],
        )


async def _added(server: AppServer, client_id: str, app_user_id: str) -> UserClient:
    accounts, moment = server.store.accounts, server.clock()
    user = await accounts.add_user(NewUser(uuid4().hex[:24], client_id, app_user_id, True, moment))
    access, refresh, family = mint(), mint(), uuid4().hex
    tokens = [
        Token(digest(access), "access", user.id, client_id, USER_SCOPE, family, moment + ACCESS_SECONDS * 1000),
        Token(digest(refresh), "refresh", user.id, client_id, USER_SCOPE, family, moment + REFRESH_SECONDS * 1000),
    ]
    await accounts.add_tokens(tokens)
    return UserClient(server.address, user.id, app_user_id, access, refresh)


def new_application(server: AppServer, name: str = "tests", **options: Any) -> ApplicationClient:
    made = server.call(create_application(server.store.accounts, name, now(), **options))
    return ApplicationClient(server.address, **asdict(made), server=server)
