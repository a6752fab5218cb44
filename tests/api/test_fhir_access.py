"""Who may read and write what: the owner everything, everybody else nothing."""

from __future__ import annotations

import pytest

from tests.builders import patient
from tests.clients import FHIR_JSON, ApplicationClient, UserClient, http, new_application
from tests.server import AppServer, TurnedClock


def requests(id: str) -> list[tuple[str, str]]:
    place = f"Patient/{id}"
    return [
        ("GET", place),
        ("HEAD", place),
        ("GET", f"{place}/_history/1"),
        ("GET", f"{place}/_history"),
        ("PUT", place),
        ("DELETE", place),
    ]


def statuses(caller: UserClient, id: str) -> list[int]:
    answers = []
    for method, path in requests(id):
        body = patient("Intruder", id=id) if method == "PUT" else None
        answers.append(caller.request(method, path, body).status_code)
    return answers


def test_to_another_user_of_the_application_a_resource_is_not_there(user: UserClient, stranger: UserClient) -> None:
    mine = user.create(patient())
    assert statuses(stranger, mine["id"]) == [404] * 6
    assert user.get(f"Patient/{mine['id']}").json() == mine


def test_to_a_user_of_another_application_a_resource_is_not_there(user: UserClient, server: AppServer) -> None:
    mine = user.create(patient())
    outsider = new_application(server).user()
    assert statuses(outsider, mine["id"]) == [404] * 6
    assert user.get(f"Patient/{mine['id']}").json() == mine


def test_a_strangers_answers_tell_nothing_of_what_exists(user: UserClient, stranger: UserClient) -> None:
    present, absent = user.create(patient())["id"], "0" * 28
    for (method, path), (_, other) in zip(requests(present), requests(absent), strict=True):
        answers = [
            stranger.request(method, place, patient(id=id) if method == "PUT" else None)
            for place, id in ((path, present), (other, absent))
        ]
        assert answers[0].content == answers[1].content
        assert answers[0].headers.keys() == answers[1].headers.keys()


def test_a_clients_own_id_names_one_resource_of_each_user(user: UserClient, stranger: UserClient) -> None:
    mine = user.put("Patient/shared", patient("Mine", id="shared")).json()
    assert stranger.get("Patient/shared").status_code == 404
    theirs = stranger.put("Patient/shared", patient("Theirs", id="shared"))
    assert (theirs.status_code, theirs.json()["meta"]["versionId"]) == (201, "1")
    assert stranger.delete("Patient/shared").status_code == 204
    assert user.get("Patient/shared").json() == mine
    assert user.get("Patient/shared/_history").json()["total"] == 1


CREDENTIALS = [
    ("none", {}),
    ("empty", {"authorization": ""}),
    ("no token", {"authorization": "Bearer"}),
    ("unknown token", {"authorization": "Bearer " + "x" * 43}),
    ("unprintable token", {"authorization": "Bearer \u00e9"}),
    ("another scheme", {"authorization": "Basic dXNlcjpwYXNz"}),
    ("the user's number", {"x-oneup-user-id": "1"}),
]


@pytest.mark.parametrize("headers", [row[1] for row in CREDENTIALS], ids=[row[0] for row in CREDENTIALS])
def test_without_a_valid_token_nothing_is_read_or_written(user: UserClient, headers: dict[str, str]) -> None:
    id = user.create(patient())["id"]
    sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    for method, path in [*requests(id), ("POST", "Patient")]:
        content = b"{}" if method in {"POST", "PUT"} else None
        answer = http.request(
            method, f"{user.base}/{path}", content=content, headers={b"content-type": FHIR_JSON.encode(), **sent}
        )
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        if method != "HEAD":
            assert answer.json()["issue"][0]["code"] == "login"


def test_the_applications_secret_a_code_or_a_refresh_token_is_no_access_token(
    application: ApplicationClient, user: UserClient
) -> None:
    code = application.code(oneup_user_id=user.id)
    for wrong in (application.client_secret, application.client_id, code, user.refresh_token):
        assert user.get("Patient/a", authorization=f"Bearer {wrong}").status_code == 401


@pytest.mark.parametrize("spelling", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer  {}"])
def test_the_schemes_case_and_blanks_after_it_do_not_matter(user: UserClient, spelling: str) -> None:
    place = f"Patient/{user.create(patient())['id']}"
    assert user.get(place, authorization=spelling.format(user.access_token)).status_code == 200


def test_a_token_may_come_in_the_query_as_some_clients_send_it(user: UserClient) -> None:
    place = f"Patient/{user.create(patient())['id']}"
    answer = http.get(f"{user.base}/{place}?access_token={user.access_token}")
    assert answer.status_code == 200
    assert user.access_token not in answer.text


def test_a_token_works_for_two_hours_and_not_a_second_longer(turned: AppServer, clock: TurnedClock) -> None:
    application = new_application(turned)
    user = application.user()
    place = f"Patient/{user.create(patient())['id']}"
    clock.ahead = 7199 - 30
    assert user.get(place).status_code == 200
    clock.ahead = 7200
    assert user.get(place).status_code == 401
    fresh = application.token(grant_type="refresh_token", refresh_token=user.refresh_token).json()
    assert user.get(place, authorization=f"Bearer {fresh['access_token']}").status_code == 200


def test_a_code_lasts_five_minutes_and_a_refresh_token_ninety_days(turned: AppServer, clock: TurnedClock) -> None:
    application = new_application(turned)
    user = application.user()
    in_time, too_late = (application.code(oneup_user_id=user.id) for _ in range(2))
    clock.ahead = 300 - 30
    assert application.token(grant_type="authorization_code", code=in_time).status_code == 200
    clock.ahead = 300
    refused = application.token(grant_type="authorization_code", code=too_late)
    assert (refused.status_code, refused.json()["error_description"]) == (400, "Invalid code")
    clock.ahead = 90 * 24 * 3600
    refused = application.token(grant_type="refresh_token", refresh_token=user.refresh_token)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
