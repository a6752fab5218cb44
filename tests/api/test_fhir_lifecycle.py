"""A resource's life over HTTP: http://hl7.org/fhir/DSTU2/http.html."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from fhirstore.dstu2.catalog import resource_types
from tests.builders import patient, smallest
from tests.clients import FHIR_JSON, UserClient

PREFIXES = ["/dstu2", "/fhir/dstu2"]


def test_a_created_resource_comes_back_whole_with_id_and_meta_by_the_server(user: UserClient) -> None:
    sent = patient(id="mine", meta={"versionId": "7", "lastUpdated": "2000-01-01T00:00:00Z", "profile": ["http://a/b"]})
    answer = user.post("Patient", sent)
    assert answer.status_code == 201
    stored = answer.json()
    assert stored["id"] != "mine"
    assert stored["meta"]["versionId"] == "1"
    assert stored["meta"]["lastUpdated"] > "2020"
    assert stored["meta"]["profile"] == ["http://a/b"]
    assert stored["name"] == sent["name"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_create_tells_where_the_version_is_under_the_prefix_that_was_called(user: UserClient, prefix: str) -> None:
    caller = user.under(prefix)
    answer = caller.post("Patient", patient())
    assert answer.headers["location"] == f"{caller.base}/Patient/{answer.json()['id']}/_history/1"
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["content-type"] == f"{FHIR_JSON}; charset=utf-8"
    told = parsedate_to_datetime(answer.headers["last-modified"]).strftime("%Y-%m-%dT%H:%M:%S")
    assert answer.json()["meta"]["lastUpdated"].startswith(told)
    version = user.request("GET", answer.headers["location"].removeprefix(caller.base).lstrip("/"))
    assert version.content == answer.content


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_read_answers_the_bytes_of_the_current_version(user: UserClient, prefix: str) -> None:
    created = user.post("Patient", patient())
    read = user.under(prefix).get(f"Patient/{created.json()['id']}")
    assert (read.status_code, read.content) == (200, created.content)
    assert read.headers["etag"] == 'W/"1"'
    assert read.headers["last-modified"] == created.headers["last-modified"]
    assert "private" in read.headers["cache-control"]


def test_every_type_is_created_read_and_deleted(user: UserClient) -> None:
    for type in resource_types():
        answer = user.post(type, smallest(type))
        assert answer.status_code == 201, (type, answer.text)
        place = f"{type}/{answer.json()['id']}"
        assert user.get(place).json()["resourceType"] == type
        assert user.delete(place).status_code == 204, type
        assert user.get(place).status_code == 410, type


def test_text_numbers_and_order_of_members_are_kept_to_the_letter(user: UserClient) -> None:
    quantity = '{"value" : 1.00, "unit": "caf\\u00e9 \\u2603 \\"x\\" \\/"}'
    body = f'{{"resourceType":"Observation","status":"final","valueQuantity":{quantity},"code":{{"text":"\u00e9"}}}}'
    answer = user.post("Observation", body.encode())
    assert answer.status_code == 201, answer.text
    assert b'"valueQuantity":{"value":1.00,"unit":"caf\\u00e9 \\u2603 \\"x\\" \\/"}' in answer.content
    assert answer.text.index('"status"') < answer.text.index('"valueQuantity"') < answer.text.index('"code":{"text"')
    assert '"text":"\u00e9"' in answer.text


def test_update_makes_the_next_version_and_the_older_stays_readable(user: UserClient) -> None:
    first = user.create(patient("One"))
    place = f"Patient/{first['id']}"
    answer = user.put(place, {**first, "name": [{"family": ["Two"]}]})
    assert answer.status_code == 200
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["content-location"] == f"{user.base}/{place}/_history/2"
    assert answer.json()["meta"]["versionId"] == "2"
    assert answer.json()["meta"]["lastUpdated"] >= first["meta"]["lastUpdated"]
    assert user.get(place).content == answer.content
    assert user.get(f"{place}/_history/1").json() == first
    assert user.get(f"{place}/_history/2").content == answer.content


def test_an_update_that_changes_nothing_makes_no_version(user: UserClient) -> None:
    first = user.create(patient("One"))
    answer = user.put(f"Patient/{first['id']}", patient("One", id=first["id"]))
    assert (answer.status_code, answer.json()) == (200, first)


def test_update_with_an_id_of_the_clients_own_creates_and_then_updates(user: UserClient) -> None:
    created = user.put("Patient/my-own.id", patient("One", id="my-own.id"))
    assert created.status_code == 201
    assert created.headers["location"] == f"{user.base}/Patient/my-own.id/_history/1"
    updated = user.put("Patient/my-own.id", patient("Two", id="my-own.id"))
    assert (updated.status_code, updated.headers["etag"]) == (200, 'W/"2"')


def test_an_id_of_the_servers_own_shape_cannot_be_chosen_by_a_client(user: UserClient, stranger: UserClient) -> None:
    """It is somebody else's resource, or one that never was: both are not there."""
    id = user.create(patient())["id"]
    assert stranger.put(f"Patient/{id}", patient(id=id)).status_code == 404
    unused = "0" * 28
    assert user.put(f"Patient/{unused}", patient(id=unused)).status_code == 404
    assert user.put(f"Patient/{unused}x", patient(id=f"{unused}x")).status_code == 201
    assert user.put(f"Observation/{id}", smallest("Observation", id=id)).status_code == 404, "of another type"


def test_a_deleted_resource_is_gone_and_its_history_stays(user: UserClient) -> None:
    first = user.create(patient())
    place = f"Patient/{first['id']}"
    answer = user.delete(place)
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (204, b"", 'W/"2"')
    gone = user.get(place)
    assert gone.status_code == 410
    assert gone.json()["resourceType"] == "OperationOutcome"
    assert user.get(f"{place}/_history/1").json() == first
    assert user.get(f"{place}/_history/2").status_code == 410
    assert user.get(f"{place}/_history").json()["total"] == 2


def test_deleting_twice_changes_nothing_and_deleting_nothing_is_not_found(user: UserClient) -> None:
    place = f"Patient/{user.create(patient())['id']}"
    assert [user.delete(place).headers["etag"] for _ in range(2)] == ['W/"2"', 'W/"2"']
    assert user.delete("Patient/none").status_code == 404


def test_a_deleted_resource_comes_back_by_update_without_a_hole_in_its_versions(user: UserClient) -> None:
    place = f"Patient/{user.create(patient())['id']}"
    user.delete(place)
    back = user.put(place, patient("Back", id=place.partition("/")[2]))
    assert (back.status_code, back.headers["etag"]) == (201, 'W/"3"')
    assert user.get(place).content == back.content


def test_history_lists_every_version_newest_first_with_its_request(user: UserClient) -> None:
    first = user.create(patient("One"))
    place = f"Patient/{first['id']}"
    second = user.put(place, patient("Two", id=first["id"])).json()
    user.delete(place)
    answer = user.get(f"{place}/_history")
    bundle = answer.json()
    assert (answer.status_code, bundle["resourceType"], bundle["type"]) == (200, "Bundle", "history")
    assert bundle["total"] == 3
    assert bundle["link"][0] == {"relation": "self", "url": f"{user.base}/{place}/_history"}
    deleted, updated, created = bundle["entry"]
    assert deleted == {"request": {"method": "DELETE", "url": place}}
    assert updated == {
        "fullUrl": f"{user.base}/{place}",
        "resource": second,
        "request": {"method": "PUT", "url": place},
    }
    assert (created["resource"], created["request"]) == (first, {"method": "POST", "url": "Patient"})


def test_the_history_of_nothing_is_not_found(user: UserClient) -> None:
    assert user.get("Patient/none/_history").status_code == 404


def test_head_answers_the_headers_of_get_and_no_body(user: UserClient) -> None:
    place = f"Patient/{user.create(patient())['id']}"
    for path in (place, f"{place}/_history/1", f"{place}/_history", "metadata"):
        get, head = user.get(path), user.request("HEAD", path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        for name in ("content-type", "content-length", "etag", "last-modified"):
            assert head.headers.get(name) == get.headers.get(name), (path, name)


@pytest.mark.parametrize("spelling", ["patient/{id}", "PATIENT/{id}", "Patient/{id}/", "patient/{id}/"])
def test_case_of_the_type_and_a_trailing_slash_do_not_matter(user: UserClient, spelling: str) -> None:
    created = user.post("patient/", patient())
    assert created.status_code == 201
    assert "/Patient/" in created.headers["location"]
    assert user.get(spelling.format(id=created.json()["id"])).content == created.content


def test_an_answer_carries_the_clients_request_id_or_a_new_one(user: UserClient) -> None:
    assert user.get("metadata", x_request_id="abc-1.2_3").headers["x-request-id"] == "abc-1.2_3"
    made = [user.get("metadata", x_request_id=given).headers["x-request-id"] for given in ("", "a b", "x" * 65)]
    assert len({*made, "", "a b", "x" * 65}) == 6, "each is new"


def test_metadata_needs_no_token_and_names_every_type_and_the_token_endpoint(user: UserClient) -> None:
    anonymous = user.get("metadata", authorization="")
    statement = anonymous.json()
    assert (anonymous.status_code, statement["resourceType"], statement["fhirVersion"]) == (200, "Conformance", "1.0.2")
    rest = statement["rest"][0]
    assert [entry["type"] for entry in rest["resource"]] == list(resource_types())
    codes = {entry["code"] for entry in rest["resource"][0]["interaction"]}
    assert {"read", "vread", "update", "delete", "history-instance", "create"} <= codes
    endpoints = {each["url"]: each["valueUri"] for each in rest["security"]["extension"][0]["extension"]}
    assert endpoints["token"] == f"{user.address}/oauth2/token"
