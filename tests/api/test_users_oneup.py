"""User management and the token endpoint as 1upHealth's clients call them, in all the ways they do."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer

TOKEN_PATHS = ["/oauth2/token", "/fhir/oauth2/token"]


def header(parameters: dict[str, str]) -> dict[str, Any]:
    credentials = {name: value for name, value in parameters.items() if name.startswith("client")}
    return {"headers": credentials, "params": {n: v for n, v in parameters.items() if n not in credentials}}


def basic(parameters: dict[str, str]) -> dict[str, Any]:
    pair = f"{parameters['client_id']}:{parameters['client_secret']}"
    rest = {name: value for name, value in parameters.items() if not name.startswith("client")}
    return {"headers": {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}, "data": rest}


def form_called_json(parameters: dict[str, str]) -> dict[str, Any]:
    return {"content": urlencode(parameters), "headers": {"content-type": "application/json"}}


def json_called_nothing(parameters: dict[str, str]) -> dict[str, Any]:
    return {"content": json.dumps(parameters)}


def query_with_empty_json(parameters: dict[str, str]) -> dict[str, Any]:
    return {"params": parameters, "headers": {"content-type": "application/json"}}


WAYS = {
    "form": lambda parameters: {"data": parameters},
    "query": lambda parameters: {"params": parameters},
    "json": lambda parameters: {"json": parameters},
    "headers and query": header,
    "basic and form": basic,
    "a form called JSON": form_called_json,
    "JSON without a content type": json_called_nothing,
    "a query with an empty JSON body": query_with_empty_json,
}


def send(address: str, method: str, way: str, parameters: dict[str, str]) -> httpx.Response:
    return http.request(method, address, **WAYS[way](parameters))


@pytest.mark.parametrize("way", WAYS)
def test_every_call_takes_credentials_and_parameters_in_every_way(application: ApplicationClient, way: str) -> None:
    users = f"{application.address}/user-management/v1/user"
    made = send(users, "POST", way, {**application.credentials, "app_user_id": "a+b@c.d"}).json()
    id = made["oneup_user_id"]
    assert isinstance(id, int)
    assert len(made.pop("code")) >= 32
    shown = {"oneup_user_id": id, "app_user_id": "a+b@c.d", "active": True}
    assert made == {"success": True, **shown}

    found = send(users, "GET", way, {**application.credentials, "app_user_id": "a+b@c.d"})
    assert (found.status_code, found.json()) == (200, {"success": True, "entry": [shown], "total": 1})

    renamed = send(users, "PUT", way, {**application.credentials, "oneup_user_id": str(id), "app_user_id": "E"})
    assert renamed.json() == {"success": True, **shown, "app_user_id": "E"}

    code = send(f"{users}/auth-code", "POST", way, {**application.credentials, "app_user_id": "E"}).json()
    assert code == {"success": True, **shown, "app_user_id": "E", "code": code["code"]}

    grant = {"grant_type": "authorization_code", "code": code["code"]}
    token = send(f"{application.address}/oauth2/token", "POST", way, {**application.credentials, **grant})
    assert (token.status_code, token.json()["expires_in"]) == (200, 7200)


@pytest.mark.parametrize("path", TOKEN_PATHS)
@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_both_grants_answer_both_tokens_uncached_at_every_path(
    application: ApplicationClient, path: str, grant_type: str
) -> None:
    user = application.user()
    given = {"code": application.code(oneup_user_id=user.id), "refresh_token": user.refresh_token}
    answer = http.post(application.address + path, data={**application.credentials, "grant_type": grant_type, **given})
    body = answer.json()
    assert answer.status_code == 200
    assert body.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("bearer", 7200, "user/*.*")
    assert answer.headers["cache-control"] == "no-store"
    assert user.get("Patient/a", authorization=f"Bearer {body['access_token']}").status_code == 404
    assert body["refresh_token"] != user.refresh_token


NAMES = ["me", "251", "a@b.c", "Zoë O'Neil", "日本", "a/b?c=d&e", "X" * 256, "x", "X"]


def test_an_app_user_id_survives_to_the_letter_and_case_counts(application: ApplicationClient) -> None:
    ids = {name: application.manage("POST", "user", app_user_id=name).json()["oneup_user_id"] for name in NAMES}
    assert len(set(ids.values())) == len(NAMES)
    for name, id in ids.items():
        entry = application.manage("GET", "user", app_user_id=name).json()["entry"]
        assert entry == [{"oneup_user_id": id, "app_user_id": name, "active": True}]


def test_a_second_user_of_the_same_name_is_refused_in_the_words_that_clients_compare(
    application: ApplicationClient, server: AppServer
) -> None:
    application.manage("POST", "user", app_user_id="me")
    again = application.manage("POST", "user", app_user_id="me")
    assert (again.status_code, again.json()) == (400, {"success": False, "error": "this user already exists"})
    assert new_application(server).manage("POST", "user", app_user_id="me").status_code == 200, "of another application"
    other = application.manage("POST", "user", app_user_id="other").json()["oneup_user_id"]
    renamed = application.manage("PUT", "user", oneup_user_id=other, app_user_id="me")
    assert (renamed.status_code, renamed.json()["error"]) == (400, "this user already exists")


UNKNOWN_CODE = (400, {"success": False, "error": "this user does not exist"})


def test_an_unknown_user_is_an_empty_list_to_get_and_an_error_to_the_rest(application: ApplicationClient) -> None:
    for name, value in (("app_user_id", "nobody"), ("oneup_user_id", "999999999")):
        found = application.manage("GET", "user", **{name: value})
        assert (found.status_code, found.json()) == (200, {"success": True, "entry": [], "total": 0})
        for method, path in (("POST", "user/auth-code"), ("PUT", "user")):
            answer = application.manage(method, path, **{name: value})
            assert (answer.status_code, answer.json()) == UNKNOWN_CODE


def test_another_applications_users_do_not_exist(application: ApplicationClient, server: AppServer) -> None:
    user = new_application(server).user()
    for key in ({"oneup_user_id": user.id}, {"app_user_id": user.app_user_id}):
        assert application.manage("GET", "user", **key).json()["entry"] == []
        for method, path in (("POST", "user/auth-code"), ("PUT", "user")):
            answer = application.manage(method, path, **key, active="false")
            assert (answer.status_code, answer.json()) == UNKNOWN_CODE
    assert user.get("Patient/a").status_code == 404, "still active"


def test_the_users_are_listed_in_order_and_in_pages(application: ApplicationClient) -> None:
    for number in range(5):
        application.manage("POST", "user", app_user_id=str(number))
    whole = application.manage("GET", "user").json()
    assert ([entry["app_user_id"] for entry in whole["entry"]], whole["total"]) == (list("01234"), 5)
    for skip, count in (("_skip", "_count"), ("offset", "limit")):
        page = application.manage("GET", "user", **{skip: 2, count: 2}).json()
        assert ([entry["app_user_id"] for entry in page["entry"]], page["total"]) == (["2", "3"], 5)


FAULTS = [
    ("POST", "user", {}, "app_user_id is required"),
    ("POST", "user", {"app_user_id": "   "}, "app_user_id is required"),
    ("POST", "user", {"app_user_id": "x" * 257}, "app_user_id must be at most 256 printable characters"),
    ("POST", "user", {"app_user_id": "a\x00b"}, "app_user_id must be at most 256 printable characters"),
    ("POST", "user", {"app_user_id": "a", "active": "perhaps"}, "active must be true or false"),
    ("POST", "user/auth-code", {}, "app_user_id or oneup_user_id is required"),
    ("POST", "user/auth-code", {"oneup_user_id": "me"}, "oneup_user_id must be a whole number"),
    ("GET", "user", {"oneup_user_id": "-1"}, "oneup_user_id must be a whole number"),
    ("GET", "user", {"oneup_user_id": "9" * 30}, "oneup_user_id must be a whole number"),
    ("PUT", "user", {"active": "false"}, "app_user_id or oneup_user_id is required"),
]


@pytest.mark.parametrize(("method", "path", "parameters", "error"), FAULTS)
def test_a_faulty_parameter_is_named(
    application: ApplicationClient, method: str, path: str, parameters: dict[str, str], error: str
) -> None:
    answer = application.manage(method, path, **parameters)
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": error})


@pytest.mark.parametrize("content", [b'{"a":[1]}', b'{"a":', b'{"a":"\\ud800"}', b"\xff=\xff", b"{" * 50_000])
def test_a_body_that_is_neither_form_nor_json_is_refused(application: ApplicationClient, content: bytes) -> None:
    for path in ("/user-management/v1/user", "/oauth2/token"):
        answer = http.post(application.address + path, content=content, params=application.credentials)
        assert answer.status_code == 400
        assert answer.json()


def test_a_body_too_large_for_parameters_is_refused(application: ApplicationClient) -> None:
    assert application.manage("POST", "user", app_user_id="x" * 100_001).status_code == 413


CALLS = [("POST", "user"), ("GET", "user"), ("PUT", "user"), ("POST", "user/auth-code")]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_wrong_credentials_are_unauthorized_whatever_is_asked(
    application: ApplicationClient, server: AppServer, method: str, path: str
) -> None:
    other = new_application(server)
    wrong = [
        {},
        {"client_id": application.client_id},
        {"client_secret": application.client_secret},
        {"client_id": application.client_id, "client_secret": other.client_secret},
        {"client_id": "unknown", "client_secret": application.client_secret},
        {"client_id": application.client_id, "client_secret": application.client_secret + "x"},
    ]
    for credentials in wrong:
        answer = http.request(
            method, f"{application.address}/user-management/v1/{path}", params={**credentials, "app_user_id": "me"}
        )
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
        token = http.post(f"{application.address}/oauth2/token", data={**credentials, "grant_type": "refresh_token"})
        assert (token.status_code, token.json()["error"]) == (401, "invalid_client")
        assert token.headers["www-authenticate"].startswith("Basic")


GRANT_FAULTS = [
    ({}, "invalid_request"),
    ({"grant_type": "password"}, "unsupported_grant_type"),
    ({"grant_type": "authorization_code"}, "invalid_grant"),
    ({"grant_type": "authorization_code", "code": "undefined"}, "invalid_grant"),
    ({"grant_type": "refresh_token"}, "invalid_grant"),
    ({"grant_type": "refresh_token", "refresh_token": "x" * 43}, "invalid_grant"),
]


@pytest.mark.parametrize(("parameters", "error"), GRANT_FAULTS)
def test_the_token_endpoint_refuses_in_the_words_of_rfc_6749(
    application: ApplicationClient, parameters: dict[str, str], error: str
) -> None:
    answer = application.token(**parameters)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"
    if parameters.get("grant_type") == "authorization_code":
        assert answer.json()["error_description"] == "Invalid code"


def test_codes_and_tokens_are_of_no_use_for_one_another_or_in_other_hands(
    application: ApplicationClient, user: UserClient, server: AppServer
) -> None:
    code = application.code(oneup_user_id=user.id)
    thief = new_application(server)
    wrong = [
        (thief, {"grant_type": "authorization_code", "code": code}),
        (thief, {"grant_type": "refresh_token", "refresh_token": user.refresh_token}),
        (application, {"grant_type": "authorization_code", "code": user.refresh_token}),
        (application, {"grant_type": "authorization_code", "code": user.access_token}),
        (application, {"grant_type": "refresh_token", "refresh_token": code}),
        (application, {"grant_type": "refresh_token", "refresh_token": user.access_token}),
    ]
    for client, parameters in wrong:
        assert client.token(**parameters).json()["error"] == "invalid_grant"
    assert application.token(grant_type="authorization_code", code=code).status_code == 200, "and none of them spent it"


def test_a_user_that_is_switched_off_gets_nothing_and_works_again_when_switched_on(
    application: ApplicationClient, user: UserClient
) -> None:
    place = f"Patient/{user.create({'resourceType': 'Patient'})['id']}"
    code = application.code(oneup_user_id=user.id)
    off = application.manage("PUT", "user", oneup_user_id=user.id, active="false")
    assert off.json()["active"] is False
    refused = application.manage("POST", "user/auth-code", oneup_user_id=user.id)
    assert (refused.status_code, refused.json()) == (400, {"success": False, "error": "this user is not active"})
    assert application.token(grant_type="authorization_code", code=code).json()["error"] == "invalid_grant"
    refresh = {"grant_type": "refresh_token", "refresh_token": user.refresh_token}
    assert application.token(**refresh).json()["error"] == "invalid_grant"
    assert user.get(place).status_code == 401
    assert user.post("Patient", {"resourceType": "Patient"}).status_code == 401

    application.manage("PUT", "user", app_user_id=user.app_user_id, active="true")
    assert user.get(place).status_code == 200
    assert application.token(grant_type="authorization_code", code=code).status_code == 200
    assert application.token(**refresh).status_code == 200


def test_a_user_may_be_created_switched_off(application: ApplicationClient) -> None:
    made = application.manage("POST", "user", app_user_id="later", active="false").json()
    assert (made["success"], made["active"]) == (True, False)
    assert application.token(grant_type="authorization_code", code=made["code"]).json()["error"] == "invalid_grant"


def test_the_misspelt_name_of_the_documentation_renames_too(application: ApplicationClient, user: UserClient) -> None:
    answer = application.manage("PUT", "user", oneup_user_id=user.id, app_id_user="new")
    assert answer.json()["app_user_id"] == "new"


def test_earlier_tokens_of_a_user_keep_working_beside_later_ones(
    application: ApplicationClient, user: UserClient
) -> None:
    place = f"Patient/{user.create({'resourceType': 'Patient'})['id']}"
    later = application.token(grant_type="authorization_code", code=application.code(oneup_user_id=user.id)).json()
    assert user.get(place, authorization=f"Bearer {later['access_token']}").status_code == 200
    assert user.get(place).status_code == 200


def test_to_the_profile_of_1uphealth_a_duplicate_and_a_code_for_nobody_are_200_with_the_same_bodies(
    server: AppServer, application: ApplicationClient
) -> None:
    """Its clients of 2018 to 2021 throw at a 400 before they read what it says."""
    old = new_application(server, profile="oneup")
    old.manage("POST", "user", app_user_id="me")
    duplicate = old.manage("POST", "user", app_user_id="me")
    assert (duplicate.status_code, duplicate.json()) == (200, {"success": False, "error": "this user already exists"})
    unknown = old.manage("POST", "user/auth-code", app_user_id="nobody")
    assert (unknown.status_code, unknown.json()) == (200, UNKNOWN_CODE[1])
    assert old.manage("POST", "user").status_code == 400, "what was never right is still refused"
    assert application.manage("POST", "user/auth-code", app_user_id="nobody").status_code == 400


def test_a_caller_knows_the_profile_of_its_application(server: AppServer) -> None:
    bearers = server.bearers
    for profile in ("standard", "oneup"):
        user = new_application(server, profile=profile).user()
        assert server.call(bearers.caller(user.access_token)).profile == profile


def test_wrong_credentials_never_turn_into_a_redirect_or_a_page(application: ApplicationClient) -> None:
    """The oldest clients take 301, 302 and HTML for a login page."""
    for path in ("/user-management/v1/user", "/user-management/v1/user/auth-code", "/oauth2/token"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = http.request(method, application.address + path, data={"client_id": "x", "client_secret": "y"})
            assert answer.status_code in {401, 405}
            assert answer.headers["content-type"] == "application/json"
