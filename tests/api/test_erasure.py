"""A user is erased with everything, by its own application alone, and exported first where that is wanted."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode

import httpx
import pytest

from fhirstore.store.contract import HistoryQuery
from fhirstore.store.scope import Scope
from fhirstore.store.trail import TrailQuery
from tests.builders import observation, patient
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.server import AppServer


def erase(application: ApplicationClient, /, **parameters: str | int) -> httpx.Response:
    return application.manage("DELETE", "user", **parameters)


def filled(user: UserClient) -> UserClient:
    user.put("Patient/p", patient(id="p"))
    user.put("Patient/p", patient("Other", id="p"))
    id = user.create(observation("Patient/p"))["id"]
    user.delete(f"Observation/{id}")
    return user


def versions(server: AppServer, user: UserClient) -> int:
    query = HistoryQuery(count=1000)
    return server.call(server.store.within(Scope(user.id)).history(query)).total


def test_a_user_and_the_whole_record_are_gone_when_the_answer_comes(
    server: AppServer, application: ApplicationClient, user: UserClient, stranger: UserClient
) -> None:
    filled(user)
    filled(stranger)
    answer = erase(application, app_user_id=user.app_user_id)
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "oneup_user_id": user.id,
        "app_user_id": user.app_user_id,
        "active": False,
    }
    assert "x-ratelimit-remaining" in answer.headers
    assert versions(server, user) == 0
    assert user.get("Patient/p").status_code == 401
    refreshed = application.token(grant_type="refresh_token", refresh_token=user.refresh_token)
    assert refreshed.json()["error"] == "invalid_grant"
    assert application.manage("GET", "user", oneup_user_id=user.id).json()["entry"] == []
    assert versions(server, stranger) == 4
    assert stranger.get("Patient/p").status_code == 200


def test_what_is_named_by_number_and_what_is_gone_is_told_as_everywhere(
    application: ApplicationClient, user: UserClient
) -> None:
    assert erase(application, oneup_user_id=user.id).json()["success"] is True
    for again in ({"oneup_user_id": user.id}, {"app_user_id": user.app_user_id}):
        answer = erase(application, **again)
        assert (answer.status_code, answer.json()) == (
            400,
            {"success": False, "error": "this user does not exist"},
        )
    assert erase(application).status_code == 400


@pytest.mark.parametrize("way", ["form", "json", "query", "headers", "basic"])
def test_every_way_to_show_credentials_works(application: ApplicationClient, user: UserClient, way: str) -> None:
    address, named = f"{application.address}/user-management/v1/user", {"oneup_user_id": str(user.id)}
    whole = {**application.credentials, **named}
    basic = b64encode(f"{application.client_id}:{application.client_secret}".encode()).decode()
    sent: dict[str, dict[str, object]] = {
        "form": {"data": whole},
        "json": {"json": whole},
        "query": {"params": whole},
        "headers": {"headers": whole},
        "basic": {"headers": {"authorization": f"Basic {basic}"}, "params": named},
    }
    answer = http.request("DELETE", address, **sent[way])  # type: ignore[arg-type]
    assert answer.json()["success"] is True


def test_another_application_cannot_erase_or_export(
    server: AppServer, application: ApplicationClient, user: UserClient
) -> None:
    filled(user)
    other = new_application(server)
    for parameters in ({"oneup_user_id": user.id}, {"app_user_id": user.app_user_id}):
        for wanted in ({}, {"export": "true"}, {"confirm": "0" * 64}):
            answer = erase(other, **parameters, **wanted)
            assert answer.json() == {"success": False, "error": "this user does not exist"}
    wrong = http.request(
        "DELETE",
        f"{application.address}/user-management/v1/user",
        data={"client_id": application.client_id, "client_secret": "wrong", "oneup_user_id": str(user.id)},
    )
    assert wrong.status_code == 401
    assert versions(server, user) == 4


def test_an_export_holds_every_version_and_erases_nothing(
    server: AppServer, application: ApplicationClient, user: UserClient
) -> None:
    filled(user)
    answer = erase(application, oneup_user_id=user.id, export="true")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json+fhir; charset=utf-8"
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "history")
    assert [entry["request"]["method"] for entry in bundle["entry"]] == ["PUT", "PUT", "POST", "DELETE"]
    assert versions(server, user) == 4
    assert user.get("Patient/p").status_code == 200


def test_what_was_received_is_erased_and_nothing_where_the_record_has_changed_since(
    server: AppServer, application: ApplicationClient, user: UserClient
) -> None:
    filled(user)
    received = erase(application, oneup_user_id=user.id, export="true").content
    user.put("Patient/late", patient(id="late"))
    refused = erase(application, oneup_user_id=user.id, confirm=hashlib.sha256(received).hexdigest())
    assert (refused.status_code, refused.json()["success"]) == (400, False)
    assert versions(server, user) == 5
    for wrong in ("", "é", "0"):
        if wrong:
            assert erase(application, oneup_user_id=user.id, confirm=wrong).status_code == 400
    received = erase(application, oneup_user_id=user.id, export="true").content
    assert "late" in json.dumps(json.loads(received))
    erased = erase(application, oneup_user_id=user.id, confirm=hashlib.sha256(received).hexdigest().upper())
    assert erased.json()["success"] is True
    assert versions(server, user) == 0


def test_an_erasure_is_told_by_the_trail_with_ids_and_nothing_else(
    server: AppServer, application: ApplicationClient, user: UserClient
) -> None:
    filled(user)
    erase(application, oneup_user_id=user.id)
    told = server.call(server.store.trail.events(TrailQuery(client_id=application.client_id, action="erase")))
    assert [(each.owner, each.type, each.target) for each in told] == [(None, "User", str(user.id))]
    server.call(server.trail.flush())
    whole = server.call(server.store.trail.events(TrailQuery(owner=user.id)))
    assert {each.action for each in whole} == {"update", "create", "delete"}
    assert {(each.target, each.patient, each.address) for each in whole} == {("", "", "")}


def test_a_user_who_is_deleted_on_validics_face_is_erased_too_and_the_uid_is_held(
    server: AppServer, application: ApplicationClient
) -> None:
    user = filled(application.user("held-name"))
    base = f"{application.address}/v1/organizations/{application.organization_id}/users.json"
    token = {"access_token": application.organization_token}
    answer = http.request("DELETE", base, params={**token, "uid": "held-name"})
    assert (answer.status_code, answer.json()) == (200, {"code": 200, "message": "Ok"})
    assert versions(server, user) == 0
    assert user.get("Patient/p").status_code == 401
    again = http.post(base, params=token, json={"user": {"uid": "held-name"}})
    assert again.status_code == 409
    assert application.manage("POST", "user", app_user_id="held-name").json()["success"] is False


def test_what_was_shared_by_or_with_the_erased_user_is_shared_no_more(
    application: ApplicationClient, user: UserClient, stranger: UserClient
) -> None:
    for one, other in ((user, stranger), (stranger, user)):
        filled(one)
        one.put("Patient/shared" + str(one.id), patient(id=f"shared{one.id}"))
        assert one.put(f"Patient/shared{one.id}/_permission/{other.id}", b"").status_code == 200
    assert stranger.get(f"Patient/shared{user.id}").status_code == 200
    erase(application, oneup_user_id=user.id)
    assert stranger.get(f"Patient/shared{user.id}").status_code == 404
    assert stranger.get("Patient").json()["total"] == 2
