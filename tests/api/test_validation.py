"""What is stored is judged first: levels, the tag of what a level let through, and `$validate`, over HTTP."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from fhirstore.auth.applications import create_application
from fhirstore.clock import now
from fhirstore.dstu2.json_format import dump
from fhirstore.dstu2.levels import INCOMPLETE_TAG, Level
from fhirstore.dstu2.sources import SOURCE_SYSTEM
from tests.builders import smallest
from tests.clients import ApplicationClient, UserClient
from tests.dstu2.examples import MISSING, example_names, small_documents
from tests.dstu2.mutations import KINDS, find_sites, mutate
from tests.server import AppServer

Resource = dict[str, Any]

INCOMPLETE: Mapping[str, Resource] = {
    "a missing element": {"resourceType": "Observation", "status": "final"},
    "a code of no value set": {"resourceType": "Patient", "gender": "unsure"},
    "an empty code": {"resourceType": "Patient", "gender": ""},
    "a broken invariant": {"resourceType": "Patient", "contact": [{"relationship": [{"text": "aunt"}]}]},
}
MALFORMED: Mapping[str, Resource] = {
    "an unknown element": {"resourceType": "Patient", "nickname": "Pete"},
    "a wrong JSON type": {"resourceType": "Patient", "active": "true"},
    "one for many": {"resourceType": "Patient", "name": {"text": "Pete"}},
    "a date that is none": {"resourceType": "Patient", "birthDate": "2015-02-30"},
    "an empty array": {"resourceType": "Patient", "name": []},
}


def user_at(server: AppServer, level: Level | None) -> UserClient:
    made = server.call(create_application(server.store.accounts, "tests", now(), level))
    return ApplicationClient(server.address, made.client_id, made.client_secret).user()


def tags(resource: Resource) -> list[Any]:
    found: list[Any] = resource.get("meta", {}).get("tag", [])
    return [tag for tag in found if tag.get("system") != SOURCE_SYSTEM]


@pytest.mark.parametrize("fault", [*INCOMPLETE, *MALFORMED])
def test_the_default_level_refuses_every_fault_and_says_where(user: UserClient, fault: str) -> None:
    resource = {**INCOMPLETE, **MALFORMED}[fault]
    answer = user.post(resource["resourceType"], resource)
    assert answer.status_code == 422
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert all(issue["location"][0].startswith(resource["resourceType"]) for issue in outcome["issue"])


def test_every_fault_is_told_at_once(user: UserClient) -> None:
    answer = user.post("Patient", {"resourceType": "Patient", "gender": "x", "birthDate": "no", "nickname": 1})
    places = {issue["location"][0] for issue in answer.json()["issue"]}
    assert places == {"Patient.gender", "Patient.birthDate", "Patient.nickname"}


@pytest.mark.parametrize("fault", INCOMPLETE)
def test_the_level_structure_stores_what_is_incomplete_and_marks_it(server: AppServer, fault: str) -> None:
    user = user_at(server, "structure")
    resource = INCOMPLETE[fault]
    created = user.create(resource)
    assert tags(created) == [dict(INCOMPLETE_TAG)]
    place = f"{resource['resourceType']}/{created['id']}"
    assert user.get(place).json() == created
    outcome = user.post(f"{place}/$validate", b"").json()
    assert any(issue["severity"] == "error" for issue in outcome["issue"]), "what was let through stays visible"


@pytest.mark.parametrize("fault", MALFORMED)
def test_the_level_structure_still_refuses_what_has_the_wrong_form(server: AppServer, fault: str) -> None:
    assert user_at(server, "structure").post("Patient", MALFORMED[fault]).status_code == 422


def test_the_mark_goes_when_the_fault_is_mended_and_comes_when_one_is_made(server: AppServer) -> None:
    user = user_at(server, "structure")
    created = user.create({"resourceType": "Patient", "gender": "unsure", "meta": {"tag": [{"code": "mine"}]}})
    assert tags(created) == [{"code": "mine"}, dict(INCOMPLETE_TAG)]
    mended = user.put(f"Patient/{created['id']}", {**created, "gender": "female"}).json()
    assert tags(mended) == [{"code": "mine"}]
    broken = user.put(f"Patient/{created['id']}", {**mended, "gender": "unsure"}).json()
    assert tags(broken) == [{"code": "mine"}, dict(INCOMPLETE_TAG)]


def test_a_client_cannot_mark_a_sound_resource(user: UserClient) -> None:
    assert tags(user.create({"resourceType": "Patient", "meta": {"tag": [dict(INCOMPLETE_TAG)]}})) == []


def test_the_level_strict_also_refuses_what_fhir_resources_refuses(server: AppServer, user: UserClient) -> None:
    # XML Schema has years before our era, and so has FHIR; the library's dates do not.
    resource = {"resourceType": "Patient", "birthDate": "-0044-03-15"}
    opinion = user.post("Patient/$validate", resource).json()
    assert "information" in {issue["severity"] for issue in opinion["issue"]}
    assert user.post("Patient", resource).status_code == 201
    strict = user_at(server, "strict")
    assert strict.post("Patient", resource).status_code == 422
    assert strict.post("Patient", smallest("Observation")).status_code == 400
    assert strict.post("Observation", smallest("Observation")).status_code == 201


def test_a_batch_and_a_transaction_are_judged_like_single_requests(user: UserClient) -> None:
    for kind, status in (("batch", 200), ("transaction", 422)):
        entry = {
            "resource": {"resourceType": "Patient", "gender": "unsure"},
            "request": {"method": "POST", "url": "Patient"},
        }
        answer = user.post("", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
        assert answer.status_code == status
        outcome = answer.json() if kind == "transaction" else answer.json()["entry"][0]["resource"]
        assert outcome["issue"][0]["location"] == ["Bundle.entry[0].resource.Patient.gender"]
    assert user.get("Patient/_history").json()["total"] == 0


class TestValidate:
    def test_it_answers_200_and_stores_nothing(self, user: UserClient) -> None:
        assert user.post("Patient/$validate", {"resourceType": "Patient"}).status_code == 200
        assert user.post("Patient/$validate", {"resourceType": "Patient", "gender": "x"}).status_code == 200
        assert user.get("Patient/_history").json()["total"] == 0

    @pytest.mark.parametrize(
        "body",
        [b"{", b'{"resourceType":"Patient","a":1,"a":2}', b"[" * 100_000, b'{"resourceType":"Observation"}', b""],
        ids=["broken", "repeated", "deep", "of another type", "empty"],
    )
    def test_what_create_refuses_is_an_error_here(self, user: UserClient, body: bytes) -> None:
        assert 400 <= user.post("Patient", body).status_code < 500
        answer = user.post("Patient/$validate", body)
        assert answer.status_code == 200
        assert {issue["severity"] for issue in answer.json()["issue"]} & {"error", "fatal"}

    @pytest.mark.skipif(not example_names(), reason=MISSING)
    def test_it_agrees_with_create_and_update_on_examples_broken_in_every_way(self, user: UserClient) -> None:
        chance = random.Random(7)
        documents = small_documents(3000)
        verdicts = Counter[bool]()
        for kind in sorted(KINDS):
            for document in chance.sample(documents, 6):
                mutants = [mutate(document, site, kind) for site in find_sites(document)]
                mutant = chance.choice([each for each in mutants if each] or [None])
                tried = {**(mutant.document if mutant else document), "id": "tried"}
                if isinstance(tried.get("resourceType"), str):
                    verdicts[self.same_verdict(user, tried)] += 1
        assert verdicts[True] > 5
        assert verdicts[False] > 80

    def same_verdict(self, user: UserClient, resource: Resource) -> bool:
        type, body = resource["resourceType"], dump(resource)
        outcome = user.post(f"{type}/$validate", body)
        if outcome.status_code != 200:
            assert outcome.status_code == user.post(type, body).status_code == 404
            return False
        sound = not {issue["severity"] for issue in outcome.json()["issue"]} & {"error", "fatal"}
        assert (user.post(type, body).status_code == 201) == sound
        assert (user.put(f"{type}/tried", body).status_code in {200, 201}) == sound
        return sound

    def test_the_resource_may_come_in_parameters(self, user: UserClient) -> None:
        parameters = {
            "resourceType": "Parameters",
            "parameter": [
                {"name": "mode", "valueCode": "create"},
                {"name": "resource", "resource": {"resourceType": "Patient", "gender": "x"}},
            ],
        }
        outcome = user.post("Patient/$validate", parameters).json()
        assert outcome["issue"][0]["location"] == ["Patient.gender"]

    def test_a_mode_that_is_none_and_a_profile_are_answered_for(self, user: UserClient) -> None:
        resource = {"resourceType": "Patient"}
        refused = user.post("Patient/$validate?mode=guess", resource).json()
        assert refused["issue"][0]["severity"] == "error"
        profile = user.post("Patient/$validate?profile=http://example.org/p", resource).json()
        assert [issue["code"] for issue in profile["issue"]] == ["not-supported"]

    def test_the_mode_update_minds_the_id(self, user: UserClient) -> None:
        created = user.create({"resourceType": "Patient"})
        place = f"Patient/{created['id']}/$validate?mode=update"
        assert user.post(place, {"resourceType": "Patient", "id": "other"}).json()["issue"][0]["severity"] == "error"
        assert user.post(place, created).json()["issue"][0]["severity"] == "information"

    def test_a_strangers_resource_is_not_there_to_validate(self, user: UserClient, stranger: UserClient) -> None:
        created = user.create({"resourceType": "Patient"})
        theirs = stranger.get(f"Patient/{created['id']}/$validate")
        nobodys = stranger.get(f"Patient/{'0' * 28}/$validate")
        assert (theirs.status_code, theirs.json()) == (nobodys.status_code, nobodys.json())
        assert theirs.status_code == 404
        assert user.get(f"Patient/{created['id']}/$validate").status_code == 200

    @pytest.mark.parametrize(
        "body", [b"<Patient", b'<Patient xmlns="http://hl7.org/fhir"><nickname value="x"/></Patient>']
    )
    def test_xml_that_cannot_be_read_is_a_verdict_too(self, user: UserClient, body: bytes) -> None:
        assert user.post("Patient", body, content_type="application/xml+fhir").status_code == 400
        answer = user.post("Patient/$validate", body, content_type="application/xml+fhir", accept="application/json")
        assert answer.status_code == 200
        assert {issue["severity"] for issue in answer.json()["issue"]} <= {"error", "fatal"}
