"""User provisioning as the clients of Validic's API v1 call it, in all the ways they do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.api.validic import (
    FORBIDDEN,
    NOTHING,
    OK,
    PROFILE,
    TAKEN,
    UNAUTHORIZED,
    UNKNOWN,
    Organization,
    by_own_token,
    fhir,
    organization_of,
    said,
)
from tests.clients import http, new_application
from tests.server import AppServer, TurnedClock

Way = Callable[[Organization, Mapping[str, Any]], dict[str, Any]]


def nested_form(members: Mapping[str, Any], holder: str = "") -> dict[str, Any]:
    """As Ruby on Rails and PHP write a form: `user[profile][gender]`."""
    found: dict[str, Any] = {}
    for name, value in members.items():
        full = f"{holder}[{name}]" if holder else name
        found |= nested_form(value, full) if isinstance(value, dict) else {full: value}
    return found


WAYS: dict[str, Way] = {
    "JSON": lambda org, members: {"json": {**members, "access_token": org.token}},
    "JSON without a content type": lambda org, members: {
        "content": json.dumps({**members, "access_token": org.token}).encode()
    },
    "JSON as an octet stream": lambda org, members: {
        "content": json.dumps({**members, "access_token": org.token}).encode(),
        "headers": {"content-type": "application/octet-stream"},
    },
    "JSON with the token in the query": lambda org, members: {"json": members, "params": {"access_token": org.token}},
    "JSON with the token in a header": lambda org, members: {
        "json": members,
        "headers": {"authorization": f"Token token={org.token}", "Validic-Version": "2016-03-01"},
    },
    "a form": lambda org, members: {"data": {**nested_form(members), "access_token": org.token}},
    "a query": lambda org, members: {"params": {**nested_form(members), "access_token": org.token}},
    "a form with a quoted token in a header": lambda org, members: {
        "data": nested_form(members),
        "headers": {"authorization": f'Token token="{org.token}"'},
    },
}


@pytest.mark.parametrize("suffix", [".json", ""])
@pytest.mark.parametrize("way", WAYS)
def test_every_call_takes_its_members_and_its_token_in_every_way_with_json_behind_the_path_or_not(
    organization: Organization, way: str, suffix: str
) -> None:
    def call(method: str, path: str, **members: Any) -> tuple[int, Any]:
        return said(http.request(method, f"{organization.url}{path}{suffix}", **WAYS[way](organization, members)))

    status, body = call("POST", "/users", user={"uid": "u-1", "profile": PROFILE})
    made = body["user"]
    assert (status, body["code"], body["message"]) == (201, 201, "Ok")
    assert made == {"_id": made["_id"], "uid": "u-1", "access_token": made["access_token"], "profile": PROFILE}
    assert re.fullmatch(r"[0-9a-f]{24}", made["_id"])
    place = f"/users/{made['_id']}"

    assert call("GET", place) == (200, {"user": {"_id": made["_id"], "uid": "u-1", "profile": PROFILE}})
    assert call("GET", "/users", uid="u-1")[1]["users"] == [{"_id": made["_id"], "uid": "u-1"}]
    changed = {**PROFILE, "location": "Oslo"}
    assert call("PUT", place, user={"uid": "u-2", "profile": {"location": "Oslo"}}) == (
        200,
        {
            "code": 200,
            "message": "The user has been successfully updated",
            "user": {"_id": made["_id"], "uid": "u-2", "profile": changed},
        },
    )
    done = {"code": 200, "message": "The user has been suspended successfully"}
    assert call("PUT", place, suspend="1") == (200, done)
    assert call("PUT", place, suspend="0")[1]["message"] == "The user has been unsuspended successfully"
    refreshed = call("GET", f"{place}/refresh_token")[1]["user"]
    assert refreshed == {
        "_id": made["_id"],
        "uid": "u-2",
        "authentication_token": refreshed["authentication_token"],
    }
    assert call("DELETE", place) == OK
    assert call("DELETE", place) == UNKNOWN


def test_a_new_user_has_what_every_client_reads_unguarded(organization: Organization) -> None:
    assert organization.provision("a")["profile"] is None
    assert organization.provision("b", profile=NOTHING)["profile"] is None, "as PHP sends it"
    assert organization.provision("c", profile={"gender": "M"})["profile"] == {**NOTHING, "gender": "M"}
    assert organization.provision("d", profile={"birth_year": 1985})["profile"]["birth_year"] == "1985"
    assert organization.call("POST", "/users", user={"uid": 17}).json()["user"]["uid"] == "17"


FAULTS = [
    ({}, "Uid can't be blank"),
    ({"user": None}, "Uid can't be blank"),
    ({"user": {"uid": "  "}}, "Uid can't be blank"),
    ({"user": "a"}, "User is invalid"),
    ({"user": {"uid": ["a"]}}, "Uid is invalid"),
    ({"user": {"uid": True}}, "Uid is invalid"),
    ({"user": {"uid": "x" * 257}}, "Uid must be at most 256 printable characters"),
    ({"user": {"uid": "a\tb"}}, "Uid must be at most 256 printable characters"),
    ({"user": {"uid": "a", "profile": "x"}}, "Profile is invalid"),
    ({"user": {"uid": "a", "profile": {"gender": "X"}}}, "Gender is invalid"),
    ({"user": {"uid": "a", "profile": {"birth_year": "85"}}}, "Birth year is invalid"),
    ({"user": {"uid": "a", "profile": {"height": "tall"}}}, "Height is not a number up to 300"),
    ({"user": {"uid": "a", "profile": {"weight": -1}}}, "Weight is not a number up to 1000"),
    ({"user": {"uid": "a", "profile": {"weight": "nan"}}}, "Weight is not a number up to 1000"),
    ({"user": {"uid": "a", "profile": {"location": {}}}}, "Location is invalid"),
    ({"user": {"uid": "a@b.c"}}, "Uid must not identify the person: it looks like an e-mail address"),
    ({"user": {"uid": "+15551234567"}}, "Uid must not identify the person: it looks like a telephone number"),
    ({"user": {"uid": "Jane Doe"}}, "Uid must not identify the person: it looks like a person's full name"),
]


@pytest.mark.parametrize(("members", "reason"), FAULTS)
def test_what_cannot_be_a_user_is_422_with_the_reason(
    organization: Organization, members: dict[str, Any], reason: str
) -> None:
    refused = said(organization.call("POST", "/users.json", **members))
    assert refused == (422, {"code": 422, "message": "Unprocessable Entity", "errors": reason})
    assert organization.call("GET", "/users.json").json()["users"] == []


@pytest.mark.parametrize("content", [b'{"a":', b'{"a":"\\ud800"}', b"\xff=\xff", b"{" * 50_000, b"x" * 100_001])
def test_a_body_that_cannot_be_read_is_422(organization: Organization, content: bytes) -> None:
    answer = http.post(f"{organization.url}/users", content=content, params={"access_token": organization.token})
    assert (answer.status_code, answer.json()["code"]) == (422, 422)


def test_a_second_user_of_a_uid_is_a_conflict_on_making_and_on_renaming(organization: Organization) -> None:
    organization.provision("a")
    other = organization.provision("b")["_id"]
    assert said(organization.call("POST", "/users.json", user={"uid": "a"})) == TAKEN
    assert said(organization.call("PUT", f"/users/{other}.json", user={"uid": "a"})) == TAKEN
    organization.call("PUT", f"/users/{other}.json", suspend=1)
    assert said(organization.call("POST", "/users.json", user={"uid": "b"})) == TAKEN, "a suspended user is one still"


def test_the_list_has_a_summary_and_users_and_leads_through_its_pages(organization: Organization) -> None:
    made = [{"_id": organization.provision(f"u{turn}")["_id"], "uid": f"u{turn}"} for turn in range(5)]
    whole = organization.call("GET", "/users.json").json()
    assert whole.keys() == {"summary", "users"}, "the Ruby client takes every other key for a list"
    assert whole["users"] == made
    assert whole["summary"] == {
        "status": 200,
        "message": "Ok",
        "results": 5,
        "start_date": None,
        "end_date": None,
        "offset": 0,
        "limit": 100,
        "previous": None,
        "next": None,
        "params": {"start_date": None, "end_date": None, "offset": 0, "limit": 100},
    }
    followed, address = [], f"{organization.url}/users.json?access_token={organization.token}&limit=2"
    while address:
        page = http.get(address).json()
        followed += page["users"]
        address = page["summary"]["next"]
    assert followed == made, "the addresses are whole, with the token"
    last = http.get(page["summary"]["previous"]).json()
    assert last["users"] == made[2:4]
    for given in ({"offset": 2, "limit": 2}, {"page": 2, "limit": 2}, {"page": "2", "limit": "2", "offset": "0"}):
        assert organization.call("GET", "/users", **given).json()["users"] == made[2:4]
    odd = organization.call("GET", "/users", offset=1, limit=2).json()["summary"]
    assert "offset=3" in odd["next"]
    assert "page=" not in odd["next"]
    assert organization.call("GET", "/users", limit=5000).json()["summary"]["limit"] == 1000
    assert organization.call("GET", "/users", offset=900).json()["users"] == []


def test_the_pages_of_a_list_asked_with_a_header_keep_the_token_out_of_their_addresses(
    organization: Organization,
) -> None:
    for turn in range(2):
        organization.provision(f"u{turn}")
    header = {"Authorization": f"Token token={organization.token}"}
    page = http.get(f"{organization.url}/users", params={"limit": 1}, headers=header).json()
    assert organization.token not in page["summary"]["next"]


@pytest.mark.parametrize("given", [{"limit": "x"}, {"limit": -1}, {"page": 0}, {"offset": "9" * 30}, {"status": "odd"}])
def test_a_list_that_cannot_be_is_422(organization: Organization, given: dict[str, Any]) -> None:
    answer = organization.call("GET", "/users.json", **given)
    assert (answer.status_code, answer.json()["errors"]) == (422, f"{next(iter(given)).capitalize()} is invalid")


def test_users_are_listed_by_what_became_of_them(turned: AppServer, clock: TurnedClock) -> None:
    organization = organization_of(new_application(turned))

    def listed(status: str) -> list[str]:
        return [user["uid"] for user in organization.call("GET", "/users.json", status=status).json()["users"]]

    tokens = {name: organization.provision(name)["access_token"] for name in ("early", "late", "never", "off")}
    off = organization.call("GET", "/users", uid="off").json()["users"][0]["_id"]
    organization.call("PUT", f"/users/{off}", suspend=True)
    assert fhir(organization, tokens["early"]).get("Patient/a").status_code == 404
    clock.ahead = 60 * 24 * 3600
    assert fhir(organization, tokens["late"]).get("Patient/a").status_code == 404
    assert listed("active") == ["early", "late"]
    clock.ahead = 100 * 24 * 3600
    assert listed("active") == ["late"]
    assert listed("inactive") == ["early"]
    assert listed("provisioned") == ["never"]
    assert listed("suspended") == ["off"]
    assert listed("all") == ["early", "late", "never", "off"]
    assert fhir(organization, tokens["early"]).get("Patient/a").status_code == 404, "a user's token does not run out"
    assert listed("active") == ["early", "late"]


CALLS = [
    ("GET", ".json"),
    ("GET", "/apps.json"),
    ("GET", "/users.json"),
    ("POST", "/users.json"),
    ("DELETE", "/users.json"),
    ("POST", "/authorization/new_user.json"),
    ("GET", "/users/{id}.json"),
    ("PUT", "/users/{id}.json"),
    ("DELETE", "/users/{id}.json"),
    ("GET", "/users/{id}/refresh_token.json"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_the_organizations_own_token_nothing_is_done_or_told(
    organization: Organization, server: AppServer, method: str, path: str
) -> None:
    made = organization.provision("a")
    strange = organization_of(new_application(server))
    path = path.format(id=made["_id"])
    members = {"user": {"uid": "new"}, "suspend": "1", "uid": "a", "pin": "1234"}
    wrong = (replace(organization, token="wrong"), replace(organization, id="0" * 24, token="wrong"))
    for outsider in (*wrong, replace(organization, token="")):
        assert said(outsider.call(method, path, **members)) == UNAUTHORIZED
    for outsider in (replace(organization, token=strange.token), replace(organization, id="0" * 24)):
        assert said(outsider.call(method, path, **members)) == FORBIDDEN
    if "{id}" in path or made["_id"] in path:
        assert said(strange.call(method, path, **members)) == UNKNOWN, "to another organization there is no such user"
    listed = organization.call("GET", "/users.json").json()["users"]
    assert listed == [{"_id": made["_id"], "uid": "a"}]
    assert by_own_token(organization, "me.json", made["access_token"]).status_code == 200


def test_the_organization_counts_its_users(organization: Organization) -> None:
    tokens = [organization.provision(f"u{turn}")["access_token"] for turn in range(3)]
    fhir(organization, tokens[0]).get("Patient/a")
    answer = organization.call("GET", ".json").json()
    assert answer.keys() == {"summary", "organization"}
    assert answer["organization"] == {
        "_id": organization.id,
        "name": "tests",
        "users": 3,
        "users_provisioned": 2,
        "activities": 0,
        "connections": 0,
        "organizations": [],
    }


def test_there_are_no_apps_to_connect(organization: Organization) -> None:
    answer = organization.call("GET", "/apps.json", synced="1")
    assert answer.status_code == 200
    assert answer.json()["apps"] == []
    assert answer.json()["summary"]["results"] == 0


def test_a_user_is_provisioned_with_a_pin_which_must_be_there(organization: Organization) -> None:
    answer = organization.call("POST", "/authorization/new_user.json", user={"uid": "a"}, pin="1234")
    assert answer.status_code == 201
    assert by_own_token(organization, "me", answer.json()["user"]["access_token"]).status_code == 200
    without = organization.call("POST", "/authorization/new_user.json", user={"uid": "b"})
    assert (without.status_code, without.json()["errors"]) == (422, "Pin can't be blank")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nothing.json"), ("PATCH", "/users.json"), ("POST", "/users/0.json"), ("GET", "/a/b/c")],
)
def test_what_is_nowhere_is_404_in_the_same_shape(organization: Organization, method: str, path: str) -> None:
    answer = organization.call(method, path)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (404, 404, "Not Found")


def test_a_secret_in_a_query_is_never_logged(organization: Organization, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "fhirstore"):
        made = organization.provision("a-uid-of-mine")
        organization.call("GET", "/users.json", uid="a-uid-of-mine")
        organization.call("GET", f"/users/{made['_id']}.json")
        by_own_token(organization, "me.json", made["access_token"])
    assert "/v1/organizations/*/users.json" in caplog.text
    for secret in (organization.token, made["access_token"], made["_id"], "a-uid-of-mine"):
        assert secret not in caplog.text
