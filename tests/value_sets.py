"""Value sets for tests, a user who keeps them, and what is asked about them over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from fhirstore.dstu2 import validate
from tests.clients import UserClient

Resource = dict[str, Any]

FHIR = "http://hl7.org/fhir"
GENDER = f"{FHIR}/administrative-gender"
GENDERS = f"{FHIR}/ValueSet/administrative-gender"
SNOMED = "http://snomed.info/sct"
FINDINGS = f"{FHIR}/ValueSet/condition-code"
ANIMALS = "http://example.org/animals"
PETS = "http://example.org/vs/pets"

# animal (abstract) > mammal > cat, dog; bird
ANIMAL_SYSTEM: Resource = {
    "resourceType": "ValueSet",
    "url": f"{ANIMALS}/all",
    "name": "Animals",
    "status": "active",
    "codeSystem": {
        "system": ANIMALS,
        "version": "7",
        "caseSensitive": True,
        "concept": [
            {
                "code": "animal",
                "abstract": True,
                "concept": [
                    {"code": "mammal", "concept": [{"code": "cat", "display": "Cat"}, {"code": "dog"}]},
                    {"code": "bird", "display": "Löffler"},
                ],
            }
        ],
    },
}
PET_CODES: Resource = {
    "resourceType": "ValueSet",
    "url": PETS,
    "name": "Pets",
    "status": "draft",
    "compose": {
        "include": [{"system": ANIMALS, "filter": [{"property": "concept", "op": "is-a", "value": "mammal"}]}],
        "exclude": [{"system": ANIMALS, "concept": [{"code": "mammal"}]}],
    },
}


def keep(user: UserClient) -> UserClient:
    """Have a user keep the code system of animals and the value set of pets."""
    user.create(ANIMAL_SYSTEM)
    user.create(PET_CODES)
    return user


def ask(user: UserClient, operation: str, /, **query: str) -> httpx.Response:
    return user.get(f"ValueSet/{operation}?" + "&".join(f"{name}={quote(text)}" for name, text in query.items()))


def sent(**values: Any) -> Resource:
    """A Parameters resource: `valueUri_identifier=…`, `resource_valueSet=…`."""
    split = [(*name.partition("_")[::2], value) for name, value in values.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": name, member: value} for member, name, value in split]}


def answer(response: httpx.Response) -> Resource:
    """The out parameters by name; each answer must keep the rules of DSTU2 itself."""
    assert response.status_code == 200, response.text
    assert not [issue for issue in validate(response.content) if issue.refuses]
    parameters = response.json()["parameter"]
    assert len({each["name"] for each in parameters}) == len(parameters)
    return {each["name"]: each.get("valueString", each.get("valueBoolean")) for each in parameters}


def expansion(response: httpx.Response) -> Resource:
    assert response.status_code == 200, response.text
    assert not [issue for issue in validate(response.content) if issue.refuses]
    found: Resource = response.json()["expansion"]
    return found


def codes(response: httpx.Response) -> list[str]:
    return [each["code"] for each in expansion(response).get("contains", [])]


def refusal(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["issue"][0]["code"]
