"""History of a resource, a type and everything, case by case: http://hl7.org/fhir/DSTU2/http.html#history."""

from __future__ import annotations

import pytest

from tests.builders import observation, patient
from tests.clients import UserClient
from tests.conformance.cases import ABSENT, Ask, Case, delete, get, holds, post, put

LIFE = (
    post("Patient", patient("First"), save={"id": "id", "first": "meta.lastUpdated"}),
    put("Patient/{id}", patient("Second", id="{id}"), save={"second": "meta.lastUpdated"}),
    delete("Patient/{id}"),
)
OTHERS = (post("Observation", observation("Patient/{id}"), save={"obs": "id"}), post("Patient", patient("Another")))
REMADE = ("Patient/{u}", patient("{u}", id="{u}"))
FIVE = tuple(
    put("Patient/v{u}", patient(str(number), id="v{u}"), 201 if number == 1 else 200) for number in range(1, 6)
)

INSTANCE = (
    Case(
        "http.html#history",
        "an instance's history is a Bundle of all its versions, newest first",
        *LIFE,
        get(
            "Patient/{id}/_history",
            want={
                "resourceType": "Bundle",
                "type": "history",
                "total": 3,
                "entry.*.request.method": ["DELETE", "PUT", "POST"],
            },
        ),
    ),
    Case(
        "http.html#history",
        "each entry says by which request it came about",
        *LIFE,
        get("Patient/{id}/_history", want={"entry.*.request.url": ["Patient/{id}", "Patient/{id}", "Patient"]}),
    ),
    Case(
        "http.html#history",
        "an entry of a deletion holds no resource",
        *LIFE,
        get("Patient/{id}/_history", want={"entry.0.resource": ABSENT, "entry.0.fullUrl": ABSENT}),
    ),
    Case(
        "http.html#history",
        "each version that was no deletion stands there whole",
        *LIFE,
        get(
            "Patient/{id}/_history",
            want={
                "entry.1.resource.meta.versionId": "2",
                "entry.1.resource.name.0.family.0": "Second",
                "entry.2.resource.meta.versionId": "1",
                "entry.1.fullUrl": "{base}/Patient/{id}",
            },
        ),
    ),
    Case(
        "http.html#history",
        "the history of what never was is not found",
        get("Patient/{u}/_history", 404, want={"resourceType": "OperationOutcome"}),
    ),
    Case(
        "http.html#history",
        "a version that only repeats another is none",
        *LIFE[:2],
        put("Patient/{id}", patient("Second", id="{id}")),
        get("Patient/{id}/_history", want={"total": 2}),
    ),
    Case(
        "http.html#history",
        "a resource that was brought back has its whole history",
        *LIFE,
        put("Patient/{id}", patient("Third", id="{id}"), 201),
        get("Patient/{id}/_history", want={"total": 4, "entry.*.request.method": ["PUT", "DELETE", "PUT", "POST"]}),
    ),
    Case("http.html#history", "HEAD of a history", *LIFE, Ask("HEAD", "Patient/{id}/_history", want={"~": ""})),
    Case(
        "http.html#history",
        "_summary=data of a history leaves narratives out",
        *LIFE,
        get("Patient/{id}/_history?_summary=data", want={"total": 3, "entry.1.resource.meta.tag.1.code": "SUBSETTED"}),
    ),
    Case(
        "http.html#history",
        "a parameter that a history does not have is refused",
        *LIFE,
        get("Patient/{id}/_history?name=x", 400, want={"issue.0.diagnostics": holds("name")}),
    ),
    Case("http.html#history", "there is no delete of a history", *LIFE, delete("Patient/{id}/_history", 405)),
)

LEVELS = (
    Case(
        "http.html#history",
        "a type's history has the versions of all its resources and of no other type",
        *LIFE,
        *OTHERS,
        get("Patient/_history", want={"total": 4, "entry.0.resource.name.0.family.0": "Another"}),
    ),
    Case(
        "http.html#history",
        "the history of everything has the versions of all types",
        *LIFE,
        *OTHERS,
        get(
            "_history",
            want={
                "total": 5,
                "entry.*.request.method": ["POST", "POST", "DELETE", "PUT", "POST"],
                "entry.1.resource.resourceType": "Observation",
            },
        ),
    ),
    Case(
        "http.html#history",
        "the history of a type without resources is empty",
        get("Patient/_history", want={"total": 0, "entry": [], "type": "history"}),
    ),
    Case(
        "http.html#history", "the history of everything may be empty", get("_history", want={"total": 0, "entry": []})
    ),
    Case(
        "http.html#history", "a history knows nothing of a type that FHIR does not have", get("Patience/_history", 404)
    ),
    Case(
        "http.html#history",
        "each version in a history is there by vread",
        *LIFE,
        get("_history", save={"later": "entry.1.resource.meta.versionId"}),
        get("Patient/{id}/_history/{later}", want={"name.0.family.0": "Second"}),
    ),
)

PARAMETERS = (
    Case(
        "http.html#history",
        "_since leaves out what was made before",
        *LIFE,
        get("Patient/{id}/_history?_since=2000-01-01T00:00:00Z", want={"total": 3}),
        get("Patient/{id}/_history?_since=2100-01-01", want={"total": 0, "entry": []}),
    ),
    Case(
        "http.html#history",
        "_since keeps what was made at that very moment",
        *LIFE,
        get("Patient/{id}/_history?_since={first}", want={"total": 3}),
    ),
    Case(
        "http.html#history",
        "_since works on a type and on everything",
        *LIFE,
        get("Patient/_history?_since=2100-01-01", want={"total": 0}),
        get("_history?_since=2100-01-01", want={"total": 0}),
        get("_history?_since=2000", want={"total": 3}),
    ),
    Case(
        "http.html#history",
        "_since needs a date",
        *LIFE,
        get("Patient/{id}/_history?_since=yesterday", 400, want={"issue.0.diagnostics": holds("_since")}),
    ),
    Case(
        "http.html#history",
        "_at asks for what was current then",
        *LIFE,
        get("Patient/{id}/_history?_at=2000-01-01", want={"total": 0}),
        get("Patient/{id}/_history?_at=2100-01-01", want={"total": 1, "entry.0.request.method": "DELETE"}),
    ),
    Case(
        "http.html#history",
        "_count bounds a page, and total counts all",
        *FIVE,
        get("Patient/v{u}/_history?_count=2", want={"total": 5, "entry.#": 2, "entry.0.resource.meta.versionId": "5"}),
    ),
    Case(
        "http.html#history",
        "_count=0 answers the total alone",
        *FIVE,
        get("Patient/v{u}/_history?_count=0", want={"total": 5, "entry": []}),
    ),
    Case(
        "http.html#history",
        "a _count that is no number is refused",
        *FIVE,
        get("Patient/v{u}/_history?_count=few", 400),
    ),
    Case(
        "http.html#paging",
        "the links of a page lead to the next, and from the last nowhere",
        *FIVE,
        get(
            "Patient/v{u}/_history?_count=3",
            want={"link.*.relation": ["self", "next"], "entry.*.resource.meta.versionId": ["5", "4", "3"]},
            save={"next": "link.1.url"},
        ),
        get(
            "{next}",
            want={
                "total": 5,
                "entry.*.resource.meta.versionId": ["2", "1"],
                "link.*.relation": holds("self", "previous", no=("next",)),
            },
        ),
    ),
    Case(
        "http.html#paging",
        "the link to oneself holds what was asked",
        *FIVE,
        get(
            "Patient/v{u}/_history?_count=3&_since=2000",
            want={"link.0.url": "{base}/Patient/v{u}/_history?_count=3&_since=2000"},
        ),
    ),
    Case(
        "http.html#paging",
        "a page token of another question is refused",
        *FIVE,
        get("Patient/v{u}/_history?_count=3", save={"next": "link.1.url"}),
        get("{next}x", 400),
    ),
    Case(
        "http.html#paging",
        "a type's history is paged too",
        *FIVE,
        get("Patient/_history?_count=4", want={"total": 5, "entry.#": 4}, save={"next": "link.1.url"}),
        get("{next}", want={"entry.#": 1}),
    ),
    Case(
        "http.html#paging",
        "the history of everything is paged too",
        *FIVE,
        get("_history?_count=4", want={"total": 5}, save={"next": "link.1.url"}),
        get("{next}", want={"entry.#": 1, "entry.0.request.method": "PUT"}),
    ),
)

CASES = INSTANCE + LEVELS + PARAMETERS


@pytest.mark.parametrize("case", CASES, ids=str)
def test_history(case: Case, user: UserClient) -> None:
    case.run(user)


@pytest.mark.parametrize("path", ["Patient/x/_history", "Patient/_history", "_history"])
def test_pages_back_hold_the_same_versions_as_pages_forth(path: str, user: UserClient) -> None:
    """http://hl7.org/fhir/DSTU2/http.html#paging"""
    for number in range(7):
        user.put("Patient/x", patient(str(number), id="x"))
    forth = walk(user, f"{path}?_count=2", "next")
    back = walk(user, forth[-1]["link"][0]["url"].removeprefix(f"{user.base}/"), "previous")
    assert [len(page["entry"]) for page in forth] == [2, 2, 2, 1]
    assert [page["entry"] for page in reversed(back)] == [page["entry"] for page in forth]


def walk(user: UserClient, path: str, relation: str) -> list[dict[str, list[dict[str, str]]]]:
    pages = []
    following: str | None = path
    while following is not None:
        pages.append(user.get(following).json())
        links = {link["relation"]: link["url"] for link in pages[-1]["link"]}
        following = links[relation].removeprefix(f"{user.base}/") if relation in links else None
        assert len(pages) < 20
    return pages
