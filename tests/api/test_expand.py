"""$expand over HTTP: http://hl7.org/fhir/DSTU2/valueset-operations.html#expand"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fhirstore.dstu2 import xml_read, xml_write
from tests.clients import UserClient
from tests.value_sets import (
    ANIMAL_SYSTEM,
    ANIMALS,
    FHIR,
    FINDINGS,
    GENDER,
    GENDERS,
    PET_CODES,
    PETS,
    SNOMED,
    ask,
    codes,
    expansion,
    keep,
    refusal,
    sent,
)


@pytest.fixture
def keeper(user: UserClient) -> UserClient:
    """A user who keeps a code system and a value set of some of its codes."""
    return keep(user)


def test_a_published_value_set_is_expanded_by_its_identifier(user: UserClient) -> None:
    response = ask(user, "$expand", identifier=GENDERS)
    found = expansion(response)
    assert {name: response.json()[name] for name in ("resourceType", "url", "name", "status")} == {
        "resourceType": "ValueSet",
        "url": GENDERS,
        "name": "AdministrativeGender",
        "status": "draft",
    }
    assert found["total"] == 4
    assert found["identifier"].startswith("urn:uuid:")
    assert found["contains"][0] == {"system": GENDER, "code": "male", "display": "Male"}


def test_own_value_sets_are_expanded_by_identifier_and_at_their_address(keeper: UserClient) -> None:
    stored = keeper.get(f"ValueSet?url={PETS}").json()["entry"][0]["resource"]
    assert codes(ask(keeper, "$expand", identifier=PETS)) == ["cat", "dog"]
    assert codes(keeper.get(f"ValueSet/{stored['id']}/$expand")) == ["cat", "dog"]
    assert codes(keeper.post(f"ValueSet/{stored['id']}/$expand", b"")) == ["cat", "dog"]
    assert codes(ask(keeper, "$expand", identifier=f"{keeper.base}/ValueSet/{stored['id']}")) == ["cat", "dog"]


def test_abstract_codes_are_marked(keeper: UserClient) -> None:
    found = expansion(ask(keeper, "$expand", identifier=f"{ANIMALS}/all"))["contains"]
    assert [each["code"] for each in found if each.get("abstract")] == ["animal"]


def test_a_value_set_can_be_sent_and_may_name_own_and_published_ones(keeper: UserClient) -> None:
    composed = {**PET_CODES, "url": "http://example.org/sent", "compose": {"import": [PETS, GENDERS]}}
    expected = ["cat", "dog", "male", "female", "other", "unknown"]
    assert codes(keeper.post("ValueSet/$expand", sent(resource_valueSet=composed))) == expected
    assert codes(keeper.post("ValueSet/$expand", composed)) == expected
    assert codes(keeper.post("ValueSet/any/$expand", sent(resource_valueSet=composed))) == expected


def test_xml_goes_in_and_out(user: UserClient) -> None:
    body = xml_write.from_json(json.dumps(sent(valueUri_identifier=GENDERS)).encode())
    response = user.post("ValueSet/$expand", body, content_type="application/xml+fhir")
    assert response.headers["content-type"].startswith("application/xml+fhir")
    assert xml_read.parse(response.content)["expansion"]["total"] == 4


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Patient#Patient.gender", GENDERS),
        ("AllergyIntolerance#AllergyIntolerance.reaction.severity", f"{FHIR}/ValueSet/reaction-event-severity"),
    ],
)
def test_the_context_of_an_element_leads_to_its_value_set(user: UserClient, path: str, expected: str) -> None:
    response = ask(user, "$expand", context=f"{FHIR}/StructureDefinition/{path}")
    assert response.json()["url"] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ma", ["male", "female"]), ("FEM", ["female"]), ("known un", ["unknown"]), ("robot", [])],
)
def test_the_filter_keeps_what_has_all_its_words(user: UserClient, text: str, expected: list[str]) -> None:
    response = ask(user, "$expand", identifier=GENDERS, filter=text)
    assert codes(response) == expected
    assert expansion(response)["total"] == len(expected)


def test_the_filter_knows_no_accents(keeper: UserClient) -> None:
    assert codes(ask(keeper, "$expand", identifier=f"{ANIMALS}/all", filter="loffler")) == ["bird"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"count": "2"}, ["male", "female"]),
        ({"offset": "2", "count": "2"}, ["other", "unknown"]),
        ({"offset": "3"}, ["unknown"]),
        ({"offset": "9", "count": "2"}, []),
        ({"count": "0"}, []),
    ],
)
def test_offset_and_count_give_a_part_and_the_total_of_all(
    user: UserClient, part: dict[str, str], expected: list[str]
) -> None:
    response = ask(user, "$expand", identifier=GENDERS, **part)
    assert codes(response) == expected
    found = expansion(response)
    assert (found["total"], found["offset"]) == (4, int(part.get("offset", 0)))
    assert {each["name"]: str(each["valueInteger"]) for each in found["parameter"]} == part


def test_what_is_not_there_is_not_found(user: UserClient) -> None:
    assert refusal(ask(user, "$expand", identifier="http://example.org/none")) == (404, "not-found")
    assert refusal(user.get("ValueSet/none/$expand")) == (404, "not-found")
    assert refusal(ask(user, "$expand", context=f"{FHIR}/StructureDefinition/Patient#Patient.name"))[0] == 404


@pytest.mark.parametrize("identifier", [FINDINGS, f"{SNOMED}?fhir_vs=isa/22298006", "http://loinc.org/vs"])
def test_what_needs_more_than_is_held_is_refused_with_the_reason(user: UserClient, identifier: str) -> None:
    response = ask(user, "$expand", identifier=identifier)
    assert refusal(response) == (422, "not-supported")


def test_what_is_too_large_is_refused(user: UserClient) -> None:
    concepts = [{"code": str(number)} for number in range(10_001)]
    large = {**ANIMAL_SYSTEM, "codeSystem": {"system": ANIMALS, "concept": concepts}}
    assert refusal(user.post("ValueSet/$expand", large)) == (422, "too-costly")


def test_the_newest_of_own_value_sets_with_one_url_counts_and_a_deleted_one_does_not(user: UserClient) -> None:
    listed = {"system": ANIMALS, "concept": [{"code": "old"}]}
    older = user.create({**PET_CODES, "compose": {"include": [listed]}})
    newer = user.create({**PET_CODES, "compose": {"include": [{**listed, "concept": [{"code": "new"}]}]}})
    assert codes(ask(user, "$expand", identifier=PETS)) == ["new"]
    user.delete(f"ValueSet/{newer['id']}")
    assert codes(ask(user, "$expand", identifier=PETS)) == ["old"]
    user.delete(f"ValueSet/{older['id']}")
    assert ask(user, "$expand", identifier=PETS).status_code == 404
    assert user.get(f"ValueSet/{older['id']}/$expand").status_code == 404


def test_only_the_present_is_known(user: UserClient) -> None:
    assert refusal(ask(user, "$expand", identifier=GENDERS, date="2014-01")) == (422, "not-supported")
    assert ask(user, "$expand", identifier=GENDERS, date="2999-01-01").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        f"identifier={GENDERS}&context=x",
        f"identifier={GENDERS}&identifier={GENDERS}",
        f"identifier={GENDERS}&count=-1",
        f"identifier={GENDERS}&count=some",
        f"identifier={GENDERS}&date=soon",
        f"identifier={GENDERS}&fliter=ma",
        f"identifier={GENDERS}&filter={'x' * 201}",
        "identifier=",
        "valueSet=x",
    ],
)
def test_a_mistaken_question_is_told_so(user: UserClient, query: str) -> None:
    assert user.get(f"ValueSet/$expand?{query}").status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        ({"resourceType": "Patient"}, 400),
        (sent(valueInteger_identifier=1), 400),
        (sent(valueUri_identifier=GENDERS, valueBoolean_count=True), 400),
        (sent(resource_valueSet={"resourceType": "Patient"}), 400),
        (sent(valueUri_valueSet="x"), 400),
        (sent(valueUri_unknown="x"), 400),
        ({**PET_CODES, "compose": "all"}, 422),
        ({"resourceType": "Parameters", "parameter": {}}, 422),
    ],
)
def test_a_mistaken_body_is_told_so(user: UserClient, body: Any, status: int) -> None:
    assert user.post("ValueSet/$expand", body).status_code == status


def test_other_types_do_not_know_the_operation(user: UserClient) -> None:
    assert user.get("Patient/$expand").status_code == 404


def test_own_value_sets_are_gathered_only_up_to_a_limit(user: UserClient) -> None:
    many = [f"http://example.org/{number}" for number in range(101)]
    response = user.post("ValueSet/$expand", {**PET_CODES, "compose": {"import": many}})
    assert refusal(response) == (422, "too-costly")
    assert refusal(user.get(f"Observation?code:in={','.join(many)}")) == (400, "too-costly")


def test_the_conformance_names_the_operations(user: UserClient) -> None:
    named = {each["name"] for each in user.get("metadata").json()["rest"][0]["operation"]}
    assert {"expand", "lookup", "validate-code"} <= named
