"""To another application, a user that is not its own and one that never was are one, whatever it manages and however.

The calls come from the table that names them for the trail, so that a call that is added is made too; that the user's
own application succeeds with the same calls shows that they ask for something.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from fhirstore.api.management_trail import ACTIONS
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer

Call = tuple[str, str]
CALLS: list[Call] = [
    (method, path)
    for method, path in ACTIONS
    if path.startswith(("/user-management/v1/user", "/v1/organizations/{org}/users"))
    and (method, path) not in {("POST", "/user-management/v1/user"), ("POST", "/v1/organizations/{org}/users")}
]
"""All that is about a user who is there already; the calls that end one come last."""
CALLS.sort(key=lambda call: call[0] == "DELETE")


@dataclass(frozen=True)
class Named:
    """A user by all of its names."""

    name: str
    number: str
    hex: str

    def ways(self, path: str) -> Iterator[dict[str, str]]:
        """The parameters that name the user; none where the path does."""
        if "{id}" in path:
            yield {}
        elif "organizations" in path:
            yield {"uid": self.name}
        else:
            yield {"app_user_id": self.name}
            yield {"oneup_user_id": self.number}


def make(call: Call, application: ApplicationClient, user: Named, parameters: dict[str, str]) -> httpx.Response:
    method, path = call
    path = path.replace("{org}", application.organization_id).replace("{id}", user.hex)
    given = {**parameters, "active": "true", "source": "urn:a", "app_client_id": application.client_id, "job": user.hex}
    if path.startswith("/v1/"):
        given |= {"access_token": application.organization_token, "user[profile][gender]": "F"}
    else:
        given |= application.credentials
    return http.request(method, f"{application.address}{path}?{urlencode(given)}")


def told(answer: httpx.Response, user: Named) -> tuple[int, list[str], str]:
    text = answer.text.replace(user.name, "NAME").replace(user.hex, "HEX")
    headers = sorted(name for name in answer.headers if name != "date")
    return answer.status_code, headers, re.sub(rf"\b{user.number}\b", "NUMBER", text)


@pytest.fixture
def owned(application: ApplicationClient) -> tuple[UserClient, Named]:
    user = application.user()
    answer = http.get(
        f"{application.address}/v1/organizations/{application.organization_id}/users.json",
        params={"access_token": application.organization_token, "uid": user.app_user_id},
    )
    (shown,) = answer.json()["users"]
    return user, Named(user.app_user_id, str(user.id), shown["_id"])


@pytest.mark.parametrize("call", CALLS, ids=[" ".join(call) for call in CALLS])
def test_another_applications_user_is_not_there(
    call: Call, owned: tuple[UserClient, Named], application: ApplicationClient, server: AppServer
) -> None:
    user, theirs = owned
    user.put("Basic/b", {"resourceType": "Basic", "id": "b", "code": {"text": "a"}}, x_source="urn:a")
    absent = Named(uuid4().hex, "987654321", uuid4().hex[:24])
    other = new_application(server)
    for theirs_way, absent_way in zip(theirs.ways(call[1]), absent.ways(call[1]), strict=True):
        answers = make(call, other, theirs, theirs_way), make(call, other, absent, absent_way)
        assert told(answers[0], theirs) == told(answers[1], absent)
        assert user.app_user_id not in answers[0].text.replace(f'"{theirs_way.get("uid", "")}"', "")
    assert user.get("Basic/b").status_code == 200
    if not call[1].endswith(("/removal", "/launch", "/new_user")):  # which need more than a user
        answer = make(call, application, theirs, next(iter(theirs.ways(call[1]))))
        assert answer.status_code in {200, 202}, answer.text
