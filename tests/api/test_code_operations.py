"""$lookup and $validate-code over HTTP: http://hl7.org/fhir/DSTU2/valueset-operations.html#lookup"""

from __future__ import annotations

import pytest

from tests.clients import UserClient
from tests.value_sets import (
    ANIMALS,
    FHIR,
    FINDINGS,
    GENDER,
    GENDERS,
    PET_CODES,
    PETS,
    SNOMED,
    Resource,
    answer,
    ask,
    keep,
    refusal,
    sent,
)


@pytest.fixture
def keeper(user: UserClient) -> UserClient:
    """A user who keeps a code system and a value set of some of its codes."""
    return keep(user)


class TestLookup:
    @pytest.mark.parametrize(
        ("system", "code", "expected"),
        [
            (
                GENDER,
                "male",
                {"name": "AdministrativeGender", "version": "1.0.2", "display": "Male", "abstract": False},
            ),
            (
                f"{FHIR}/v3/ActCode",
                "_ActAccountCode",
                {"version": "2015-07-31", "display": "ActAccountCode", "abstract": True},
            ),
            (f"{FHIR}/v2/0136", "y", {"display": "Yes", "abstract": False}),
        ],
    )
    def test_a_published_code_is_found(self, user: UserClient, system: str, code: str, expected: Resource) -> None:
        found = answer(ask(user, "$lookup", system=system, code=code))
        assert expected.items() <= found.items()
        coding = {"system": system, "code": code}
        assert answer(user.post("ValueSet/$lookup", sent(valueCoding_coding=coding))) == found

    def test_an_own_code_is_found_and_one_without_a_display_is_shown_as_it_is(self, keeper: UserClient) -> None:
        expected = {"name": "Animals", "version": "7", "display": "dog", "abstract": False}
        assert answer(ask(keeper, "$lookup", system=ANIMALS, code="dog")) == expected

    def test_what_is_not_known_is_told_apart(self, user: UserClient) -> None:
        assert refusal(ask(user, "$lookup", system=GENDER, code="robot")) == (404, "not-found")
        assert refusal(ask(user, "$lookup", system="http://loinc.org", code="1963-8")) == (422, "not-supported")
        assert refusal(ask(user, "$lookup", system=GENDER, code="male", version="9")) == (422, "not-supported")
        assert answer(ask(user, "$lookup", system=GENDER, code="male", version="1.0.2"))["display"] == "Male"

    @pytest.mark.parametrize("query", ["", "code=male", f"system={GENDER}", "coding=male"])
    def test_a_mistaken_question_is_told_so(self, user: UserClient, query: str) -> None:
        assert user.get(f"ValueSet/$lookup?{query}").status_code == 400

    @pytest.mark.parametrize("coding", [{"code": "male"}, {"system": GENDER}])
    def test_half_a_coding_is_not_enough(self, user: UserClient, coding: Resource) -> None:
        assert user.post("ValueSet/$lookup", sent(valueCoding_coding=coding)).status_code == 400


class TestValidateCode:
    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"code": "male"}, {"result": True, "display": "Male"}),
            ({"code": "male", "display": "MALE"}, {"result": True, "display": "Male"}),
            (
                {"code": "male", "display": "Female"},
                {"result": False, "message": "The display is not that of the code.", "display": "Male"},
            ),
            ({"code": "robot"}, {"result": False, "message": "The code is not in the value set."}),
            ({"code": "Male"}, {"result": False, "message": "The code is not in the value set."}),
            (
                {"code": "Y", "system": f"{FHIR}/v2/0136"},
                {"result": False, "message": "The code is not in the value set."},
            ),
        ],
    )
    def test_a_code_is_judged_by_a_published_value_set(
        self, user: UserClient, asked: dict[str, str], expected: Resource
    ) -> None:
        coding = {"system": GENDER, **asked}
        assert answer(ask(user, "$validate-code", identifier=GENDERS, **coding)) == expected
        body = sent(valueUri_identifier=GENDERS, valueCoding_coding=coding)
        assert answer(user.post("ValueSet/$validate-code", body)) == expected

    def test_own_value_sets_judge_at_their_address_and_by_identifier(self, keeper: UserClient) -> None:
        stored = keeper.get(f"ValueSet?url={PETS}").json()["entry"][0]["resource"]
        for code, result in (("cat", True), ("mammal", False), ("bird", False)):
            query = f"system={ANIMALS}&code={code}"
            assert answer(keeper.get(f"ValueSet/{stored['id']}/$validate-code?{query}"))["result"] is result
            assert answer(ask(keeper, "$validate-code", identifier=PETS, system=ANIMALS, code=code))["result"] is result

    def test_a_value_set_can_be_sent(self, keeper: UserClient) -> None:
        body = sent(resource_valueSet=PET_CODES, valueCode_code="cat", valueUri_system=ANIMALS)
        assert answer(keeper.post("ValueSet/$validate-code", body)) == {"result": True, "display": "Cat"}

    def test_an_abstract_code_is_a_value_only_where_it_is_asked_for(self, keeper: UserClient) -> None:
        asked = {"identifier": f"{ANIMALS}/all", "system": ANIMALS, "code": "animal"}
        refused = answer(ask(keeper, "$validate-code", **asked))
        assert refused["result"] is False
        assert "abstract" in refused["message"]
        assert answer(ask(keeper, "$validate-code", abstract="true", **asked))["result"] is True

    @pytest.mark.parametrize(
        ("codings", "result"),
        [
            ([{"system": GENDER, "code": "male"}], True),
            ([{"system": SNOMED, "code": "248153007"}, {"system": GENDER, "code": "male"}], True),
            ([{"system": GENDER, "code": "robot"}, {"code": "male"}], False),
            ([], False),
        ],
    )
    def test_a_concept_is_valid_if_one_of_its_codings_is(
        self, user: UserClient, codings: list[Resource], result: bool
    ) -> None:
        concept = {"text": "any", **({"coding": codings} if codings else {})}
        body = sent(valueUri_identifier=GENDERS, valueCodeableConcept_codeableConcept=concept)
        found = answer(user.post("ValueSet/$validate-code", body))
        assert (found["result"], "message" in found) == (result, not result)

    def test_what_hangs_on_a_code_system_that_is_not_held_is_refused_and_the_rest_is_answered(
        self, user: UserClient
    ) -> None:
        asked = {"identifier": FINDINGS, "system": SNOMED, "code": "22298006"}
        assert refusal(ask(user, "$validate-code", **asked)) == (422, "not-supported")
        elsewhere = {"identifier": FINDINGS, "system": GENDER, "code": "male"}
        assert answer(ask(user, "$validate-code", **elsewhere))["result"] is False
        concept = {"coding": [{"system": SNOMED, "code": "22298006"}, {"system": GENDER, "code": "male"}]}
        body = sent(valueUri_identifier=FINDINGS, valueCodeableConcept_codeableConcept=concept)
        assert refusal(user.post("ValueSet/$validate-code", body)) == (422, "not-supported")

    @pytest.mark.parametrize(
        "query",
        ["", f"identifier={GENDERS}", f"identifier={GENDERS}&code=male", f"code=male&system={GENDER}"],
    )
    def test_a_mistaken_question_is_told_so(self, user: UserClient, query: str) -> None:
        assert user.get(f"ValueSet/$validate-code?{query}").status_code == 400

    def test_only_one_thing_is_judged_at_a_time(self, user: UserClient) -> None:
        coding = {"system": GENDER, "code": "male"}
        body = sent(
            valueUri_identifier=GENDERS,
            valueCoding_coding=coding,
            valueCodeableConcept_codeableConcept={"coding": [coding]},
        )
        assert user.post("ValueSet/$validate-code", body).status_code == 400


def test_a_batch_asks_like_anybody_else(user: UserClient) -> None:
    urls = [f"ValueSet/$lookup?system={GENDER}&code=male", f"ValueSet/$expand?identifier={GENDERS}", "ValueSet/$expand"]
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    answered = user.post("", {"resourceType": "Bundle", "type": "batch", "entry": entries}).json()["entry"]
    assert [entry["response"]["status"][:3] for entry in answered] == ["200", "200", "400"]
    assert answered[1]["resource"]["expansion"]["total"] == 4
