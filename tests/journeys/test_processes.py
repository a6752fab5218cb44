"""Several server processes on one database, and what a real process writes into its log."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.builders import patient
from tests.clients import FHIR_JSON, ApplicationClient, UserClient
from tests.server import ServerProcess

CLIENTS = 6
TURNS = 10


@pytest.fixture
def pair(database: str, tmp_path: Path) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two servers on one database; the first makes the application."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with ServerProcess(database, folders[0]) as one, ServerProcess(database, folders[1]) as two:
        yield one, two


def application_at(first: ServerProcess) -> ApplicationClient:
    made = first.first_application()
    return ApplicationClient(first.address, made["client_id"], made["client_secret"])


def write(user: UserClient, addresses: list[str], written: dict[str, bytes], errors: list[str]) -> None:
    """Create a patient by one address and update it by the other, over and over, and another one that all share."""
    with httpx.Client(verify=False, trust_env=False, timeout=30, headers=user.headers) as client:
        for turn in range(TURNS):
            address, other = addresses[turn % len(addresses)], addresses[(turn + 1) % len(addresses)]
            created = client.post(f"{address}/dstu2/Patient", json=patient(f"{turn}"))
            place = f"Patient/{created.json().get('id')}"
            answers = [created]
            for updated in (place, "Patient/shared"):
                body = patient(f"{threading.get_ident()}.{turn}", id=updated.partition("/")[2])
                answers.append(client.put(f"{other}/dstu2/{updated}", json=body))
            for answer in answers:
                if answer.status_code not in {200, 201}:
                    errors.append(answer.text)
                location = answer.headers.get("location") or answer.headers["content-location"]
                written[location.partition("/dstu2/")[2]] = answer.content


def write_from_many_clients(user: UserClient, addresses: list[str]) -> None:
    user.put("Patient/shared", patient("first", id="shared"))
    written: dict[str, bytes] = {}
    errors: list[str] = []
    threads = [threading.Thread(target=write, args=(user, addresses, written, errors)) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=50)
        assert not thread.is_alive()
    assert errors == []
    assert len(written) == CLIENTS * TURNS * 3, "each write has a version of its own"
    for path, content in written.items():
        assert user.get(path).content == content
    assert user.get("Patient/shared/_history").json()["total"] == 1 + CLIENTS * TURNS


def test_two_servers_on_one_database_write_at_once_without_loss(pair: tuple[ServerProcess, ServerProcess]) -> None:
    user = application_at(pair[0]).user()
    write_from_many_clients(user, [server.address for server in pair])


def test_two_workers_of_one_server_write_at_once_without_loss(database: str, tmp_path: Path) -> None:
    with ServerProcess(database, tmp_path, "--workers", "2") as server:
        write_from_many_clients(application_at(server).user(), [server.address])


async def test_of_updates_that_match_one_version_exactly_one_wins_over_two_servers(
    pair: tuple[ServerProcess, ServerProcess],
) -> None:
    user = application_at(pair[0]).user()
    id = user.create(patient())["id"]
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        for version in range(1, 4):
            headers = {**user.headers, "content-type": FHIR_JSON, "if-match": f'W/"{version}"'}
            answers = await asyncio.gather(
                *(
                    client.put(
                        f"{pair[writer % 2].address}/dstu2/Patient/{id}",
                        content=json.dumps(patient(f"{version}.{writer}", id=id)),
                        headers=headers,
                    )
                    for writer in range(16)
                )
            )
            statuses = Counter(answer.status_code for answer in answers)
            assert (statuses[200], statuses[409] + statuses[412]) == (1, 15)
    assert user.get(f"Patient/{id}/_history").json()["total"] == 4


async def test_a_code_spent_at_two_servers_at_once_yields_exactly_one_token(
    pair: tuple[ServerProcess, ServerProcess],
) -> None:
    application = application_at(pair[0])
    user = application.user()
    grant = {**application.credentials, "grant_type": "authorization_code"}
    grant["code"] = application.code(oneup_user_id=user.id)
    async with httpx.AsyncClient(verify=False, trust_env=False, timeout=30) as client:
        answers = await asyncio.gather(
            *(client.post(f"{pair[turn % 2].address}/oauth2/token", data=grant) for turn in range(32))
        )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 31}


def test_a_user_switched_off_at_one_server_is_refused_at_the_other_within_five_seconds(
    pair: tuple[ServerProcess, ServerProcess],
) -> None:
    application = application_at(pair[0])
    here = application.user()
    there = UserClient(pair[1].address, here.id, here.app_user_id, here.access_token, here.refresh_token)
    assert (here.get("Patient/a").status_code, there.get("Patient/a").status_code) == (404, 404)
    application.manage("PUT", "user", oneup_user_id=here.id, active="false")
    assert here.get("Patient/a").status_code == 401
    statuses = _statuses_for_seconds(there, 5.5)
    assert statuses[-1] == 401


def _statuses_for_seconds(user: UserClient, seconds: float) -> list[int]:
    waited = threading.Event()
    timer = threading.Timer(seconds, waited.set)
    timer.start()
    statuses = []
    while not waited.wait(0.25):
        statuses.append(user.get("Patient/a").status_code)
        if statuses[-1] == 401:
            timer.cancel()
            break
    timer.join()
    return [*statuses, user.get("Patient/a").status_code]


def test_the_log_names_every_request_and_holds_no_token_secret_body_query_or_id(tmp_path: Path) -> None:
    with ServerProcess(f"sqlite:///{tmp_path / 'store.db'}", tmp_path, log_level="debug") as server:
        application = application_at(server)
        user = application.user("ann.person@example.org")
        created = user.create(patient("Vertraulich"))
        secrets = {
            "secret": application.client_secret,
            "client": application.client_id,
            "access token": user.access_token,
            "refresh token": user.refresh_token,
            "code": application.code(app_user_id=user.app_user_id),
            "name of the user": "ann.person",
            "body": "Vertraulich",
            "id": created["id"],
            "id of the client's own": "Chalmers",
            "query": "q-u-e-r-y",
            "unknown path": "Unbekannt",
            "wrong token": "w-r-o-n-g",
        }
        user.get(f"Patient/{created['id']}?q-u-e-r-y={secrets['code']}")
        user.get(f"Patient/a?access_token={user.access_token}", authorization="")
        user.get("Patient/a", authorization="Bearer w-r-o-n-g")
        user.post("Patient", b'{"resourceType":"Patient","name":"Vertraulich",')
        user.post("Patient", b'{"Vertraulich":' * 100_000)
        user.post("Patient", b'{"Vertraulich":"' + b"x" * 20_000_000)
        user.get("Unbekannt/q-u-e-r-y")
        application.manage("POST", "user", app_user_id="ann.person@example.org")
        httpx.get(f"{server.address}/user-management/v1/user", params=application.credentials, trust_env=False)
        user.put("Patient/Chalmers", patient(id="Chalmers"))
        httpx.get(f"{server.address}/Unbekannt/w-r-o-n-g?q-u-e-r-y=1", trust_env=False)
        first_output = server.output.read_text()
        server.stop()
    log = server.log.read_text() + server.output.read_text().removeprefix(first_output)
    assert {name for name, text in secrets.items() if text in log} == set()
    for line in ("POST /dstu2/Patient 201", "GET /dstu2/Patient/* 401", "POST /dstu2/Patient 413"):
        assert line in log, "the requests are in the log"
    assert "POST /user-management/v1/user 400" in log
