"""The gate over HTTP: what is refused with 422, what an application lets through, and $validate."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.auth.applications import create_application
from fhirstore.clock import now
from fhirstore.dstu2.levels import Level
from tests.builders import observation, patient
from tests.clients import ApplicationClient, UserClient
from tests.server import AppServer

FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"resourceType": "Observation", "status": "final"}, "required", "Observation.code"),
    (observation() | {"status": "done"}, "code-invalid", "Observation.status"),
    (observation() | {"codes": {}}, "structure", "Observation.codes"),
    (patient() | {"birthDate": "2015-02-30"}, "value", "Patient.birthDate"),
    (patient() | {"name": [{"family": []}]}, "structure", "Patient.name[0].family"),
    (patient() | {"contact": [{"gender": "male"}]}, "invariant", "Patient.contact[0]"),
]


def user_at(server: AppServer, level: Level) -> UserClient:
    """A user of an application that chose how strictly its writes are judged."""
    made = server.call(create_application(server.store.accounts, level, now(), level))
    return ApplicationClient(server.address, made.client_id, made.client_secret).user()


def found(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    return [(issue["code"], issue.get("location", [""])[0]) for issue in outcome["issue"]]


@pytest.mark.parametrize(("resource", "code", "path"), FAULTS)
def test_a_resource_that_breaks_a_rule_is_refused_with_the_place_of_its_fault(
    user: UserClient, resource: dict[str, Any], code: str, path: str
) -> None:
    created = user.post(resource["resourceType"], resource)
    updated = user.put(f"{resource['resourceType']}/a", resource | {"id": "a"})
    for answer in (created, updated):
        assert answer.status_code == 422, answer.text
        assert (code, path) in found(answer.json())
    assert user.get("_history").json()["total"] == 0


@pytest.mark.parametrize(("resource", "code", "path"), FAULTS)
def test_an_application_may_have_incomplete_records_stored_and_marked_but_not_malformed_ones(
    server: AppServer, resource: dict[str, Any], code: str, path: str
) -> None:
    answer = user_at(server, "structure").post(resource["resourceType"], resource)
    if code in {"structure", "value"}:
        assert answer.status_code == 422
    else:
        assert answer.status_code == 201, answer.text
        assert [tag["code"] for tag in answer.json()["meta"]["tag"]] == ["incomplete"]


def test_validate_tells_every_fault_and_stores_nothing(user: UserClient) -> None:
    for resource, code, path in FAULTS:
        answer = user.post(f"{resource['resourceType']}/$validate", resource)
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert (code, path) in found(answer.json())
    flawless = user.post("Patient/$validate", patient())
    assert flawless.status_code == 200
    assert {issue["severity"] for issue in flawless.json()["issue"]} <= {"information", "warning"}
    assert user.get("_history").json()["total"] == 0
