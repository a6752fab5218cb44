"""What a search asks for besides its criteria, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fhirstore.errors import BadRequest
from fhirstore.search.context import Context
from fhirstore.search.includes import Include, referring
from fhirstore.search.plan import ById, ByKey, ByRange, ByUpdate, HasKey
from fhirstore.search.query import matches_nothing_else, read_search
from tests.search import memory
from tests.search.finding import asked, found, patients


def test_ten_results_unless_asked_otherwise_and_never_more_than_a_thousand() -> None:
    assert asked("Patient").count == 10
    assert asked("Patient?_count=0").count == 0
    assert asked("Patient?_count=5000").count == 1000


def test_result_parameters_are_understood() -> None:
    search = asked("Patient?_summary=text&_elements=name,birthDate&_skip=20&_containedType=contained&_contained=both")
    assert search.summary == "text"
    assert search.elements == ("name", "birthDate")
    assert (search.skip, search.page) == (20, None)
    assert asked("Patient?_page=token").page == "token"
    assert search.plan.population == "both"


def test_the_transports_own_parameters_are_no_criteria() -> None:
    search = asked("Patient?_format=json&_pretty=true&access_token=secret&gender=male")
    assert search.applied == (("gender", "male"),)


def test_who_asks_for_the_total_by_the_names_of_later_clients_gets_it_as_everybody_does() -> None:
    search = asked("Patient?_total=accurate&_totalMethod=count&gender=male")
    assert (search.applied, search.ignored) == ((("gender", "male"),), ())
    assert matches_nothing_else([("_total", "accurate"), ("_totalMethod", "count")]), "it is no criterion"


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("_sort=birthdate", (ByRange("Patient.birthdate"),)),
        ("_sort:desc=birthdate", (ByRange("Patient.birthdate", descending=True),)),
        ("_sort:asc=family&_sort:desc=given", (ByKey("Patient.family~"), ByKey("Patient.given~", descending=True))),
        ("_sort=-_lastUpdated,_id", (ByUpdate(descending=True), ById())),
        ("_sort=gender", (ByKey("Patient.gender:"),)),
        ("_sort=careprovider", (ByKey("Patient.careprovider="),)),
    ],
)
def test_sorting_is_asked_for_in_both_notations(query: str, order: Any) -> None:
    assert asked(f"Patient?{query}").plan.order == order


def test_what_has_no_value_comes_last_in_both_directions_and_ties_are_broken_by_id() -> None:
    documents = patients(
        a={"birthDate": "1980"},
        b={},
        c={"birthDate": "1970-05"},
        d={"birthDate": "1980"},
        e={},
        f={"birthDate": "1990"},
    )
    assert found("Patient?_sort=birthdate", documents) == ["c", "a", "d", "f", "b", "e"]
    assert found("Patient?_sort=-birthdate", documents) == ["f", "a", "d", "c", "b", "e"]
    assert found("Patient?_sort=-birthdate,-_id", documents) == ["f", "d", "a", "c", "e", "b"]


def test_the_least_value_counts_when_ascending_and_the_greatest_when_descending() -> None:
    documents = patients(
        both={"name": [{"given": ["Anna", "Zoe"]}]},
        middle={"name": [{"given": ["Maria"]}]},
        second={"name": [{"given": ["Bea"]}]},
    )
    assert found("Patient?_sort=given", documents) == ["both", "second", "middle"]
    assert found("Patient?_sort=-given", documents) == ["both", "middle", "second"]


@pytest.mark.parametrize(
    ("query", "include"),
    [
        ("_include=Observation:subject", Include("Observation", "subject")),
        ("_include=Observation:subject:Patient", Include("Observation", "subject", "Patient")),
        ("_include:recurse=Observation:related-target", Include("Observation", "related-target", iterate=True)),
        ("_include:iterate=Patient:careprovider", Include("Patient", "careprovider", iterate=True)),
        ("_include=*", Include(None, "*")),
        ("_include=Observation:*", Include("Observation", "*")),
        ("_revinclude=Provenance:target", Include("Provenance", "target", reverse=True)),
    ],
)
def test_includes_are_read(query: str, include: Include) -> None:
    assert asked(f"Observation?{query}").includes == (include,)


def test_a_reverse_include_is_a_search_for_those_that_refer() -> None:
    include = Include("Observation", "subject", "Patient", reverse=True)
    plan = referring(include, ("Patient/1", "Group/2"))
    assert plan.types == ("Observation",)
    assert plan.filter == HasKey(("Observation.subject=Patient/1",))


@pytest.mark.parametrize(
    "query",
    [
        "Patient?foo=1",
        "Patient?name:in=1",
        "Patient?_count=-1",
        "Patient?_count=x",
        "Patient?_count=1&_count=2",
        "Patient?_skip=1&_page=token",
        "Patient?_summary=maybe",
        "Patient?_sort=foo",
        "Patient?_sort:up=name",
        "Patient?_sort=_text",
        "Patient?_include=Patient",
        "Patient?_include=Patient:foo",
        "Patient?_include=Patient:name",
        "Patient?_revinclude=*",
        "Patient?_include:up=*",
        "Patient?_query=current",
        "Patient?_list=$current-allergies",
        "Patient?_list=",
        "Patient?gender:missing=perhaps",
        "Patient?name.family=x",
        "Patient?careprovider.foo=x",
        "Patient?careprovider:Patient.name=x",
        "Patient?_has:Foo:x:y=1",
        "Patient?_has:Observation:subject=1",
        "Patient?_has:Observation:code:code=1",
        "Patient?_has:Observation:encounter:code=1",
        "Patient?_contained=perhaps",
        "Patient?_elements=a.b",
        "Patient?_text=",
        "Patient?_text=(a",
        "Patient?_text=a)",
        "Patient?_content=or",
        "Patient?_content=a or",
        "?name=peter",
        "Observation?code-value-quantity=1",
        "?_type=Foo",
        "Patient?_type=Patient",
        "Patient?name:missing",
        "Location?near-distance=5",
        "Location?near=5",
        "Location?near=91:0",
        "Location?near=1:1&near-distance=5||kg",
        "Encounter?location.near=1:1",
        "Patient?_lastUpdated:exact=2013",
    ],
)
def test_what_is_unknown_or_malformed_is_refused_naming_it(query: str) -> None:
    name, _, value = query.partition("?")[2].partition("=")
    steps = {name.split(":")[0], *name.replace(":", ".").split("."), value, value.split(":")[-1]}
    with pytest.raises(BadRequest) as refusal:
        asked(query)
    assert any(f"'{step}" in refusal.value.reason for step in steps if step)


def test_a_lenient_search_leaves_out_what_it_cannot_heed_and_says_so() -> None:
    search = asked("Patient?foo=1&gender=male&birthdate=x&_sort=bar", lenient=True)
    assert search.applied == (("gender", "male"),)
    assert search.plan.filter == HasKey(("Patient.gender:male",))
    assert [issue.severity for issue in search.ignored] == ["warning"] * 3
    assert "'foo'" in search.ignored[0].message
    assert "'birthdate'" in search.ignored[1].message


def test_chains_of_any_depth_lead_from_one_resource_to_the_next() -> None:
    documents: list[dict[str, Any]] = [
        {"resourceType": "Observation", "id": "o", "encounter": {"reference": "Encounter/e"}},
        {"resourceType": "Encounter", "id": "e", "patient": {"reference": "Patient/p"}},
        {"resourceType": "Patient", "id": "p", "careProvider": [{"reference": "Organization/g"}], "gender": "male"},
        {"resourceType": "Organization", "id": "g", "name": "Good Health"},
    ]
    assert found("Observation?encounter.patient.careprovider:Organization.name=good", documents) == ["o"]
    assert found("Observation?encounter.patient.careprovider:Organization.name=bad", documents) == []
    assert found("Observation?encounter.patient.gender:not=male", documents) == []
    assert found("Observation?encounter.patient._id=p", documents) == ["o"]
    assert found(
        "Organization?_has:Patient:careprovider:_has:Encounter:patient:_has:Observation:encounter:_id=o", documents
    ) == ["g"]
    assert found("Organization?_has:Patient:careprovider:gender=female", documents) == []
    assert found("Encounter?patient.careprovider.name=good", documents) == ["e"]


def test_a_chain_without_end_is_refused() -> None:
    with pytest.raises(BadRequest, match="too many steps"):
        asked(f"Observation?{'related-target.' * 20}code=1")
    with pytest.raises(BadRequest, match="too many steps"):
        asked("&".join(["Observation?code=1"] + ["subject.name=x"] * 150))


def test_a_list_finds_what_it_holds() -> None:
    documents: list[dict[str, Any]] = [
        {
            "resourceType": "List",
            "id": "l",
            "entry": [{"item": {"reference": "Patient/p1"}}, {"item": {"reference": "Group/p2"}}],
        },
        *patients(p1={}, p2={}),
    ]
    assert found("Patient?_list=l", documents) == ["p1"]
    assert found("Patient?_list=List/l,other", documents) == ["p1"]
    assert found("Patient?_list=other", documents) == []


def test_a_compartment_holds_what_refers_to_its_patient_and_the_patient() -> None:
    documents: list[dict[str, Any]] = [
        {"resourceType": "Observation", "id": "in", "subject": {"reference": "Patient/1"}},
        {"resourceType": "Observation", "id": "by", "performer": [{"reference": "Patient/1"}]},
        {"resourceType": "Observation", "id": "out", "subject": {"reference": "Patient/2"}},
        {"resourceType": "Observation", "id": "group", "subject": {"reference": "Group/1"}},
        {"resourceType": "Patient", "id": "1"},
    ]
    items = [memory.item(document) for document in documents]
    search = read_search("Observation", [], Context(), compartment=("Patient", "1"))
    assert [each.id for each in memory.find(search.plan, items)] == ["by", "in"]
    everything = read_search(None, [], Context(), compartment=("Patient", "1"))
    assert [each.id for each in memory.find(everything.plan, items)] == ["by", "in", "1"]


def test_a_search_over_all_types_knows_the_parameters_of_every_resource() -> None:
    documents: list[dict[str, Any]] = [
        {
            "resourceType": "Patient",
            "id": "1",
            "meta": {"tag": [{"system": "urn:t", "code": "X"}], "profile": ["http://p.org/1"]},
        },
        {"resourceType": "Basic", "id": "2", "meta": {"security": [{"code": "R"}], "tag": [{"code": "x"}]}},
    ]
    assert found("?_tag=x", documents) == ["2", "1"]
    assert found("?_tag=urn:t|x", documents) == ["1"]
    assert found("?_tag=x&_type=Patient", documents) == ["1"]
    assert found("?_security=R", documents) == ["2"]
    assert found("Patient?_profile=http://p.org/1", documents) == ["1"]


def test_contained_resources_are_searched_when_asked_for() -> None:
    documents: list[dict[str, Any]] = [
        {
            "resourceType": "Observation",
            "id": "o",
            "contained": [
                {"resourceType": "Patient", "id": "a", "gender": "male", "name": [{"family": ["Smith"]}]},
                {"resourceType": "Patient", "id": "b", "gender": "female", "name": [{"family": ["Jones"]}]},
            ],
        },
        *patients(p={"gender": "male"}),
    ]
    assert found("Patient?gender=male", documents) == ["p"]
    alone = "_containedType=contained"
    assert found(f"Patient?gender=male&_contained=true&{alone}", documents) == ["o#a"]
    assert found(f"Patient?gender=male&_contained=both&{alone}", documents) == ["o#a", "p"]
    assert found("Patient?_contained=true", documents) == ["o"]
    assert found("Patient?gender=male&_contained=both", documents) == ["o", "p"]
    assert found("Observation?_contained=both", documents) == ["o"]
    assert found("?_contained=both", documents) == ["o", "p"]
    assert found("Patient?gender=male&family=jones&_contained=true", documents) == []


def test_places_are_found_around_a_point() -> None:
    usa, fiji = {"latitude": Decimal("42.25"), "longitude": Decimal("-83.69")}, {"latitude": -17, "longitude": 180}
    documents: list[dict[str, Any]] = [
        {"resourceType": "Location", "id": "usa", "position": usa},
        {"resourceType": "Location", "id": "fiji", "position": fiji},
    ]
    assert found("Location?near=42.3:-83.7&near-distance=10||km", documents) == ["usa"]
    assert found("Location?near=42.3:-83.7&near-distance=1||km", documents) == []
    assert found("Location?near=-17.01:-179.99", documents) == ["fiji"]
    assert found("Location?near:missing=false", documents) == ["fiji", "usa"]


NARRATIVE = patients(
    bone={"text": {"div": "<div>Bone <b>Métastases</b></div>"}, "name": [{"family": ["Liver"]}]},
    liver={"text": {"div": "<div>liver</div>"}},
    none={"name": [{"family": ["Metastases"]}]},
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("_text=bone", ["bone"]),
        ("_text=metastases", ["bone"]),
        ("_text=(bone or liver) and metastases", ["bone"]),
        ("_text=bone or liver", ["bone", "liver"]),
        ("_text=not bone", ["liver", "none"]),
        ("_text=bone,liver", ["bone", "liver"]),
        ("_text=b", []),
        ("_text=family", []),
        ("_content=metastases", ["bone", "none"]),
        ("_content=liver metastases", ["bone"]),
        ("_content=liver", ["bone", "liver"]),
    ],
)
def test_words_are_found_in_the_narrative_and_in_the_whole_content(query: str, ids: list[str]) -> None:
    assert found(f"Patient?{query}", NARRATIVE) == ids
