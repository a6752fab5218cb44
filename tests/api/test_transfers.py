"""`$import`, `$export` and the removal of a source over HTTP: asked for with 202, polled, and strangers' to nobody."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.types import Message

from fhirstore.api.transfers import _stream
from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM, SOURCE_SYSTEM
from fhirstore.store.jobs import Job
from tests.builders import observation, patient
from tests.clients import ApplicationClient, UserClient, http, new_application
from tests.conformance.bundles import entry, transaction
from tests.server import AppServer, running

HOSPITAL, CLINIC = "https://hospital.example/fhir", "urn:oid:1.2.3"
ASYNC = {"prefer": "respond-async"}


def ndjson(*resources: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


def ended(address: str, user: UserClient) -> httpx.Response:
    """The answer of a job's address once it is no longer 202."""
    deadline = time.monotonic() + 30
    while (answer := http.get(address, headers=user.headers)).status_code == 202:
        assert answer.headers["x-progress"]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


def imported(user: UserClient, body: bytes, source: str = HOSPITAL, query: str = "") -> dict[str, Any]:
    asked = user.request("POST", f"$import{query}", body, x_source=source, content_type="application/fhir+ndjson")
    assert asked.status_code == 202, asked.text
    assert asked.content == b""
    answer = ended(asked.headers["content-location"], user)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def exported(user: UserClient, query: str = "") -> dict[str, list[dict[str, Any]]]:
    """The resources of each file, and that the manifest counts them."""
    asked = user.get(f"$export{query}", **ASYNC)
    assert asked.status_code == 202, asked.text
    manifest = ended(asked.headers["content-location"], user).json()
    assert (manifest["requiresAccessToken"], manifest["error"]) == (True, [])
    files: dict[str, list[dict[str, Any]]] = {}
    for file in manifest["output"]:
        answer = http.get(file["url"], headers=user.headers)
        assert answer.headers["content-type"] == "application/fhir+ndjson"
        files[file["type"]] = [json.loads(line) for line in answer.text.splitlines()]
        assert len(files[file["type"]]) == file["count"]
    return files


def test_an_import_of_one_source_rests_under_its_tags_with_its_references_led_there(user: UserClient) -> None:
    about = observation("Patient/1", id="o", performer=[{"reference": f"{HOSPITAL}/Patient/1/_history/3"}])
    result = imported(user, ndjson(about, patient(id="1")))
    assert result["counts"] == {"Observation": {"created": 1}, "Patient": {"created": 1}}
    stored = user.get("Patient").json()["entry"][0]["resource"]
    assert stored["meta"]["tag"] == [
        {"system": ORIGINAL_ID_SYSTEM, "code": "1"},
        {"system": SOURCE_SYSTEM, "code": HOSPITAL},
    ]
    found = user.get(f"Observation?subject=Patient/{stored['id']}").json()["entry"][0]["resource"]
    assert found["performer"] == [{"reference": f"Patient/{stored['id']}"}]


def test_the_same_import_again_changes_nothing_and_a_changed_one_makes_one_version(user: UserClient) -> None:
    imported(user, ndjson(patient(id="1"), patient(id="2")))
    assert imported(user, gzip.compress(ndjson(patient(id="1"))))["counts"] == {"Patient": {"unchanged": 1}}
    assert imported(user, ndjson(patient(id="1", gender="female")))["counts"] == {"Patient": {"updated": 1}}
    assert imported(user, ndjson(patient(id="1")), CLINIC)["counts"] == {"Patient": {"created": 1}}, "another's"
    assert user.get("_history").json()["total"] == 4


def test_a_complete_import_deletes_what_its_source_no_longer_has_and_nothing_else(user: UserClient) -> None:
    own = user.post("Patient", patient(), x_source=HOSPITAL).json()["id"]
    imported(user, ndjson(patient(id="1")), CLINIC)
    imported(user, ndjson(patient(id="1"), patient(id="2")))
    counts = imported(user, ndjson(patient(id="2")), query="?_complete=true")["counts"]
    assert counts == {"Patient": {"unchanged": 1, "deleted": 1}}
    assert user.get(f"Patient?_source={CLINIC}").json()["total"] == 1
    left = user.get(f"Patient?_source={HOSPITAL}").json()["entry"]
    assert len(left) == 2, "the one that is still there, and the one that no import brought"
    assert own in {each["resource"]["id"] for each in left}


def test_what_is_refused_is_told_in_a_file_with_its_place_and_each_issue(user: UserClient) -> None:
    body = ndjson(patient(id="1"), {"resourceType": "Patient", "gender": "f", "active": 1}) + b"{broken\n"
    result = imported(user, body)
    assert result["counts"] == {"Patient": {"created": 1, "refused": 1}, "unknown": {"refused": 1}}
    (file,) = result["error"]
    lines = http.get(file["url"], headers=user.headers).text.splitlines()
    assert len(lines) == file["count"] == 2
    first, second = map(json.loads, lines)
    assert first["place"] == "input:2"
    assert {issue["path"] for issue in first["issues"]} == {"Patient.gender", "Patient.active"}
    assert first["resource"]["gender"] == "f"
    assert (second["place"], second["issues"][0]["severity"]) == ("input:3", "fatal")
    assert result["faults"]["Patient.active: must be true or false, without quotes, not a number"] == 1
    assert len(result["faults"]) == 3


def test_references_to_what_has_not_come_are_led_to_it_when_it_comes(user: UserClient) -> None:
    name = f"urn:uuid:{uuid4()}"
    early = transaction({**entry("POST", "Observation", observation(name, id="o")), "fullUrl": f"urn:uuid:{uuid4()}"})
    late = transaction({**entry("POST", "Patient", patient(id="p")), "fullUrl": name})
    imported(user, json.dumps(early).encode())
    assert user.get("Observation").json()["entry"][0]["resource"]["subject"]["reference"] == name
    imported(user, json.dumps(late).encode(), CLINIC)
    assert user.get("Observation").json()["entry"][0]["resource"]["subject"]["reference"] == name, "not its source"
    imported(user, json.dumps(late).encode())
    resolved = user.get("Observation").json()["entry"][0]["resource"]
    target = user.get(f"Patient?_source={HOSPITAL}").json()["entry"][0]["resource"]["id"]
    assert resolved["subject"]["reference"] == f"Patient/{target}"
    assert len(resolved["meta"]["tag"]) == 3, "it waits no longer"
    total = user.get("_history").json()["total"]
    for bundle in (early, late):
        (counts,) = imported(user, json.dumps(bundle).encode())["counts"].values()
        assert counts == {"unchanged": 1}
    assert user.get("_history").json()["total"] == total


def test_an_export_has_a_file_for_each_type_with_everything_that_is_there(
    user: UserClient, stranger: UserClient
) -> None:
    stranger.create(patient("Other"))
    one, two = user.create(patient("One")), user.create(patient("Two"))
    user.put(f"Patient/{two['id']}", {**two, "gender": "male"})
    gone = user.create(patient("Gone"))
    user.delete(f"Patient/{gone['id']}")
    seen = user.post("Observation", observation(f"Patient/{one['id']}"), x_source=CLINIC).json()
    files = exported(user)
    assert files.keys() == {"Observation", "Patient"}
    assert sorted(files["Patient"], key=lambda each: each["id"]) == sorted(
        (user.get(f"Patient/{each['id']}").json() for each in (one, two)), key=lambda each: each["id"]
    )
    assert exported(user, "?_type=Observation") == {"Observation": [seen]}
    assert exported(user, f"?_source={CLINIC}") == {"Observation": [seen]}
    assert exported(user, "?_since=2999-01-01") == {}


def test_a_token_for_some_types_exports_those_and_imports_what_it_may_write(
    application: ApplicationClient, user: UserClient
) -> None:
    kept = user.create(patient())
    user.create(observation())
    narrow = application.token(
        grant_type="refresh_token", refresh_token=user.refresh_token, scope="user/Patient.read user/Basic.write"
    )
    assert narrow.status_code == 200, narrow.text
    reader = replace(user, access_token=narrow.json()["access_token"])
    assert exported(reader) == {"Patient": [kept]}
    basic = {"resourceType": "Basic", "code": {"text": "a"}}
    assert imported(reader, ndjson(basic, patient(id="1")))["counts"] == {
        "Basic": {"created": 1},
        "Patient": {"refused": 1},
    }
    asked = user.get("$export", **ASYNC)
    output = ended(asked.headers["content-location"], user).json()["output"]
    answers = {file["type"]: http.get(file["url"], headers=reader.headers) for file in output}
    assert {type: answer.status_code for type, answer in answers.items()} == {
        "Basic": 403,
        "Observation": 403,
        "Patient": 200,
    }


@pytest.mark.parametrize(
    "query", ["?_type=Nothing", "?_since=yesterday", "?_outputFormat=csv", "?_unknown=1", "?_type=Patient,"]
)
def test_an_export_refuses_what_it_does_not_understand(user: UserClient, query: str) -> None:
    assert user.get(f"$export{query}", **ASYNC).status_code == (202 if query.endswith(",") else 400)


def test_what_is_no_request_for_a_job_is_refused(user: UserClient) -> None:
    assert user.get("$export").status_code == 400, "not asked for as asynchronous"
    assert user.post("$export", b"{}", **ASYNC).status_code == 405
    assert user.get("$import").status_code == 405
    assert user.post("$import", b"").status_code == 400
    assert user.post("$import", b"{}", x_source="nowhere").status_code == 400
    assert user.post("$import?_other=1", b"{}").status_code == 400
    assert user.get("$export", authorization="Bearer none", **ASYNC).status_code == 401


def test_a_cancelled_job_is_gone_and_so_is_one_whose_result_was_given_back(user: UserClient) -> None:
    address = user.get("$export", **ASYNC).headers["content-location"]
    assert ended(address, user).status_code == 200
    assert http.delete(address, headers=user.headers).status_code == 202
    assert http.get(address, headers=user.headers).status_code == 404
    assert http.delete(address, headers=user.headers).status_code == 404


@pytest.fixture
def strangers(server: AppServer, application: ApplicationClient) -> Sequence[UserClient]:
    return [application.user(), new_application(server).user()]


def test_to_strangers_anothers_jobs_and_files_are_those_that_never_were(
    user: UserClient, strangers: Sequence[UserClient]
) -> None:
    user.create(patient())
    asked = user.request("POST", "$import", ndjson({"resourceType": "Patient", "active": 1}))
    ended(asked.headers["content-location"], user)
    asked_too = user.get("$export", **ASYNC)
    (file,) = ended(asked_too.headers["content-location"], user).json()["output"]
    addresses = [asked.headers["content-location"], asked_too.headers["content-location"], file["url"]]
    addresses.append(asked.headers["content-location"] + "/refused.ndjson")
    for stranger in strangers:
        for address in addresses:
            for method in ("GET", "DELETE") if not address.endswith("ndjson") else ("GET",):
                job = address.split("/$")[1].split("/")[1]
                answers = [
                    http.request(method, each, headers=stranger.headers)
                    for each in (address, address.replace(job, uuid4().hex))
                ]
                assert [each.status_code for each in answers] == [404, 404], address
                assert answers[0].json() == answers[1].json()
    for address in addresses:
        assert http.get(address, headers=user.headers).status_code == 200


def removed(application: ApplicationClient, **parameters: str | int) -> dict[str, Any]:
    asked = application.manage("DELETE", "user/source", **parameters)
    assert asked.status_code == 202, asked.text
    deadline = time.monotonic() + 30
    while True:
        answer: dict[str, Any] = application.manage("GET", "user/source/removal", job=asked.json()["job"]).json()
        if answer["state"] not in {"waiting", "running"}:
            return answer
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_source_is_listed_and_taken_out_alone(application: ApplicationClient, user: UserClient) -> None:
    imported(user, ndjson(patient(id="1"), patient(id="2"), observation("Patient/1", id="o")))
    imported(user, ndjson(patient(id="1")), CLINIC)
    imported(user, ndjson(patient(id="1")), CLINIC.replace("oid", "OID"))
    listed = application.manage("GET", "user/source", oneup_user_id=user.id).json()
    assert [(each["source"], each["total"]) for each in listed["entry"]] == [
        (HOSPITAL, 3),
        (CLINIC.replace("oid", "OID"), 1),
        (CLINIC, 1),
    ]
    assert listed["entry"][0]["types"] == {"Observation": 1, "Patient": 2}
    assert listed["entry"][0]["first_arrival"] <= listed["entry"][0]["last_arrival"]
    result = removed(application, oneup_user_id=user.id, source=HOSPITAL)
    assert (result["state"], result["removed"]) == ("done", {"Observation": 1, "Patient": 2})
    assert user.get("Patient").json()["total"] == 2
    assert user.get("_history").json()["total"] == 8, "tombstones, and what was before them"
    result = removed(application, oneup_user_id=user.id, source=CLINIC, erase="true")
    assert (result["removed"], result["erased_versions"]) == ({"Patient": 1}, 2)
    assert user.get("_history").json()["total"] == 7, "capitals make another source"
    assert removed(application, oneup_user_id=user.id, source=HOSPITAL, erase="true")["erased_versions"] == 6
    assert user.get("_history").json()["total"] == 1
    assert imported(user, ndjson(patient(id="1")))["counts"] == {"Patient": {"created": 1}}


def test_another_applications_users_sources_and_removals_are_not_there(
    server: AppServer, application: ApplicationClient, user: UserClient
) -> None:
    user.create(patient())
    job = removed(application, oneup_user_id=user.id, source="urn:nobody")["job"]
    other = new_application(server)
    for known, unknown in ((user.id, 999_999_999),):
        for method, more in (("GET", {}), ("DELETE", {"source": HOSPITAL})):
            answers = [other.manage(method, "user/source", oneup_user_id=id, **more) for id in (known, unknown)]
            assert (answers[0].status_code, answers[0].json()) == (answers[1].status_code, answers[1].json())
            assert answers[0].status_code == 400
    statuses = [other.manage("GET", "user/source/removal", job=each) for each in (job, uuid4().hex)]
    assert (statuses[0].status_code, statuses[0].json()) == (statuses[1].status_code, statuses[1].json())


def test_an_application_has_so_many_jobs_and_an_import_so_many_bytes(database: str) -> None:
    with running(database, import_bytes=1000, open_jobs=1) as server:
        application = new_application(server)
        user = application.user()
        assert user.post("$import", b"{" + b" " * 1000).status_code == 413
        bomb = gzip.compress(b" " * 100_000)
        asked = user.request("POST", "$import", bomb)
        refused = ended(asked.headers["content-location"], user)
        assert (refused.status_code, refused.json()["issue"][0]["code"]) == (422, "processing")
        server.call(server.store.jobs.add(_endless(application.client_id)))
        assert user.get("$export", **ASYNC).status_code == 429
        assert user.post("$import", b"{}").status_code == 429
        assert application.manage("DELETE", "user/source", oneup_user_id=user.id, source="urn:a").status_code == 429


def _endless(client_id: str) -> Job:
    return Job(uuid4().hex, 1, client_id, "import", 1, {}, "receiving", updated=2**50)


async def test_a_file_is_read_no_further_once_its_client_is_gone() -> None:
    waiting: list[Message] = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
    read: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield b"{}\n"
            await asyncio.sleep(0)

    async def receive() -> Message:
        await asyncio.sleep(0)
        return waiting.pop(0)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await _stream(pieces(), receive, send)
    assert len(read) < 20
    assert all(message.get("more_body", True) for message in sent), "what is cut off must not look whole"
