"""Users of Validic's clients after they were made: suspended, changed, deleted, and their own tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api.validic import (
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
from tests.builders import patient
from tests.clients import ApplicationClient, http, new_application
from tests.server import AppServer, TurnedClock

SWITCHES = [("1", "0"), (1, 0), (True, False), ("true", "false")]


@pytest.mark.parametrize(("on", "off"), SWITCHES)
def test_a_suspended_user_is_refused_everywhere_until_the_suspension_is_taken_back(
    organization: Organization, on: object, off: object
) -> None:
    made, stranger = organization.provision("a"), organization.provision("b")
    token, place = made["access_token"], f"/users/{made['_id']}.json"
    created = fhir(organization, token).create(patient())
    answer = said(organization.call("PUT", place, suspend=on))
    assert answer == (200, {"code": 200, "message": "The user has been suspended successfully"})
    assert fhir(organization, token).get(f"Patient/{created['id']}").status_code == 401
    for path in ("me.json", "profile.json"):
        assert said(by_own_token(organization, path, token)) == UNAUTHORIZED
        assert by_own_token(organization, path, stranger["access_token"]).status_code == 200
    answer = said(organization.call("PUT", place, suspend=off))
    assert answer == (200, {"code": 200, "message": "The user has been unsuspended successfully"})
    assert fhir(organization, token).get(f"Patient/{created['id']}").json() == created
    assert by_own_token(organization, "me.json", token).status_code == 200


@pytest.mark.parametrize("members", [{"suspend": "perhaps"}, {"suspend": 2}, {"suspend": []}, {}, {"user": {}}])
def test_a_change_that_is_none_is_422(organization: Organization, members: dict[str, Any]) -> None:
    place = f"/users/{organization.provision('a')['_id']}.json"
    assert organization.call("PUT", place, **members).status_code == 422


def test_a_change_leaves_what_it_does_not_name(organization: Organization) -> None:
    made = organization.provision("a", profile=PROFILE)
    place = f"/users/{made['_id']}"
    for given, uid, profile in (
        ({"profile": {"weight": 61}}, "a", {**PROFILE, "weight": 61}),
        ({"uid": "b"}, "b", {**PROFILE, "weight": 61}),
        ({"profile": {**NOTHING, "country": "NO"}}, "b", {**PROFILE, "weight": 61, "country": "NO"}),
        ({"profile": {"country": ""}}, "b", {**PROFILE, "weight": 61, "country": None}),
    ):
        shown = organization.call("PUT", place, user=given).json()["user"]
        assert shown == {"_id": made["_id"], "uid": uid, "profile": profile}
        assert organization.call("GET", place).json()["user"] == shown
    assert fhir(organization, made["access_token"]).get("Patient/a").status_code == 404, "the token stays"


def test_a_user_whose_name_was_given_elsewhere_may_be_changed_without_a_new_one(
    application: ApplicationClient, organization: Organization
) -> None:
    application.manage("POST", "user", app_user_id="jane@example.org")
    id = organization.call("GET", "/users", uid="jane@example.org").json()["users"][0]["_id"]
    kept = {"uid": "jane@example.org", "profile": {"gender": "F"}}
    assert organization.call("PUT", f"/users/{id}", user=kept).status_code == 200
    assert organization.call("PUT", f"/users/{id}", user={"uid": "joan@example.org"}).status_code == 422


def test_a_deleted_user_is_dead_at_once_on_both_faces_and_its_uid_is_blocked_for_five_minutes(
    turned: AppServer, clock: TurnedClock
) -> None:
    application = new_application(turned)
    organization = organization_of(application)
    made, stranger = organization.provision("a", profile=PROFILE), organization.provision("b")
    code = application.code(app_user_id="a")
    tokens = application.token(grant_type="authorization_code", code=application.code(app_user_id="a")).json()
    old = fhir(organization, made["access_token"])
    place = f"Patient/{old.create(patient())['id']}"
    assert said(organization.call("DELETE", f"/users/{made['_id']}.json")) == OK

    for token in (made["access_token"], tokens["access_token"]):
        assert fhir(organization, token).get(place).status_code == 401
        assert said(by_own_token(organization, "me.json", token)) == UNAUTHORIZED
    assert application.token(grant_type="authorization_code", code=code).status_code == 400
    refresh = application.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refresh.json()["error"] == "invalid_grant"
    for method, path in (("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/refresh_token")):
        assert said(organization.call(method, f"/users/{made['_id']}{path}.json", suspend=0)) == UNKNOWN
    assert application.manage("GET", "user", app_user_id="a").json()["entry"] == []
    assert application.manage("POST", "user/auth-code", app_user_id="a").json()["error"] == "this user does not exist"
    assert fhir(organization, stranger["access_token"]).get("Patient/a").status_code == 404

    blocked = (409, {**TAKEN[1], "errors": "Duplicate User"})
    other = organization.call("PUT", f"/users/{stranger['_id']}", user={"uid": "a"})
    assert said(other) == blocked
    assert said(organization.call("POST", "/users.json", user={"uid": "a"})) == blocked
    assert application.manage("POST", "user", app_user_id="a").json()["error"] == "this user already exists"
    assert new_application(turned).manage("POST", "user", app_user_id="a").status_code == 200, "to this one alone"
    clock.ahead = 301
    again = organization.provision("a")
    assert again["_id"] != made["_id"]
    assert again["profile"] is None
    assert fhir(organization, again["access_token"]).get(place).status_code == 404, "the record did not come back"


@pytest.mark.parametrize("way", ["json", "params", "data"])
def test_a_user_is_deleted_by_uid_with_a_body_or_a_query(organization: Organization, way: str) -> None:
    stranger = organization.provision("b")
    organization.provision("a")
    given: dict[str, Any] = {way: {"uid": "a", "access_token": organization.token}}
    answers = [http.request("DELETE", f"{organization.url}/users.json", **given) for _ in range(2)]
    assert [said(answer) for answer in answers] == [OK, UNKNOWN]
    nobody = organization.call("DELETE", "/users.json")
    assert (nobody.status_code, nobody.json()["errors"]) == (422, "Uid can't be blank")
    assert organization.call("GET", f"/users/{stranger['_id']}").status_code == 200


def test_a_refreshed_token_opens_what_the_old_one_did_and_the_old_one_nothing(organization: Organization) -> None:
    made, stranger = organization.provision("a"), organization.provision("b")
    old = fhir(organization, made["access_token"])
    created = old.create(patient())
    answer = organization.call("GET", f"/users/{made['_id']}/refresh_token.json")
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (200, 200, "Ok")
    new = replace(old, access_token=body["user"]["authentication_token"])
    assert old.get(f"Patient/{created['id']}").status_code == 401
    assert new.get(f"Patient/{created['id']}").json() == created
    assert fhir(organization, stranger["access_token"]).get(f"Patient/{created['id']}").status_code == 404
    assert by_own_token(organization, "me.json", made["access_token"]).status_code == 401


def test_a_user_of_one_face_is_a_user_of_the_other(application: ApplicationClient, organization: Organization) -> None:
    here = organization.provision("made-here")
    entry = application.manage("GET", "user", app_user_id="made-here").json()["entry"]
    assert [each["app_user_id"] for each in entry] == ["made-here"]
    tokens = application.token(grant_type="authorization_code", code=application.code(app_user_id="made-here")).json()
    created = fhir(organization, tokens["access_token"]).create(patient())
    assert fhir(organization, here["access_token"]).get(f"Patient/{created['id']}").json() == created

    there = application.user("made-there")
    listed = organization.call("GET", "/users.json", uid="made-there").json()["users"]
    assert [user["uid"] for user in listed] == ["made-there"]
    place = f"/users/{listed[0]['_id']}"
    token = organization.call("GET", f"{place}/refresh_token").json()["user"]["authentication_token"]
    assert by_own_token(organization, "me.json", token).json() == {"me": {"_id": listed[0]["_id"]}}
    assert there.get("Patient/a").status_code == 404, "tokens of OAuth2 are not replaced by it"
    organization.call("PUT", place, suspend=1)
    assert there.get("Patient/a").status_code == 401
    assert application.manage("GET", "user", app_user_id="made-there").json()["entry"][0]["active"] is False
    application.manage("PUT", "user", oneup_user_id=there.id, active="true")
    assert by_own_token(organization, "me.json", token).status_code == 200


def test_a_users_own_token_reads_and_changes_the_profile(organization: Organization) -> None:
    made, stranger = organization.provision("a", profile=PROFILE), organization.provision("b")
    token = made["access_token"]
    whole = {"uid": "a", "_id": made["_id"], **PROFILE, "devices": [], "applications": []}
    assert said(by_own_token(organization, "profile.json", token)) == (200, {"profile": whole})
    url = f"{organization.address}/v1/profile.json"
    answer = http.post(url, json={"profile": {"weight": "59.5"}, "authentication_token": token})
    changed = {**whole, "weight": 59.5}
    assert said(answer) == (201, {"code": 201, "message": "Ok", "profile": changed})
    assert by_own_token(organization, "profile", token).json()["profile"] == changed
    nothing = {"uid": "b", "_id": stranger["_id"], **NOTHING, "devices": [], "applications": []}
    assert by_own_token(organization, "profile", stranger["access_token"]).json()["profile"] == nothing
    for profile in (None, {}, {"gender": "?"}):
        assert http.post(url, json={"profile": profile, "authentication_token": token}).status_code == 422


def test_the_two_kinds_of_token_are_of_no_use_for_one_another(
    organization: Organization, application: ApplicationClient
) -> None:
    token = organization.provision("a")["access_token"]
    for path in ("me.json", "profile.json"):
        for wrong in (organization.token, application.client_secret, "x", "", None):
            assert said(by_own_token(organization, path, wrong)) == UNAUTHORIZED
        mixed = http.get(f"{organization.address}/v1/{path}", params={"access_token": organization.token})
        assert said(mixed) == UNAUTHORIZED
    assert said(replace(organization, token=token).call("GET", "/users.json")) == UNAUTHORIZED
    assert fhir(organization, organization.token).get("Patient/a").status_code == 401
