"""Alive, and able to reach the database: two questions with two answers."""

from __future__ import annotations

import time
from pathlib import Path

from tests.builders import patient
from tests.clients import http, new_application
from tests.mongodb_server import MongoServer
from tests.server import AppServer, running


def test_a_server_with_its_database_is_alive_and_ready(server: AppServer) -> None:
    for path in ("/health", "/health/ready"):
        answer = http.get(server.address + path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_server_without_its_database_is_alive_but_not_ready_and_says_so_to_everybody(tmp_path: Path) -> None:
    with MongoServer(None) as mongodb:
        patience = "&serverSelectionTimeoutMS=300&connectTimeoutMS=300"
        with running(mongodb.uri.replace("/?", "/away?") + patience) as server:
            application = new_application(server)
            user = application.user()
            place = f"Patient/{user.create(patient())['id']}"
            mongodb.kill()
            assert http.get(f"{server.address}/health").status_code == 200
            assert http.get(f"{server.address}/health/ready").status_code == 503
            for method, body in (("GET", None), ("PUT", patient(id=place.partition("/")[2])), ("DELETE", None)):
                answer = user.request(method, place, body)
                assert answer.status_code == 503, answer.text
                assert answer.json()["issue"][0]["code"] == "transient"
            assert user.get(f"{place}/_history").status_code == 503
            assert application.manage("GET", "user").status_code == 503
            assert application.token(grant_type="refresh_token", refresh_token=user.refresh_token).status_code == 503
            organization = f"{server.address}/v1/organizations/{application.organization_id}.json"
            answer = http.get(organization, params={"access_token": application.organization_token})
            # Clients of Validic know no 503.
            assert (answer.status_code, answer.json()) == (500, {"code": 500, "message": "Internal Server Error"})
            mongodb.start()
            deadline = time.monotonic() + 30  # the driver looks for it every now and then
            while http.get(f"{server.address}/health/ready").status_code != 200:
                assert time.monotonic() < deadline, "it comes back by itself"
