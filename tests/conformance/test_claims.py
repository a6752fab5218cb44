"""The Conformance: each thing it claims works, and each row of the table is claimed.

http://hl7.org/fhir/DSTU2/conformance.html. Both directions are made from the statement and the table themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fhirstore.dstu2.catalog import search_parameters
from fhirstore.interactions.table import Interaction
from tests.builders import patient, smallest
from tests.clients import UserClient, http
from tests.conformance.bundles import batch, entry, transaction
from tests.conformance.rows import JUDGED_BESIDE, ROWS, Target, asked, label, type_of
from tests.server import AppServer

SLOW_SAMPLE = 12
"""Every so manieth type is asked for on the slow test database."""

VALUES: Mapping[str, str] = {
    "date": "2015-01-01",
    "number": "1",
    "quantity": "1",
    "reference": "Patient/a",
    "string": "a",
    "token": "a",
    "uri": "http://a.org/a",
}
SPECIAL: Mapping[str, str] = {"_filter": "_id%20eq%20a", "near": "1:1", "near-distance": "1&near=1:1"}


def statement(user: UserClient) -> dict[str, Any]:
    answer = user.get("metadata", authorization="")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def claimed_types(user: UserClient, server: AppServer) -> list[dict[str, Any]]:
    resources: list[dict[str, Any]] = statement(user)["rest"][0]["resource"]
    return resources if server.database.startswith("sqlite") else resources[::SLOW_SAMPLE]


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_each_row_of_the_table_is_claimed(row: Interaction, user: UserClient) -> None:
    rest = statement(user)["rest"][0]
    if row.code.startswith("$"):
        assert row.code in {f"${operation['name']}" for operation in rest["operation"]}
    elif row.path.startswith("{type}"):
        assert all({"code": row.code} in resource["interaction"] for resource in rest["resource"])
    else:
        assert {"code": row.code} in rest["interaction"]


def life(type: str, user: UserClient) -> dict[str, Callable[[], bool]]:
    """What shows that an interaction works on a type; in this order."""
    made = user.create(smallest(type))
    place, own = f"{type}/{made['id']}", f"{type}/own"
    answers: dict[str, Callable[[], bool]] = {
        "create": lambda: made["resourceType"] == type,
        "read": lambda: user.get(place).json() == made,
        "vread": lambda: user.get(f"{place}/_history/1").json() == made,
        "update": lambda: user.put(place, {**made, "language": "en"}).status_code == 200,
        "history-instance": lambda: user.get(f"{place}/_history").json()["total"] == 2,
        "history-type": lambda: user.get(f"{type}/_history").json()["total"] == 2,
        # By its id, for the trail tells of AuditEvents of its own.
        "search-type": lambda: user.get(f"{type}?_id={made['id']}").json()["total"] == 1,
        "updateCreate": lambda: user.put(own, smallest(type, id="own")).status_code == 201,
        "versioning": lambda: user.put(own, smallest(type, id="own"), if_match='W/"9"').status_code == 409,
        "readHistory": lambda: user.get(f"{place}/_history/2").status_code == 200,
        "conditionalCreate": lambda: user.post(type, made, if_none_exist="_id=own").status_code == 200,
        "conditionalUpdate": lambda: (
            user.put(f"{type}?_id=own", smallest(type, language="de")).headers["etag"] == 'W/"2"'
        ),
        "conditionalDelete": lambda: user.delete(f"{type}?_id=own").status_code == 204,
        "delete": lambda: (user.delete(place).status_code, user.get(place).status_code) == (204, 410),
    }
    return answers


def test_each_interaction_that_is_claimed_of_a_type_works(user: UserClient, server: AppServer) -> None:
    for resource in claimed_types(user, server):
        flags = {
            name for name in ("updateCreate", "conditionalCreate", "conditionalUpdate", "readHistory") if resource[name]
        }
        assert (resource["versioning"], resource["conditionalDelete"]) == ("versioned-update", "single")
        claimed = {each["code"] for each in resource["interaction"]} | flags | {"versioning", "conditionalDelete"}
        works = life(resource["type"], user)
        assert claimed == works.keys()
        for name, check in works.items():
            assert check(), f"{name} of {resource['type']}"


def value_of(type: str, parameter: Mapping[str, str]) -> str:
    if parameter["type"] != "composite":
        return VALUES[parameter["type"]]
    known = search_parameters(type)
    return "$".join(VALUES[known[component].type] for component in known[parameter["name"]].components)


def searches(resource: dict[str, Any]) -> list[str]:
    """A search by each parameter and inclusion that is claimed of a type."""
    type = resource["type"]
    asked_by = []
    for parameter in resource["searchParam"]:
        value = SPECIAL.get(parameter["name"]) or value_of(type, parameter)
        asked_by.append(f"{type}?{parameter['name']}={value}")
    asked_by += [f"{type}?_include={each}" for each in resource["searchInclude"]]
    return asked_by + [f"{type}?_revinclude={each}" for each in resource.get("searchRevInclude", ())]


def test_each_search_parameter_and_inclusion_that_is_claimed_works(user: UserClient, server: AppServer) -> None:
    for resource in claimed_types(user, server):
        asked_by = searches(resource)
        answer = user.post("", batch(*[entry("GET", each) for each in asked_by])).json()
        refused = [
            (each, found["resource"]["issue"])
            for each, found in zip(asked_by, answer["entry"], strict=True)
            if found["response"]["status"] != "200 OK"
        ]
        assert refused == []


def test_each_interaction_that_is_claimed_of_the_system_works(user: UserClient) -> None:
    rest = statement(user)["rest"][0]
    user.create(patient())
    works: Mapping[str, Callable[[], bool]] = {
        "history-system": lambda: user.get("_history").json()["total"] == 1,
        "search-system": lambda: user.get("?_id=x").json()["total"] == 0,
        "transaction": lambda: user.post("", transaction(entry("GET", "Patient"))).status_code == 200,
    }
    assert {each["code"] for each in rest["interaction"]} == works.keys()
    assert all(check() for check in works.values())
    assert rest["transactionMode"] == "both"
    assert user.post("", batch(entry("GET", "Patient"))).json()["type"] == "batch-response"


def test_each_operation_that_is_claimed_works_wherever_the_table_has_it(user: UserClient) -> None:
    claimed = {f"${each['name']}": each["definition"]["reference"] for each in statement(user)["rest"][0]["operation"]}
    rows = [row for row in ROWS if row.code.startswith("$")]
    assert claimed.keys() == {row.code for row in rows}
    own = {code for code, url in claimed.items() if url.startswith("urn:fhirstore:operation:")}
    assert own == {"$unified", "$judge"}
    official = "http://hl7.org/fhir/OperationDefinition/"
    assert all(url.startswith(official) for code, url in claimed.items() if code not in own)
    assert user.put(f"Basic/{JUDGED_BESIDE}", smallest("Basic", id=JUDGED_BESIDE)).status_code == 201
    for position, row in enumerate(rows):
        target = Target(type_of(row), f"id{position}", f"word{position}")
        assert user.put(f"{target.type}/{target.id}", target.resource | {"id": target.id}).status_code == 201
        answer = asked(row, target).send(user)
        assert answer.status_code == (201 if row.code == "$judge" else 200), (label(row), answer.text)


def test_each_format_that_is_claimed_is_spoken(user: UserClient) -> None:
    for format in statement(user)["format"]:
        answer = user.get("Patient", accept=format)
        assert answer.headers["content-type"].startswith(format)


def test_each_compartment_that_is_claimed_can_be_searched(user: UserClient) -> None:
    names = [each.rpartition("/")[2] for each in statement(user)["rest"][0]["compartment"]]
    assert sorted(names) == ["Device", "Encounter", "Patient", "Practitioner", "RelatedPerson"]
    user.create(smallest("Observation", subject={"reference": "Patient/a"}))
    for name in names:
        found = user.get(f"{name}/a/Observation").json()
        assert (found["type"], found["total"]) == ("searchset", 1 if name == "Patient" else 0)


def test_the_token_endpoint_that_is_claimed_gives_tokens(user: UserClient) -> None:
    """http://hl7.org/fhir/DSTU2/conformance.html#Conformance.rest.security"""
    security = statement(user)["rest"][0]["security"]
    assert security["cors"] is True
    uris = {each["url"]: each["valueUri"] for each in security["extension"][0]["extension"]}
    refused = http.post(uris["token"], data={"grant_type": "authorization_code", "code": "wrong"})
    assert (refused.status_code, "error" in refused.json()) == (401, True)


def test_the_statement_itself_is_a_valid_resource(user: UserClient) -> None:
    outcome = user.post("Conformance/$validate", statement(user)).json()
    assert [issue for issue in outcome["issue"] if issue["severity"] in {"fatal", "error"}] == []
