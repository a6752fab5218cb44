"""An application reads for its users with its own secret, one by number or all together; nobody else does."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from fhirstore.auth import back_office
from fhirstore.interactions.table import Interaction
from fhirstore.settings import Settings
from tests.builders import observation, patient
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.conformance.bundles import batch, entry
from tests.conformance.rows import ROWS, Target, asked, label, type_of
from tests.server import AppServer


def ask(
    application: ApplicationClient,
    user: object,
    path: str,
    method: str = "GET",
    body: dict[str, Any] | None = None,
    **headers: str,
) -> httpx.Response:
    sent = {**application.credentials, "x-oneup-user-id": str(user), **headers}
    return http.request(method, f"{application.address}/dstu2/{path}", json=body, headers=sent)


def _rows(server: AppServer) -> Sequence[Interaction]:
    """All of the table; on the slow test database a part of it."""
    return ROWS if server.database.startswith("sqlite") else ROWS[::6]


@pytest.fixture
def users(application: ApplicationClient) -> list[UserClient]:
    """Two users of the application, each with a patient and two observations."""
    users = [application.user(), application.user()]
    for number, user in enumerate(users):
        made = user.create(patient(f"Family{number}", identifier=[{"system": "urn:mrn", "value": str(number)}]))
        for moment in (2010 + number, 2020 - number):
            user.create(observation(f"Patient/{made['id']}", effectiveDateTime=str(moment)))
    return users


def test_it_reads_as_one_of_its_users_does(application: ApplicationClient, users: list[UserClient]) -> None:
    for user in users:
        for path in (
            "Patient",
            "Observation?_sort=date",
            "_history",
            "Patient/$everything",
            "Patient/$everything?_skip=1",
        ):
            answer = ask(application, user.id, path)
            assert answer.status_code == 200
            assert answer.json() == user.get(path).json()
        found = user.get("Patient").json()["entry"][0]["resource"]
        assert ask(application, user.id, f"Patient/{found['id']}").json() == found


def test_the_secret_may_come_in_headers_the_query_or_http_basic(
    application: ApplicationClient, users: list[UserClient]
) -> None:
    address, user = f"{application.address}/fhir/dstu2/Patient", {"x-oneup-user-id": str(users[0].id)}
    basic = b64encode(f"{application.client_id}:{application.client_secret}".encode()).decode()
    answers = [
        http.get(address, headers=user | application.credentials),
        http.get(address, headers=user, params=application.credentials),
        http.get(address, headers=user | {"authorization": f"Basic {basic}"}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    for answer in answers:
        assert answer.json() == users[0].under("/fhir/dstu2").get("Patient").json(), "without a trace of the secret"


def test_a_bearer_token_goes_before_it(application: ApplicationClient, users: list[UserClient]) -> None:
    one, other = users
    sent = {**application.credentials, "x_oneup_user_id": str(other.id)}
    assert one.get("Patient", **sent).json() == one.get("Patient").json()
    assert one.get("Patient", authorization="Bearer wrong", **sent).status_code == 401


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "9" * 5000])
def test_what_is_nobodys_number_is_refused_as_another_applications_user(
    application: ApplicationClient, number: str
) -> None:
    answer = ask(application, number, "Patient")
    assert (answer.status_code, answer.json()["resourceType"]) == (403, "OperationOutcome")


def test_of_all_interactions_it_may_do_those_that_read(
    server: AppServer, application: ApplicationClient, users: list[UserClient]
) -> None:
    for type in {type_of(row) for row in ROWS}:
        users[0].put(f"{type}/a", Target(type, "a", "w").resource | {"id": "a"})
    before = users[0].get("_history").text
    for row in _rows(server):
        question = asked(row, Target(type_of(row), "a", "w"))
        for user in (users[0].id, "client"):
            answer = ask(application, user, question.path, question.method, question.body)
            refused = user == "client" and row.code.startswith("history-")
            assert answer.status_code == (403 if row.access == "write" else 400 if refused else 200), label(row)
            if row.access == "write":
                assert "insufficient_scope" in answer.headers["www-authenticate"]
    assert users[0].get("_history").text == before


def test_the_entries_of_a_bundle_are_judged_one_by_one(application: ApplicationClient, users: list[UserClient]) -> None:
    posted = batch(entry("GET", "Patient"), entry("POST", "Patient", patient()), entry("DELETE", "Patient/a"))
    answer = ask(application, users[0].id, "", "POST", posted).json()
    assert [each["response"]["status"][:3] for each in answer["entry"]] == ["200", "403", "403"]
    refused = ask(application, users[0].id, "", "POST", posted | {"type": "transaction"})
    assert refused.status_code == 403


def test_it_searches_all_its_users_at_once(application: ApplicationClient, users: list[UserClient]) -> None:
    found = ask(application, "client", "Patient?identifier=urn:mrn%7C1").json()
    assert found["total"] == 1
    assert found["entry"][0]["resource"] == users[1].get("Patient").json()["entry"][0]["resource"]
    assert ask(application, "client", "Patient").json()["total"] == 2
    dated = ask(application, "client", "Observation?_sort=date&_count=3").json()
    assert dated["total"] == 4
    following = next(link["url"] for link in dated["link"] if link["relation"] == "next")
    rest = ask(application, "client", following.partition("/dstu2/")[2]).json()
    years = [each["resource"]["effectiveDateTime"] for each in [*dated["entry"], *rest["entry"]]]
    assert years == ["2010", "2011", "2019", "2020"]
    chained = ask(
        application, "client", "Observation?subject:Patient.family=family1&_include=Observation:subject"
    ).json()
    assert (chained["total"], len(chained["entry"])) == (2, 3)
    one = users[1].get("Patient").json()["entry"][0]["resource"]
    assert ask(application, "client", f"Patient/{one['id']}").json() == one
    assert ask(application, "client", f"Patient/{one['id']}/$everything").json()["total"] == 3


def test_what_is_one_users_alone_is_not_asked_of_all(application: ApplicationClient, users: list[UserClient]) -> None:
    for path in ("_history", "Patient/_history", "$export"):
        refused = ask(application, "client", path)
        assert (refused.status_code, "x-oneup-user-id" in refused.text) == (400, True), path


def test_of_users_who_chose_the_same_id_a_search_finds_all(
    application: ApplicationClient, users: list[UserClient]
) -> None:
    for number, user in enumerate(users):
        user.put("Basic/same", {"resourceType": "Basic", "id": "same", "code": {"text": str(number)}})
    found = ask(application, "client", "Basic").json()
    assert (found["total"], [each["resource"]["code"]["text"] for each in found["entry"]]) == (2, ["0", "1"])


def test_of_all_users_those_who_are_switched_off_are_left_out(
    application: ApplicationClient, users: list[UserClient]
) -> None:
    application.manage("PUT", "user", oneup_user_id=users[0].id, active="false")
    assert ask(application, "client", "Patient").json()["total"] == 1
    application.manage("PUT", "user", oneup_user_id=users[0].id, active="true")


def test_more_users_than_can_be_asked_at_once_are_refused_clearly(
    application: ApplicationClient, users: list[UserClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_office, "USERS_LIMIT", 1)
    refused = ask(application, "client", "Patient?identifier=urn:mrn%7C1")
    assert refused.status_code == 400
    assert "x-oneup-user-id" in refused.text
    assert ask(application, users[0].id, "Patient").status_code == 200


def test_to_another_application_its_users_are_like_none(server: AppServer, users: list[UserClient]) -> None:
    outsider = new_application(server)
    outsider.user()
    target = Target("Patient", users[0].get("Patient").json()["entry"][0]["resource"]["id"], "Family0")
    for row in _rows(server):
        question = asked(row, replace(target, type=type_of(row)))
        answers = [
            ask(outsider, number, question.path, question.method, question.body)
            for number in (users[0].id, 999_999_999)
        ]
        assert [answer.status_code for answer in answers] == [403, 403], label(row)
        assert answers[0].content == answers[1].content
    for path in (f"Patient/{target.id}", f"Patient/{target.id}/$everything"):
        assert ask(outsider, "client", path).status_code == 404
    assert ask(outsider, "client", "").json()["total"] == 0


def test_a_user_who_is_switched_off_or_a_word_is_like_none(
    application: ApplicationClient, users: list[UserClient]
) -> None:
    unknown = ask(application, 999_999_999, "Patient").text
    application.manage("PUT", "user", oneup_user_id=users[0].id, active="false")
    for number in (users[0].id, "me", "1; DROP", "-1", "9" * 15):
        answer = ask(application, number, "Patient")
        assert (answer.status_code, answer.text) == (403, unknown)
    application.manage("PUT", "user", oneup_user_id=users[0].id, active="true")


def test_a_wrong_secret_is_refused_and_tries_are_counted(server: AppServer) -> None:
    application, limit = new_application(server), Settings().credential_failures
    user = application.user()
    wrong = [ask(application, user.id, "Patient", client_secret="wrong").status_code for _ in range(limit + 1)]
    assert wrong == [401] * limit + [429]
    assert ask(application, user.id, "Patient").status_code == 429, "the right one too, from this address"
    assert user.get("Patient").status_code == 200


def test_what_is_shared_with_a_user_is_seen_in_the_users_name(
    application: ApplicationClient, users: list[UserClient]
) -> None:
    owner, recipient = users
    shared = owner.get("Patient").json()["entry"][0]["resource"]["id"]
    owner.put(f"Patient/{shared}/_permission/{recipient.id}", b"")
    assert ask(application, recipient.id, f"Patient/{shared}").status_code == 200
    assert ask(application, recipient.id, "Observation").json()["total"] == 4
