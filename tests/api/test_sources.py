"""Each version says where it came from: by a header, by its own tag, or else the application that wrote it."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.dstu2.sources import SOURCE_SYSTEM
from tests.builders import observation, patient
from tests.clients import ApplicationClient, UserClient
from tests.conformance.bundles import batch, entry, transaction

HOSPITAL, CLINIC = "https://hospital.example/fhir", "urn:oid:1.2.3"


def tag(source: str) -> dict[str, str]:
    return {"system": SOURCE_SYSTEM, "code": source}


def sources(resource: dict[str, Any]) -> list[str]:
    return [tag["code"] for tag in resource["meta"]["tag"] if tag.get("system") == SOURCE_SYSTEM]


def found(user: UserClient, query: str) -> set[str]:
    answer = user.get(query)
    assert answer.status_code == 200, answer.text
    return {entry["resource"]["id"] for entry in answer.json()["entry"]}


def test_without_a_word_the_source_is_the_application(application: ApplicationClient, user: UserClient) -> None:
    assert sources(user.create(patient())) == [f"urn:fhirstore:application:{application.client_id}"]


def test_a_tag_names_the_source_and_the_header_goes_before_it(user: UserClient) -> None:
    assert sources(user.create(patient(meta={"tag": [tag(CLINIC), {"code": "mine"}]}))) == [CLINIC]
    answer = user.post("Patient", patient(meta={"tag": [tag(CLINIC)]}), x_source=HOSPITAL)
    assert sources(answer.json()) == [HOSPITAL]


def test_what_was_read_and_is_sent_back_keeps_its_source_and_makes_no_version(
    application: ApplicationClient, user: UserClient
) -> None:
    created = user.post("Patient", patient(), x_source=HOSPITAL).json()
    place = f"Patient/{created['id']}"
    assert user.put(place, created).headers["etag"] == 'W/"1"'
    assert user.put(place, patient(id=created["id"]), x_source=HOSPITAL).headers["etag"] == 'W/"1"'
    corrected = user.put(place, {**created, "gender": "female"}).json()
    assert (sources(corrected), corrected["meta"]["versionId"]) == ([HOSPITAL], "2")


def test_the_same_content_from_another_source_is_another_version(user: UserClient) -> None:
    user.put("Patient/a", patient(id="a"), x_source=HOSPITAL)
    assert user.put("Patient/a", patient(id="a"), x_source=CLINIC).headers["etag"] == 'W/"2"'
    shown = user.get("Patient/a/_history").json()["entry"]
    assert [sources(each["resource"]) for each in shown] == [[CLINIC], [HOSPITAL]]


@pytest.mark.parametrize("wrap", [batch, transaction])
def test_the_header_of_a_bundle_counts_for_all_its_entries_and_tags_where_there_is_none(
    user: UserClient, wrap: Any
) -> None:
    tagged = patient(meta={"tag": [tag(CLINIC)]})
    answer = user.post("", wrap(entry("POST", "Patient", tagged), entry("PUT", "Patient/a", patient(id="a"))))
    assert sources(answer.json()["entry"][0]["resource"]) == [CLINIC]
    answer = user.post("", wrap(entry("POST", "Patient", tagged)), x_source=HOSPITAL)
    assert sources(answer.json()["entry"][0]["resource"]) == [HOSPITAL]


@pytest.mark.parametrize("named", ["", "hospital", "Patient/1", "http://a b", "urn:", "http://" + "a" * 500])
def test_a_source_that_is_no_absolute_uri_is_refused(user: UserClient, named: str) -> None:
    assert user.post("Patient", patient(), x_source=named).status_code == 400
    refused = user.post("Patient", patient(meta={"tag": [{"code": "x"}, tag(named or "x")]}))
    assert refused.status_code == 422
    assert refused.json()["issue"][-1]["location"] == ["Patient.meta.tag[1].code"]


def test_a_resource_with_two_sources_is_refused(user: UserClient) -> None:
    refused = user.post("Patient", patient(meta={"tag": [tag(HOSPITAL), tag(CLINIC)]}))
    assert (refused.status_code, refused.json()["issue"][0]["location"]) == (422, ["Patient.meta.tag"])


def test_a_source_is_searched_for_in_a_type_in_everything_and_through_references(user: UserClient) -> None:
    theirs = user.post("Patient", patient(), x_source=HOSPITAL).json()["id"]
    other = user.post("Patient", patient(), x_source=CLINIC).json()["id"]
    about = user.post("Observation", observation(f"Patient/{theirs}"), x_source=CLINIC).json()["id"]
    assert found(user, f"Patient?_source={HOSPITAL}") == {theirs}
    assert found(user, f"Patient?_source:not={HOSPITAL}") == {other}
    assert found(user, f"?_source={CLINIC}") == {other, about}
    assert found(user, f"?_source={CLINIC},{HOSPITAL}") == {other, about, theirs}
    assert found(user, f"Observation?subject:Patient._source={HOSPITAL}") == {about}
    assert found(user, f"Patient?_tag={SOURCE_SYSTEM}%7C{CLINIC}") == {other}
    assert found(user, "?_source=urn:nobody") == set()
    assert user.get(f"Patient?_source:below={HOSPITAL}").status_code == 400


def test_labels_come_and_go_and_one_source_stays(application: ApplicationClient, user: UserClient) -> None:
    place = f"Patient/{user.post('Patient', patient(), x_source=HOSPITAL).json()['id']}"

    def change(operation: str, code: str) -> int:
        meta = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [tag(code)]}}]}
        return user.post(f"{place}/${operation}", meta).status_code

    assert (change("meta-delete", HOSPITAL), sources(user.get(place).json())) == (200, [HOSPITAL])
    assert (change("meta-add", CLINIC), sources(user.get(place).json())) == (200, [CLINIC])
    assert change("meta-add", "no uri") == 400


def test_the_conformance_tells_of_the_parameter(user: UserClient) -> None:
    for resource in user.get("metadata").json()["rest"][0]["resource"]:
        assert "own" in next(each for each in resource["searchParam"] if each["name"] == "_source")["documentation"]
