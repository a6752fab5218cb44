"""300 management calls an hour, 30 failed tries a quarter of an hour: counted in the database, by whichever process."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fhirstore.clock import now
from tests.clients import ApplicationClient, http, new_application
from tests.server import AppServer, ServerProcess, TurnedClock, running

LIMIT = 5
FAILURES = 3


@pytest.fixture
def limited(database: str, clock: TurnedClock) -> Iterator[AppServer]:
    """A server that few calls are too many for."""
    with running(database, clock, management_calls_per_hour=LIMIT, credential_failures=FAILURES) as started:
        yield started


def left(answer: httpx.Response) -> tuple[str, str]:
    return answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]


def test_every_answer_tells_what_is_left_and_the_one_after_the_last_is_429(limited: AppServer) -> None:
    application = new_application(limited)
    calls = [("POST", "user", {"app_user_id": "me"}), ("POST", "user", {"app_user_id": "me"}), ("GET", "user", {})]
    calls += [("PUT", "user", {"oneup_user_id": "none"}), ("POST", "user/auth-code", {"app_user_id": "me"})]
    began = now() // 1000
    answers = [application.manage(method, path, **given) for method, path, given in calls]
    assert [answer.status_code for answer in answers] == [200, 400, 200, 400, 200]
    assert [left(answer) for answer in answers] == [("5", f"{number}") for number in (4, 3, 2, 1, 0)]
    assert began + 3599 <= int(answers[0].headers["x-ratelimit-reset"]) <= began + 3610
    assert len({answer.headers["x-ratelimit-reset"] for answer in answers}) == 1

    refused = [application.manage(method, path, **given) for method, path, given in calls]
    for answer in refused:
        assert (answer.status_code, answer.json()) == (429, {"message": "Too Many Requests"})
        assert left(answer) == ("5", "0")
        assert 3500 < int(answer.headers["retry-after"]) <= 3600
    assert application.manage("GET", "user").status_code == 429


def test_nobody_else_is_held_up_and_after_an_hour_neither_is_the_application(
    limited: AppServer, clock: TurnedClock
) -> None:
    application, stranger = new_application(limited), new_application(limited)
    user = application.user()
    for _ in range(LIMIT):
        application.manage("GET", "user")
    assert application.manage("GET", "user").status_code == 429
    assert stranger.manage("GET", "user").status_code == 200
    refreshed = application.token(grant_type="refresh_token", refresh_token=user.refresh_token)
    assert refreshed.status_code == 200, "tokens are not management: a user is not locked out by what others did"
    assert user.get("Patient/a").status_code == 404
    clock.ahead = 3601
    assert left(application.manage("GET", "user")) == ("5", "4")


def test_both_faces_draw_on_one_allowance(limited: AppServer) -> None:
    application = new_application(limited)
    address = f"{limited.address}/v1/organizations/{application.organization_id}/users.json"
    token = {"access_token": application.organization_token}
    statuses = [application.manage("GET", "user").status_code for _ in range(3)]
    statuses += [http.get(address, params=token).status_code for _ in range(3)]
    assert statuses == [200] * 5 + [429]
    refused = http.get(address, params=token)
    assert refused.json() == {"code": 429, "message": "Too Many Requests", "errors": "Too Many Requests"}
    assert int(refused.headers["retry-after"]) > 3500


def test_an_application_may_have_a_limit_of_its_own(limited: AppServer) -> None:
    application = new_application(limited, calls_per_hour=LIMIT + 2)
    answers = [application.manage("GET", "user") for _ in range(LIMIT + 3)]
    assert Counter(answer.status_code for answer in answers) == {200: LIMIT + 2, 429: 1}
    assert left(answers[0]) == ("7", "6")


def test_a_call_with_wrong_credentials_is_not_counted(limited: AppServer) -> None:
    application = new_application(limited)
    wrong = ApplicationClient(limited.address, application.client_id, "wrong")
    for _ in range(FAILURES - 1):
        answer = wrong.manage("GET", "user")
        assert answer.status_code == 401
        assert "x-ratelimit-limit" not in answer.headers
    assert left(application.manage("GET", "user")) == ("5", "4")


async def test_two_processes_that_share_a_limit_of_300_let_exactly_300_through(database: str, tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with ServerProcess(database, folders[0]) as one, ServerProcess(database, folders[1]) as two:
        made = one.first_application()
        form = {name: made[name] for name in ("client_id", "client_secret")}
        addresses = [f"{server.address}/user-management/v1/user" for server in (one, two)]
        turns, answers = iter(range(340)), list[httpx.Response]()
        async with httpx.AsyncClient(verify=False, trust_env=False, timeout=60) as client:

            async def call_in_turn() -> None:
                for turn in turns:
                    answers.append(await client.request("GET", addresses[turn % 2], params=form))

            # Not all at once: the client looks through all that wait for a connection whenever one is free.
            await asyncio.gather(*(call_in_turn() for _ in range(24)))
    assert Counter(answer.status_code for answer in answers) == {200: 300, 429: 40}
    passed = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers if answer.status_code == 200]
    assert sorted(passed) == list(range(300)), "each was told its own number"


def test_an_address_that_tries_secrets_is_refused_there_right_or_wrong_for_a_quarter_of_an_hour(
    limited: AppServer, clock: TurnedClock
) -> None:
    application, other = new_application(limited), new_application(limited)
    wrong = ApplicationClient(limited.address, application.client_id, other.client_secret)
    tries = [wrong.manage("GET", "user"), wrong.token(grant_type="refresh_token"), wrong.manage("GET", "user")]
    assert [answer.status_code for answer in tries] == [401, 401, 401]
    for client in (wrong, application):
        answer = client.manage("GET", "user")
        assert answer.status_code == 429
        assert 800 < int(answer.headers["retry-after"]) <= 900
        token = client.token(grant_type="refresh_token")
        assert (token.status_code, token.json()["error"]) == (429, "temporarily_unavailable")
        assert token.headers["retry-after"]
    assert other.manage("GET", "user").status_code == 200, "another application"
    elsewhere = {"X-Forwarded-For": "203.0.113.7"}
    moved = http.get(f"{limited.address}/user-management/v1/user", params=application.credentials, headers=elsewhere)
    assert moved.status_code == 200, "another address"
    clock.ahead = 901
    assert application.manage("GET", "user").status_code == 200


def test_an_address_is_the_one_that_the_nearest_proxy_saw_whatever_the_client_writes_before_it(
    limited: AppServer,
) -> None:
    application = new_application(limited)
    wrong = {**application.credentials, "client_secret": "wrong"}

    def status(credentials: dict[str, str], forwarded: str) -> int:
        address = f"{limited.address}/user-management/v1/user"
        return http.get(address, params=credentials, headers={"X-Forwarded-For": forwarded}).status_code

    tries = [status(wrong, f"198.51.100.{turn}, 203.0.113.7, 127.0.0.1") for turn in range(FAILURES + 1)]
    assert tries == [401] * FAILURES + [429]
    assert status(application.credentials, "203.0.113.7") == 429
    assert status(application.credentials, "203.0.113.8") == 200


def test_tries_at_applications_that_do_not_exist_are_throttled_and_hold_up_no_other(limited: AppServer) -> None:
    application = new_application(limited)
    made_up = [ApplicationClient(limited.address, f"none{turn}", "wrong") for turn in range(FAILURES + 1)]
    statuses = [client.manage("GET", "user").status_code for client in made_up]
    assert statuses == [401] * FAILURES + [429]
    assert application.manage("GET", "user").status_code == 200


def test_an_organizations_token_is_tried_no_more_often_and_counts_with_the_secret(limited: AppServer) -> None:
    application = new_application(limited)
    address = f"{limited.address}/v1/organizations/{application.organization_id}.json"
    tries = [http.get(address, params={"access_token": f"wrong{turn}"}) for turn in range(FAILURES + 1)]
    assert [answer.status_code for answer in tries] == [401] * FAILURES + [429]
    assert http.get(address, params={"access_token": application.organization_token}).status_code == 429
    assert application.manage("GET", "user").status_code == 429


def test_no_count_is_kept_under_a_secret_or_a_name(limited: AppServer) -> None:
    """Keys of counts are ids, addresses and hashes: what is tried may be another service's password."""
    application = new_application(limited)
    user = application.user("a-name-that-is-held")
    address = f"{limited.address}/v1/organizations/{application.organization_id}"
    http.request("DELETE", f"{address}/users", json={"uid": user.app_user_id, "access_token": "s-e-c-r-e-t"})
    token = application.organization_token
    deleted = http.request("DELETE", f"{address}/users", json={"uid": user.app_user_id, "access_token": token})
    assert deleted.status_code == 200
    database = limited.database
    if database.startswith("sqlite"):
        import sqlite3

        with sqlite3.connect(database.removeprefix("sqlite:///")) as connection:
            kept = json.dumps(connection.execute("SELECT * FROM windows").fetchall())
    else:
        from pymongo import MongoClient

        with MongoClient[dict[str, object]](database) as client:
            kept = repr(list(client.get_default_database()["windows"].find()))
    assert kept.count("held/") == 1
    assert "a-name-that-is-held" not in kept
    assert "s-e-c-r-e-t" not in kept
    assert token not in kept
