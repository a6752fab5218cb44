"""Searches that ask about value sets and hierarchies, over HTTP; and what a stranger gets to know of either."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fhirstore.caller import Caller
from fhirstore.clock import now
from fhirstore.ids import new_id
from fhirstore.interactions.known_value_sets import known_value_sets
from fhirstore.interactions.request import Context
from fhirstore.store.scope import scope_of
from tests.clients import UserClient
from tests.server import AppServer
from tests.value_sets import ANIMALS, FHIR, FINDINGS, GENDERS, PET_CODES, PETS, SNOMED, keep

# The largest value set that is published: 6,401 codes of LOINC.
DOCUMENT_TYPES = f"{FHIR}/ValueSet/c80-doc-typecodes"


@pytest.fixture
def keeper(user: UserClient) -> UserClient:
    """A user who keeps a code system and a value set of some of its codes."""
    return keep(user)


class TestSearches:
    @pytest.fixture
    def record(self, keeper: UserClient) -> UserClient:
        patient = keeper.create({"resourceType": "Patient", "gender": "male"})
        for code in ("animal", "mammal", "cat", "dog", "bird"):
            concept = {"coding": [{"system": ANIMALS, "code": code}]}
            subject = {"reference": f"Patient/{patient['id']}"}
            keeper.create({"resourceType": "Observation", "status": "final", "code": concept, "subject": subject})
        keeper.create({"resourceType": "Observation", "status": "final", "code": {"text": "no code"}})
        return keeper

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            (f"code:in={PETS}", ["cat", "dog"]),
            (f"code:not-in={PETS}", ["", "animal", "bird", "mammal"]),
            (f"code:in={ANIMALS}/all", ["bird", "cat", "dog", "mammal"]),
            (f"code:in={PETS},{GENDERS}", ["cat", "dog"]),
            (f"code:below={ANIMALS}|mammal", ["cat", "dog", "mammal"]),
            (f"code:above={ANIMALS}|cat", ["animal", "cat", "mammal"]),
            (f"code:below={ANIMALS}|unicorn", []),
            (f"code:below={ANIMALS}|bird,{ANIMALS}|cat", ["bird", "cat"]),
            (f"code:in={DOCUMENT_TYPES}", []),
            (f"_filter=code in {PETS}", ["cat", "dog"]),
            (f"_filter=code sb {ANIMALS}|mammal", ["cat", "dog", "mammal"]),
            (f"subject:Patient.gender:in={GENDERS}&code={ANIMALS}|cat", ["cat"]),
            (f"subject:Patient.gender:not-in={GENDERS}", []),
        ],
    )
    def test_codes_are_found_by_value_set_and_hierarchy(
        self, record: UserClient, query: str, expected: list[str]
    ) -> None:
        response = record.get(f"Observation?_count=50&{query}")
        assert response.status_code == 200, response.text
        found = [
            entry["resource"]["code"].get("coding", [{"code": ""}])[0]["code"] for entry in response.json()["entry"]
        ]
        assert sorted(found) == expected

    def test_reverse_chains_ask_about_value_sets_too(self, record: UserClient) -> None:
        assert record.get(f"Patient?_has:Observation:subject:code:in={PETS}").json()["total"] == 1
        assert record.get(f"Patient?_has:Observation:subject:code:in={GENDERS}").json()["total"] == 0

    def test_an_own_value_set_can_be_named_by_its_address(self, record: UserClient) -> None:
        id = record.get(f"ValueSet?url={PETS}").json()["entry"][0]["resource"]["id"]
        assert record.get(f"Observation?code:in=ValueSet/{id}").json()["total"] == 2
        assert record.get(f"Observation?code:in={record.base}/ValueSet/{id}").json()["total"] == 2

    def test_conditional_requests_understand_them(self, record: UserClient) -> None:
        response = record.put(f"Observation?code:below={ANIMALS}|bird", {"resourceType": "Observation"})
        assert response.status_code == 422, "the criteria are understood, the body is not complete"
        assert record.delete(f"Observation?code:below={ANIMALS}|bird").status_code == 204
        assert record.get(f"Observation?code={ANIMALS}|bird").json()["total"] == 0

    @pytest.mark.parametrize(
        "query",
        [
            "code:in=http://example.org/none",
            f"code:in={FINDINGS}",
            f"code:below={SNOMED}|404684003",
            f"code:in={PETS},http://example.org/none",
            "code:below=cat",
            f"code:in={','.join([DOCUMENT_TYPES] * 1000)}",
        ],
    )
    def test_what_is_not_known_is_refused_and_left_out_only_where_the_caller_asks_for_that(
        self, record: UserClient, query: str
    ) -> None:
        assert record.get(f"Observation?{query}").status_code == 400
        lenient = record.get(f"Observation?{query}", prefer="handling=lenient").json()
        assert lenient["total"] == 6
        assert "Ignored" in json.dumps(lenient["entry"][-1])
        assert "code:" not in lenient["link"][0]["url"]


class TestStrangers:
    def test_to_a_stranger_own_value_sets_and_code_systems_are_not_there(
        self, keeper: UserClient, stranger: UserClient
    ) -> None:
        id = keeper.get(f"ValueSet?url={PETS}").json()["entry"][0]["resource"]["id"]

        def questions(id: str, url: str, system: str) -> list[tuple[str, str, Mapping[str, Any] | None]]:
            code = f"system={system}&code=cat"
            importing = {**PET_CODES, "url": "http://example.org/x", "compose": {"import": [url, GENDERS]}}
            including = {**PET_CODES, "url": "http://example.org/x", "compose": {"include": [{"system": system}]}}
            return [
                ("GET", f"ValueSet/{id}/$expand", None),
                ("GET", f"ValueSet/{id}/$validate-code?{code}", None),
                ("GET", f"ValueSet/$expand?identifier={url}", None),
                ("GET", f"ValueSet/$expand?identifier=ValueSet/{id}", None),
                ("GET", f"ValueSet/$validate-code?identifier={url}&{code}", None),
                ("GET", f"ValueSet/$lookup?{code}", None),
                ("POST", "ValueSet/$expand", importing),
                ("POST", "ValueSet/$expand", including),
                ("GET", f"Observation?code:in={url}", None),
                ("GET", f"Observation?code:in=ValueSet/{id}", None),
                ("GET", f"Observation?code:below={system}|cat", None),
                ("GET", f"Observation?code:above={system}|cat", None),
            ]

        real = questions(id, PETS, ANIMALS)
        none = questions("0" * len(id), PETS.replace("pets", "none"), ANIMALS.replace("animals", "nothing"))
        for asked, absent in zip(real, none, strict=True):
            assert keeper.request(*asked).status_code == 200, asked
            given, expected = stranger.request(*asked), stranger.request(*absent)
            assert given.status_code in {400, 404, 422}, asked
            assert given.status_code == expected.status_code
            plain = expected.text.replace("none", "pets").replace("nothing", "animals")
            assert given.text == plain, "it looks as if there were none"

    def test_a_token_that_does_not_cover_value_sets_does_not_learn_of_them_by_a_search(
        self, keeper: UserClient, server: AppServer
    ) -> None:
        def known(scope: str) -> bool:
            caller = Caller("client", keeper.id, scope)
            resources = server.store.within(scope_of(caller))
            context = Context(caller, resources, now, new_id, server.store.cursors, keeper.base)
            return server.call(known_value_sets(context, [PETS])).value_set(PETS) is not None

        assert known("user/*.read")
        assert not known("user/Observation.read")
