"""What a search reaches beyond one type's own values: other resources, compartments, everything.

http://hl7.org/fhir/DSTU2/search.html#chaining, #include, http://hl7.org/fhir/DSTU2/compartments.html
"""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.interactions import including
from tests.api.searching import by_form, follow, found, ids, included, keep, links, name, observation, pages, search
from tests.clients import UserClient


def ref(address: str) -> dict[str, str]:
    return {"reference": address}


def organization(id: str, part_of: str | None = None, called: str = "Ward") -> dict[str, Any]:
    above = {"partOf": ref(part_of)} if part_of else {}
    return {"resourceType": "Organization", "id": id, "name": called, **above}


RECORD: list[Any] = [
    organization("top", called="Acme"),
    organization("mid", "Organization/top"),
    organization("low", "Organization/mid"),
    {"resourceType": "Practitioner", "id": "doc", "name": {"family": ["House"]}},
    name("Peters", id="p", gender="male", managingOrganization=ref("Organization/low")),
    name("Quinn", id="q", gender="female", careProvider=[ref("Practitioner/doc"), ref("Organization/mid")]),
    observation("o1", "Patient/p", "8480-6", effectiveDateTime="2015-01-01"),
    observation("o2", "Patient/q", "8462-4", performer=[ref("Practitioner/doc")]),
    observation("o3", "Patient/p", "8462-4", related=[{"type": "has-member", "target": ref("Observation/o1")}]),
    observation("o4", None, "8480-6", performer=[ref("Organization/top")]),
    observation("o5", "Patient/gone", "8480-6"),
    {
        "resourceType": "Condition", "id": "c", "patient": ref("Patient/p"), "code": {"text": "cough"},
        "verificationStatus": "confirmed", "asserter": ref("Practitioner/doc"),
    },
    {
        "resourceType": "List", "id": "l", "status": "current", "mode": "working",
        "entry": [{"item": ref("Observation/o2")}, {"item": ref("Observation/o4")}, {"item": ref("Patient/q")}],
    },
    {
        "resourceType": "Provenance", "id": "v", "target": [ref("Observation/o1"), ref("Patient/p")],
        "recorded": "2015-02-07T13:28:17Z", "agent": [{"role": {"system": "urn:r", "code": "author"}}],
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def records() -> dict[str, UserClient]:
    return {}


@pytest.fixture
def record(records: dict[str, UserClient], application: Any) -> UserClient:
    """A user with the record above; tests only read it, so that one does for all."""
    if application.address not in records:
        records[application.address] = application.user()
        keep(records[application.address], *RECORD)
    return records[application.address]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?subject:Patient.name=peters", ["o1", "o3"]),
        ("Observation?patient.name=PET", ["o1", "o3"]),
        ("Observation?subject.name=quinn", ["o2"]),
        ("Observation?patient.gender=male,female", ["o1", "o2", "o3"]),
        ("Observation?subject:Patient.gender:not=male", ["o2"]),
        ("Observation?patient.organization.name=ward", ["o1", "o3"]),
        ("Observation?patient.organization.partof.name=ward", ["o1", "o3"]),
        ("Observation?patient.organization.partof.partof.name=acme", ["o1", "o3"]),
        ("Observation?patient.organization.partof.partof.name=ward", []),
        ("Observation?patient:Patient.careprovider:Practitioner.family=house", ["o2"]),
        ("Observation?performer:Organization.name=acme", ["o4"]),
        ("Observation?related-target:Observation.code=8480-6", ["o3"]),
        ("Observation?related-target:Observation.patient.name=peters", ["o3"]),
        ("Observation?patient._id=p&code=8462-4", ["o3"]),
        ("Observation?subject.gender=male&subject.family=quinn", []),
        ("Observation?patient.name:missing=true", []),
        ("Patient?_has:Observation:patient:code=8480-6", ["p"]),
        ("Patient?_has:Observation:subject:code=8462-4", ["p", "q"]),
        ("Patient?_has:Observation:patient:code=8480-6&gender=female", []),
        ("Patient?_has:Observation:patient:_has:Provenance:target:agent=x", []),
        ("Patient?_has:Observation:patient:_has:Provenance:target:_id=v", ["p"]),
        ("Practitioner?_has:Patient:careprovider:gender=female", ["doc"]),
        ("Practitioner?_has:Condition:asserter:patient.name=peters", ["doc"]),
        ("Organization?_has:Organization:partof:_has:Organization:partof:_id=low", ["top"]),
        ("Condition?patient._has:Observation:patient:date=2015", ["c"]),
        ("Observation?_list=l", ["o2", "o4"]),
        ("Patient?_list=l", ["q"]),
        ("Patient?_list=l&gender=male", []),
        ("Patient?_list=none", []),
        ('Observation?_filter=patient.name eq "peters" or code eq 8462-4', ["o1", "o2", "o3"]),
        ("Observation?_filter=not (patient.gender eq male) and code eq http://loinc.org|8480-6", ["o4", "o5"]),
        ("Observation?_filter=date ge 2014-12 and date lt 2015-02", ["o1"]),
    ],
)
def test_chains_lists_and_expressions_reach_what_is_referred_to(
    record: UserClient, query: str, expected: list[str]
) -> None:
    assert found(record, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?_id=o1&_include=Observation:subject", {"Patient/p"}),
        ("Observation?_id=o1&_include=Observation:patient", {"Patient/p"}),
        ("Observation?_id=o1,o3&_include=Observation:subject:Patient", {"Patient/p"}),
        ("Observation?_id=o1&_include=Observation:subject:Group", set()),
        ("Observation?_id=o3,o1&_include=Observation:related-target", set()),
        ("Observation?_id=o3&_include=Observation:related-target", {"Observation/o1"}),
        ("Observation?_id=o5&_include=Observation:subject", set()),
        ("Observation?_id=o2&_include=*", {"Patient/q", "Practitioner/doc"}),
        (
            "Observation?_id=o2&_include=*&_include:recurse=*",
            {"Patient/q", "Practitioner/doc", "Organization/mid", "Organization/top"},
        ),
        (
            "Observation?_id=o2&_include=Observation:*&_include:iterate=Patient:careprovider",
            {"Patient/q", "Practitioner/doc", "Organization/mid"},
        ),
        (
            "Patient?_id=p&_include=Patient:organization&_include:recurse=Organization:partof",
            {"Organization/low", "Organization/mid", "Organization/top"},
        ),
        ("Patient?_id=p&_include=Patient:organization&_include=Organization:partof", {"Organization/low"}),
        ("Patient?_id=p&_revinclude=Observation:subject", {"Observation/o1", "Observation/o3"}),
        ("Patient?_id=p&_revinclude=Condition:patient&_revinclude=Provenance:target", {"Condition/c", "Provenance/v"}),
        ("Patient?_id=q&_revinclude=List:item", {"List/l"}),
        (
            "Organization?_id=top&_revinclude:recurse=Organization:partof",
            {"Organization/mid", "Organization/low"},
        ),
        (
            "Practitioner?_id=doc&_revinclude=Patient:careprovider&_revinclude:iterate=Observation:subject",
            {"Patient/q", "Observation/o2"},
        ),
        ("Patient?_id=p&_revinclude=Observation:*", {"Observation/o1", "Observation/o3"}),
        ("Patient?_id=none&_revinclude=Observation:subject", set()),
    ],
)
def test_what_is_referred_to_comes_along_and_so_does_what_refers(
    record: UserClient, query: str, expected: set[str]
) -> None:
    assert included(record, query) == expected
    bundle = search(record, query)
    assert bundle["total"] == len(ids(bundle)), "what comes along is not counted"
    modes = [entry["search"]["mode"] for entry in bundle["entry"]]
    assert modes == sorted(modes, reverse=True), "matches stand in front"


def test_each_page_brings_along_what_belongs_to_it(record: UserClient) -> None:
    walked = pages(record, "Observation?_sort=_id&_count=2&_include=Observation:subject")
    assert [(ids(page), ids(page, "include")) for page in walked] == [
        (["o1", "o2"], ["p", "q"]),
        (["o3", "o4"], ["p"]),
        (["o5"], []),
    ]


def test_circles_of_references_end(user: UserClient) -> None:
    ring = [organization(f"r{n}", f"Organization/r{(n + 1) % 6}") for n in range(6)]
    keep(user, *ring, organization("self", "Organization/self"))
    expected = {f"Organization/r{n}" for n in range(1, 6)}
    assert included(user, "Organization?_id=r0&_include:recurse=Organization:partof") == expected
    assert included(user, "Organization?_id=r0&_revinclude:recurse=Organization:partof") == expected
    assert included(user, "Organization?_id=self&_include:recurse=Organization:partof") == set()
    everything = "Organization?_id=r0&_include:recurse=*&_revinclude:iterate=Organization:*"
    assert included(user, everything) == expected
    assert found(user, "Organization?partof.partof.partof._id=r3") == ["r0"]
    assert found(user, "Organization?partof.partof._id=self") == ["self"]


def test_long_lines_of_references_end_too(user: UserClient) -> None:
    keep(user, *(organization(f"n{n:02}", f"Organization/n{n + 1:02}") for n in range(30)))
    there = included(user, "Organization?_id=n00&_include:recurse=Organization:partof")
    assert {f"Organization/n{n:02}" for n in range(1, 9)} <= there
    assert len(there) < 30


def test_no_more_comes_along_than_the_limit(record: UserClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(including, "INCLUDED_LIMIT", 3)
    query = "Patient?_revinclude=Observation:subject&_revinclude:iterate=Provenance:target&_include:recurse=*"
    assert len(included(record, query)) == 3
    (told,) = [entry for entry in search(record, query)["entry"] if entry["search"]["mode"] == "outcome"]
    assert [issue["code"] for issue in told["resource"]["issue"]] == ["too-costly"]
    monkeypatch.setattr(including, "INCLUDED_LIMIT", 1000)
    assert {entry["search"]["mode"] for entry in search(record, query)["entry"]} == {"match", "include"}


def test_that_a_long_line_of_references_was_not_followed_to_its_end_is_told(user: UserClient) -> None:
    keep(user, *(organization(f"m{n:02}", f"Organization/m{n + 1:02}") for n in range(30)))
    cut = search(user, "Organization?_id=m00&_include:recurse=Organization:partof")
    assert cut["entry"][-1]["search"]["mode"] == "outcome"
    whole = search(user, "Organization?_id=m25&_include:recurse=Organization:partof")
    assert {entry["search"]["mode"] for entry in whole["entry"]} == {"match", "include"}


def test_what_comes_along_is_cut_like_the_matches(record: UserClient) -> None:
    bundle = search(record, "Observation?_id=o1&_include=Observation:subject&_elements=status,gender")
    (match, other) = (entry["resource"] for entry in bundle["entry"])
    assert match.keys() == {"resourceType", "id", "meta", "status", "code"}, "what must be there stays"
    assert "gender" in other
    assert "name" not in other


class TestCompartments:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("Patient/p/Observation", ["o1", "o3"]),
            ("Patient/p/Observation?code=8480-6", ["o1"]),
            ("Patient/p/Condition", ["c"]),
            ("Patient/p/*", ["c", "o1", "o3", "p", "v"]),
            ("Patient/p/*?_type=Condition,Provenance", ["c", "v"]),
            ("Patient/q/*?_id=q", ["q"]),
            ("Practitioner/doc/Observation", ["o2"]),
            ("Practitioner/doc/Condition", ["c"]),
            ("Patient/none/Observation", []),
            ("Patient/gone/Observation", ["o5"]),
        ],
    )
    def test_a_compartment_holds_what_is_about_its_owner(
        self, record: UserClient, query: str, expected: list[str]
    ) -> None:
        assert sorted(found(record, query)) == expected

    def test_pages_of_a_compartment_stay_in_it(self, record: UserClient) -> None:
        walked = pages(record, "Patient/p/*?_count=2")
        assert sorted(id for page in walked for id in ids(page)) == ["c", "o1", "o3", "p", "v"]
        assert links(walked[0])["self"] == f"{record.base}/Patient/p/*?_count=2"

    @pytest.mark.parametrize("path", ["Observation/o1/Patient", "Organization/top/*", "Patient/p/Nothing"])
    def test_what_has_no_compartment_has_no_such_address(self, record: UserClient, path: str) -> None:
        assert record.get(path).status_code == 404


class TestEverywhere:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("?_id=p", ["p"]),
            ("?_type=Patient,Condition", ["c", "p", "q"]),
            ("_search?_type=Practitioner", ["doc"]),
            ("?_type=Observation&_list=l", ["o2", "o4"]),
            ("?_list=l", ["o2", "o4", "q"]),
        ],
    )
    def test_all_types_are_searched_at_once(self, record: UserClient, query: str, expected: list[str]) -> None:
        assert sorted(found(record, query)) == expected

    def test_all_resources_are_found_in_the_order_of_type_and_id(self, record: UserClient) -> None:
        bundle = search(record, "?_count=1000")
        places = [(e["resource"]["resourceType"], e["resource"]["id"]) for e in bundle["entry"]]
        assert places == sorted((e["resourceType"], e["id"]) for e in RECORD)

    def test_form_and_address_are_asked_together(self, record: UserClient) -> None:
        answer = by_form(record, "Observation/_search?code=8480-6", [("subject:Patient.name", "peters")])
        assert (ids(answer.json()), answer.json()["total"]) == (["o1"], 1)
        assert ids(by_form(record, "_search", [("_type", "Patient"), ("_id", "p,q")]).json()) == ["p", "q"]
        assert ids(follow(record, links(answer.json())["self"])) == ["o1"]
        assert found(record, "Observation/_search?code=8480-6") == ["o1", "o4", "o5"]

    def test_what_every_resource_has_is_asked_of_any(self, user: UserClient) -> None:
        tag = {"system": "http://example.org/tags", "code": "Mine"}
        meta = {
            "tag": [tag],
            "security": [{"system": "http://example.org/security", "code": "R"}],
            "profile": ["http://example.org/p1"],
        }
        keep(user, name("Tagged", id="t", meta=meta), {**observation("plain"), "meta": {"tag": [{"code": "mine"}]}})
        assert found(user, "?_tag=mine") == ["plain", "t"]
        assert found(user, "Patient?_tag=http://example.org/tags|mine") == ["t"]
        assert found(user, "?_tag:not=http://example.org/tags|mine") == ["plain"]
        assert found(user, "?_security=R&_profile=http://example.org/p1") == ["t"]
        assert found(user, "?_profile:below=http://example.org") == ["t"]
        assert found(user, "?_profile:missing=true") == ["plain"]

    def test_the_last_update_is_compared_to_the_millisecond(self, user: UserClient) -> None:
        moment = user.create(name("One", id="x"))["meta"]["lastUpdated"]
        for prefix in ("", "eq", "ge", "le", "ap"):
            assert len(found(user, f"Patient?_lastUpdated={prefix}{moment}")) == 1, prefix
        for prefix in ("gt", "lt", "sa", "eb", "ne"):
            assert found(user, f"Patient?_lastUpdated={prefix}{moment}") == [], prefix
        assert len(found(user, f"Patient?_lastUpdated={moment[:10]}")) == 1
        assert found(user, f"Patient?_lastUpdated=lt{moment[:10]}") == []
        assert len(found(user, "Patient?_lastUpdated=gt2015&_lastUpdated=lt2999")) == 1


def test_words_are_found_in_the_narrative_and_in_everything(user: UserClient) -> None:
    narrative = {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>Bone métastases</p></div>',
    }
    keep(user, name("Liver", id="b", text=narrative), name("Metastases", id="l"))
    assert found(user, "Patient?_text=METASTASES") == ["b"]
    assert found(user, "Patient?_content=metastases") == ["b", "l"]
    assert found(user, "Patient?_content=bone and liver") == ["b"]
    assert found(user, "Patient?_text=liver or bone") == ["b"]
    assert found(user, "Patient?_text=div") == []
