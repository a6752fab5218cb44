"""The stranger, over HTTP: with the same resources and with links to the owner's, they never see anything of them."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.search.query import PAGE
from tests.api.searching import by_form, found, included, keep, links, name, observation, pages, search
from tests.clients import ApplicationClient, UserClient, new_application
from tests.server import AppServer

SECRET = "xyzzy"
"""A word that only the owner's resources have."""


def ref(address: str) -> dict[str, str]:
    return {"reference": address}


def record(word: str) -> list[Any]:
    """Resources that are linked in every way, with a word that says whose they are."""
    return [
        name("Smith", word, id="p", managingOrganization=ref("Organization/g")),
        {"resourceType": "Organization", "id": "g", "name": f"Ward {word}"},
        observation("o1", "Patient/p", comments=word),
        observation("o2", "Patient/p", comments=word, performer=[ref("Organization/g")]),
        {
            "resourceType": "List", "id": "l", "status": "current", "mode": "working", "title": word,
            "entry": [{"item": ref("Observation/o1")}],
        },
        {
            "resourceType": "MedicationOrder", "id": "m", "patient": ref("Patient/p"), "note": word,
            "contained": [{"resourceType": "Medication", "id": "d", "code": {"text": "Aspirin"}}],
            "medicationReference": ref("#d"),
        },
    ]  # fmt: skip


LINKING = [
    observation("o1", "Patient/p"),
    observation("mine", "Patient/p", performer=[ref("Organization/g")]),
    name("Other", id="mine", managingOrganization=ref("Organization/g")),
    {
        "resourceType": "List", "id": "l", "status": "current", "mode": "working",
        "entry": [{"item": ref("Observation/o2")}, {"item": ref("Patient/p")}],
    },
]  # fmt: skip

QUESTIONS = [
    "Patient",
    "Patient?name=smith",
    f"Patient?given={SECRET}",
    f"?_content={SECRET}",
    "?_id=p,g,o1,o2,l,m",
    "?_lastUpdated=gt2015",
    "Observation?subject=Patient/p",
    "Observation?patient=p&_sort=-_lastUpdated",
    "Observation?subject:Patient.name=smith",
    "Observation?patient.organization.name=ward",
    "Patient?_has:Observation:patient:code=8480-6",
    "Organization?_has:Patient:organization:_has:Observation:subject:_id=o1,mine",
    'Observation?_filter=patient.name eq "smith" or _id eq o2',
    "Observation?_list=l",
    "Patient?_list=l",
    "?_list=l",
    "Patient/p/Observation",
    "Patient/p/*",
    "Patient/p/List",
    "Medication?code:text=asp&_contained=true",
    "Medication?code:text=asp&_contained=true&_containedType=contained",
    "Medication?_contained=both",
    "Observation?_include=Observation:subject",
    "Observation?_include=*&_include:recurse=*",
    "Patient?_revinclude=Observation:subject",
    "Observation?_include=Observation:patient&_revinclude:iterate=MedicationOrder:patient&_revinclude:iterate=List:item",
    "List?_include=List:item",
    "Organization?_revinclude=Patient:organization",
    "Patient?_sort=-given&_summary=data",
    "Observation?_summary=count&subject.name=smith",
    "Patient?name:missing=false&_elements=name",
    "Patient?name:not-missing=true",
]


@pytest.fixture
def owner(user: UserClient) -> UserClient:
    keep(user, *record(SECRET))
    return user


def test_a_twin_finds_as_much_as_the_owner_and_only_their_own(owner: UserClient, stranger: UserClient) -> None:
    keep(stranger, *record("plugh"))
    for query in QUESTIONS:
        mine, theirs = owner.get(query), stranger.get(query)
        assert mine.status_code == theirs.status_code, query
        assert SECRET not in theirs.text.replace(f"={SECRET}", ""), query
        assert "plugh" not in mine.text, query
        if mine.status_code == 200 and SECRET not in query:
            assert mine.json()["total"] == theirs.json()["total"], query
            assert len(mine.json()["entry"]) == len(theirs.json()["entry"]), query


def test_links_to_the_owners_resources_lead_to_nothing(owner: UserClient, stranger: UserClient) -> None:
    """They look exactly like links to what never was."""
    keep(stranger, *LINKING)
    for query in QUESTIONS:
        answer = stranger.get(query)
        assert SECRET not in answer.text.replace(f"={SECRET}", ""), query
        if answer.status_code == 200:
            there = {(e["resource"]["resourceType"], e["resource"]["id"]) for e in answer.json()["entry"]}
            assert there <= {(each["resourceType"], each["id"]) for each in LINKING}, query
    before = [(each, stranger.get(each).text) for each in QUESTIONS]
    for resource in record(SECRET):
        owner.delete(f"{resource['resourceType']}/{resource['id']}")
    assert [(each, stranger.get(each).text) for each in QUESTIONS] == before, "nothing tells that it is gone"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?subject=Patient/p", ["mine", "o1"]),
        ("Observation?subject:Patient.name:missing=false", []),
        ("Observation?subject:Patient._id=p", []),
        ("Observation?patient.organization._id=g", []),
        ("Patient?organization._id=g", []),
        ("Patient?_has:Observation:subject:_id=mine", []),
        ("Organization?_has:Patient:organization:_id=mine", []),
        ("Observation?_list=l", []),
        ("Patient?_list=l", []),
        ("Patient/p/Observation", ["mine", "o1"]),
    ],
)
def test_a_link_itself_is_the_strangers_own_and_its_end_is_missing(
    owner: UserClient, stranger: UserClient, query: str, expected: list[str]
) -> None:
    keep(stranger, *LINKING)
    assert found(stranger, query) == expected


def test_nothing_comes_along_from_the_owner(owner: UserClient, stranger: UserClient) -> None:
    keep(stranger, *LINKING)
    assert included(stranger, "Observation?_include=*&_revinclude=List:item&_include:recurse=*") == set()
    assert included(owner, "Observation?_id=o2&_include=*") == {"Patient/p", "Organization/g"}
    assert included(stranger, "Patient?_revinclude=Observation:subject") == set()


def test_pages_and_their_tokens_are_the_owners_alone(owner: UserClient, stranger: UserClient) -> None:
    keep(stranger, *record("plugh"))
    for query in (
        "Observation?_count=1",
        "?_count=2&_sort=-_id",
        "Patient/p/*?_count=1",
        "Observation?_sort=code&_count=1",
    ):
        for page in pages(owner, query)[1:]:
            token = links(page)["self"].partition(f"{PAGE}=")[2]
            mark = "&" if "?" in query else "?"
            assert stranger.get(f"{query}{mark}{PAGE}={token}").status_code == 400
        assert all("plugh" not in str(page) for page in pages(owner, query))
        assert all(SECRET not in str(page) for page in pages(stranger, query))


def test_users_of_other_applications_are_strangers_too(owner: UserClient, server: AppServer) -> None:
    outsider = new_application(server).user()
    keep(outsider, *LINKING)
    for query in QUESTIONS:
        assert SECRET not in outsider.get(query).text.replace(f"={SECRET}", ""), query


def test_totals_and_links_count_nothing_of_others(application: ApplicationClient, stranger: UserClient) -> None:
    for _ in range(3):
        keep(application.user(), *record(SECRET))
    bundle = search(stranger, "?_count=1")
    assert (bundle["total"], bundle["entry"], set(links(bundle))) == (0, [], {"self"})
    assert by_form(stranger, "Observation/_search", [("code", "8480-6")]).json()["total"] == 0
