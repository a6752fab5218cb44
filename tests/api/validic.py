"""An organization as the clients of Validic's API v1 call it, and what they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.clients import ApplicationClient, UserClient, http

NOTHING = {"gender": None, "location": None, "birth_year": None, "country": None, "height": None, "weight": None}
PROFILE = {"gender": "F", "location": "Boston", "birth_year": "1985", "country": "US", "height": 170, "weight": 60.5}

UNAUTHORIZED = (401, {"code": 401, "message": "Unauthorized"})
FORBIDDEN = (403, {"code": 403, "message": "Forbidden", "errors": "Bad request"})
UNKNOWN = (404, {"code": 404, "message": "Not Found", "errors": "No user found"})
TAKEN = (409, {"code": 409, "message": "Conflict", "errors": "User already exists"})
OK = (200, {"code": 200, "message": "Ok"})


@dataclass(frozen=True)
class Organization:
    """An organization with its token; paths are below its own address."""

    address: str
    id: str
    token: str

    @property
    def url(self) -> str:
        return f"{self.address}/v1/organizations/{self.id}"

    def call(self, method: str, path: str, /, **members: Any) -> httpx.Response:
        """As the Ruby client does: a GET with a query, anything else with JSON."""
        given = {**members, "access_token": self.token}
        if method == "GET":
            return http.get(self.url + path, params=given)
        return http.request(method, self.url + path, json=given)

    def provision(self, uid: str, **members: Any) -> dict[str, Any]:
        answer = self.call("POST", "/users.json", user={"uid": uid, **members})
        assert answer.status_code == 201, answer.text
        user: dict[str, Any] = answer.json()["user"]
        return user


def organization_of(application: ApplicationClient) -> Organization:
    return Organization(application.address, application.organization_id, application.organization_token)


def said(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


def fhir(organization: Organization, token: str) -> UserClient:
    return UserClient(organization.address, 0, "", token, "")


def by_own_token(organization: Organization, path: str, token: str | None) -> httpx.Response:
    return http.get(f"{organization.address}/v1/{path}", params={"authentication_token": token} if token else {})
