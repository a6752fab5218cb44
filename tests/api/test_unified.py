"""$unified and $judge over HTTP: each fact of several sources once, nothing blended, judgements remembered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fhirstore.auth.secrets import digest, mint
from fhirstore.dstu2.json_format import parse
from fhirstore.dstu2.levels import judge
from tests.clients import UserClient, http, new_application
from tests.conformance.bundles import batch, entry
from tests.server import AppServer
from tests.unified.resources import pressure

Fact = dict[str, list[Any]]
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def told(source: str, id: str, type: str, **members: Any) -> dict[str, Any]:
    """A resource of a source, with the source's own id for it."""
    tags = [
        {"system": "urn:fhirstore:source", "code": f"https://{source}.example.org/fhir"},
        {"system": "urn:fhirstore:original-id", "code": f"{source}-{id}"},
    ]
    return {"resourceType": type, "id": f"{source}-{id}", "meta": {"tag": tags}, **members}


def person(source: str, given: str, born: str, number: str, id: str = "p") -> dict[str, Any]:
    name = [{"family": ["Chalmers"], "given": given.split()}]
    numbers = [{"system": "urn:mrn", "value": number}]
    return told(source, id, "Patient", name=name, birthDate=born, gender="male", identifier=numbers)


def weight(source: str, id: str, at: str, value: float, unit: str, code: str, about: str = "p") -> dict[str, Any]:
    return told(
        source,
        id,
        "Observation",
        status="final",
        subject={"reference": f"Patient/{source}-{about}"},
        code={"coding": [{"system": LOINC, "code": "29463-7", "display": "Body weight"}]},
        effectiveDateTime=at,
        valueQuantity={"value": value, "unit": unit, "system": UCUM, "code": code},
    )


def order(source: str, about: str, drug: dict[str, Any], dose: str) -> dict[str, Any]:
    return told(
        source,
        "m",
        "MedicationOrder",
        patient={"reference": f"Patient/{about}"},
        dateWritten="2015-02-07",
        dosageInstruction=[{"text": dose}],
        **drug,
    )


RECORD = (
    person("a", "Peter James", "1960-05-14", "77"),
    person("b", "PETER J", "1960-05-14", "78"),
    person("c", "Peter", "1960-05-15", "77"),
    person("a", "Mary", "1990-01-02", "99", "child"),
    weight("a", "w", "2015-02-07T13:28:17-05:00", 176.4, "lb", "[lb_av]"),
    weight("b", "w", "2015-02-07T18:28:17Z", 80.0, "kg", "kg"),
    weight("c", "w", "2015-02-07", 80.0, "kg", "kg"),
    weight("b", "later", "2015-02-07T18:40:00Z", 80.3, "kg", "kg"),
    weight("a", "child", "2015-02-07T18:28:17Z", 80.0, "kg", "kg", "child"),
    told("a", "drug", "Medication", code={"text": "Lisinopril 10 MG Oral Tablet"}),
    order("a", "a-p", {"medicationReference": {"reference": "Medication/a-drug"}}, "1 tablet daily"),
    order("b", "b-p", {"medicationCodeableConcept": {"text": "LISINOPRIL 10MG TABS"}}, "2 tablets daily"),
)


@pytest.fixture(scope="module")
def holder(server: AppServer) -> UserClient:
    """A user whose record three sources have told, for tests that only read it."""
    return recorded(new_application(server).user())


@pytest.fixture
def judging(user: UserClient) -> UserClient:
    """Another with the same record, for a test that changes it."""
    return recorded(user)


def recorded(user: UserClient) -> UserClient:
    answer = user.post("", batch(*(entry("PUT", f"{each['resourceType']}/{each['id']}", each) for each in RECORD)))
    assert all(each["response"]["status"].startswith("201") for each in answer.json()["entry"]), answer.text
    return user


def facts(answer: dict[str, Any]) -> list[Fact]:
    """The facts of a page: each the values of its parameters, by their names."""
    matches = [each["resource"] for each in answer["entry"] if each["search"]["mode"] == "match"]
    return [values(each["parameter"]) for each in matches]


def values(parameters: list[dict[str, Any]]) -> Fact:
    found: Fact = {}
    for each in parameters:
        value = next((value for name, value in each.items() if name.startswith("value")), None)
        value = values(each["part"]) if "part" in each else value
        refers = isinstance(value, dict) and isinstance(value.get("reference"), str)
        found.setdefault(each["name"], []).append(value["reference"] if refers and value else value)
    return found


def contributions(fact: Fact) -> list[str]:
    return sorted(each["resource"][0] for each in fact["contribution"])


def view(user: UserClient, path: str = "Patient/$unified") -> list[Fact]:
    answer = user.get(path)
    assert answer.status_code == 200, answer.text
    return facts(answer.json())


def pages(user: UserClient, path: str) -> Iterator[dict[str, Any]]:
    url: str | None = f"{user.base}/{path}"
    while url:
        page = http.get(url, headers=user.headers).json()
        yield page
        url = next((each["url"] for each in page["link"] if each["relation"] == "next"), None)


def say(user: UserClient, judgement: str, *resources: str) -> Any:
    judged = [{"name": "resource", "valueReference": {"reference": each}} for each in resources]
    parameter = [{"name": "judgement", "valueCode": judgement}, *judged]
    return user.post("Basic/$judge", {"resourceType": "Parameters", "parameter": parameter})


def test_each_fact_is_told_once_with_all_who_tell_it_and_why(holder: UserClient) -> None:
    found = view(holder)
    assert [contributions(each) for each in found] == [
        ["Patient/a-p", "Patient/b-p", "Patient/c-p"],
        ["Patient/a-child"],
        ["Medication/a-drug"],
        ["MedicationOrder/a-m", "MedicationOrder/b-m"],
        ["Observation/b-later"],
        ["Observation/a-child"],
        ["Observation/a-w", "Observation/b-w", "Observation/c-w"],
    ]
    people, weights = found[0], found[6]
    assert weights["person"] == people["person"] == people["statement"]
    sources = {each["source"][0]: each["original-id"][0] for each in weights["contribution"]}
    assert sources == {f"https://{name}.example.org/fhir": f"{name}-w" for name in "abc"}
    reasons = [each.get("reason", [""])[0] for each in weights["contribution"]]
    assert reasons[0] == ""
    assert sorted(reasons[1:]) == ["same code and value, at the same time", "same code and value, on the same day"]
    assert any("same identifier 77 of urn:mrn" in each.get("reason", [""]) for each in people["contribution"])


def test_what_one_source_tells_as_a_panel_and_another_by_itself_refer_to_each_other(user: UserClient) -> None:
    at = {"effectiveDateTime": "2015-02-07T13:28:17Z", "status": "final"}
    panel = pressure("2015-02-07T13:28:17Z", 120, 80)
    halves = [{key: each[key] for key in ("code", "valueQuantity")} for each in panel["component"]]
    resources = [
        told("a", "panel", "Observation", **at, code=panel["code"], component=panel["component"]),
        *(told("b", name, "Observation", **at, **half) for name, half in zip(("high", "low"), halves, strict=True)),
    ]
    user.post("", batch(*(entry("PUT", f"Observation/{each['id']}", each) for each in resources)))
    found = {contributions(each)[0]: each for each in view(user)}
    assert {name: each.get("part") for name, each in found.items()} == {
        "Observation/a-panel": ["Observation/b-high", "Observation/b-low"],
        "Observation/b-high": None,
        "Observation/b-low": None,
    }
    reason = "same code and value as a part of it, at the same time"
    for name in ("high", "low"):
        assert found[f"Observation/b-{name}"]["part-of"] == [{"statement": ["Observation/a-panel"], "reason": [reason]}]


def test_what_differs_is_shown_with_who_says_it(holder: UserClient) -> None:
    found = view(holder, "Patient/$unified?kind=Patient,MedicationOrder")
    said = {
        conflict["element"][0]: {each["resource"][0]: each["value"][0] for each in conflict["value"]}
        for each in found
        for conflict in each.get("conflict", ())
    }
    assert said == {
        "Patient.birthDate": {
            "Patient/a-p": "1960-05-14",
            "Patient/b-p": "1960-05-14",
            "Patient/c-p": "1960-05-15",
        },
        "MedicationOrder.dosageInstruction.text": {
            "MedicationOrder/a-m": "1 tablet daily",
            "MedicationOrder/b-m": "2 tablets daily",
        },
    }


def test_the_view_is_valid_and_holds_the_resources_untouched(holder: UserClient) -> None:
    answer = holder.get("Patient/$unified?kind=Observation")
    assert not [issue for issue in judge(parse(answer.content), "official") if issue.refuses]
    included = [each for each in answer.json()["entry"] if each["search"]["mode"] == "include"]
    assert len(included) == 5
    for each in included:
        assert each["resource"] == http.get(each["fullUrl"], headers=holder.headers).json()
    as_xml = holder.get("Patient/$unified", accept="application/xml+fhir")
    assert (as_xml.status_code, "<Parameters>" in as_xml.text) == (200, True)


def test_pages_hold_every_fact_once_in_the_same_order(holder: UserClient, stranger: UserClient) -> None:
    whole = view(holder)
    walked = list(pages(holder, "Patient/$unified?_count=2"))
    assert [len(facts(page)) for page in walked] == [2, 2, 2, 1]
    assert {page["total"] for page in walked} == {7}, "on every page, of all pages"
    assert [each for page in walked for each in facts(page)] == whole
    following = walked[0]["link"][1]["url"]
    assert http.get(following, headers=stranger.headers).status_code == 400


def test_a_patient_is_asked_for_as_the_person_that_they_are(holder: UserClient) -> None:
    child = view(holder, "Patient/a-child/$unified")
    assert [each["statement"] for each in child] == [["Patient/a-child"], ["Observation/a-child"]]
    same = [view(holder, f"Patient/{name}-p/$unified") for name in "abc"]
    assert same[0] == same[1] == same[2]
    assert len(same[0]) == 4
    assert holder.get("Patient/a-child/$unified?_count=1").json()["total"] == 2
    assert holder.get("Patient/$unified?kind=Observation&_count=2").json()["total"] == 3
    assert holder.get("Patient/nobody/$unified").status_code == 404


def test_only_what_arrived_since_is_told(holder: UserClient) -> None:
    began = holder.get("Observation/b-later").json()["meta"]["lastUpdated"]
    assert view(holder, "Patient/$unified?_since=2999-01-01") == []
    assert len(view(holder, f"Patient/$unified?_since={began[:10]}")) == 7


@pytest.mark.parametrize("query", ["kind=Nothing", "kind=", "_since=soon", "_count=many", "name=x", "_page=AAAA"])
def test_what_it_does_not_understand_is_refused(query: str, user: UserClient) -> None:
    assert user.get(f"Patient/$unified?{query}").status_code == 400


def test_not_the_same_parts_them_until_it_is_taken_back(judging: UserClient) -> None:
    before = view(judging, "Patient/$unified?kind=Observation")
    answer = say(judging, "not-the-same", "Observation/a-w", "Observation/b-w")
    assert answer.status_code == 201
    after = [contributions(each) for each in view(judging, "Patient/$unified?kind=Observation")]
    assert not any({"Observation/a-w", "Observation/b-w"} <= set(each) for each in after)
    assert sum(map(len, after)) == 5
    known = judging.get("Basic?code=urn:fhirstore:judgement%7Cnot-the-same").json()["entry"]
    assert [each["resource"]["id"] for each in known] == [answer.json()["id"]]
    assert known[0]["resource"]["subject"] == {"reference": "Patient/a-p"}
    assert judging.delete(f"Basic/{answer.json()['id']}").status_code in {200, 204}
    assert view(judging, "Patient/$unified?kind=Observation") == before


def test_two_patients_who_are_not_the_same_have_their_own_facts(judging: UserClient) -> None:
    for one, other in (("a", "b"), ("c", "b")):
        assert say(judging, "not-the-same", f"Patient/{one}-p", f"Patient/{other}-p").status_code == 201
    found = view(judging)
    assert [contributions(each) for each in found[:2]] == [["Patient/a-p", "Patient/c-p"], ["Patient/a-child"]]
    for each in found:
        about = {reference.partition("/")[2][:1] for reference in contributions(each)}
        assert "b" not in about or about == {"b"}


def test_the_same_joins_what_no_rule_would_and_a_later_word_replaces_an_earlier(judging: UserClient) -> None:
    judged = ("Observation/a-w", "Observation/b-later")
    made = say(judging, "same", *judged)
    assert say(judging, "same", *reversed(judged)).status_code == 200
    joined = next(each for each in view(judging) if set(judged) <= set(contributions(each)))
    assert "said to be the same" in [each.get("reason", [""])[0] for each in joined["contribution"]]
    assert [each["element"] for each in joined["conflict"]] == [["Observation.effective"], ["Observation.value"]]
    changed = say(judging, "not-the-same", *judged)
    assert (changed.status_code, changed.json()["id"]) == (200, made.json()["id"])
    assert judging.get(f"Basic/{made.json()['id']}/_history").json()["total"] == 2
    assert not any(set(judged) <= set(contributions(each)) for each in view(judging))


@pytest.mark.parametrize(
    ("judgement", "resources"),
    [
        ("perhaps", ["Patient/a", "Patient/b"]),
        ("same", ["Patient/a", "Patient/a"]),
        ("same", ["Patient/a", "Observation/b"]),
        ("same", ["Patient/a"]),
        ("same", ["Nothing/a", "Nothing/b"]),
        ("same", ["Patient/a", "Patient/b", "Patient/c"]),
    ],
)
def test_an_unfit_judgement_is_refused(judgement: str, resources: list[str], user: UserClient) -> None:
    assert say(user, judgement, *resources).status_code == 400
    assert user.get("Basic").json()["total"] == 0


def test_a_stranger_sees_nothing_of_it_and_judges_nothing(holder: UserClient, stranger: UserClient) -> None:
    before = view(holder)
    assert view(stranger) == []
    assert stranger.get("Patient/a-p/$unified").status_code == 404
    refused = say(stranger, "not-the-same", "Patient/a-p", "Patient/b-p")
    absent = say(stranger, "not-the-same", "Patient/nobody", "Patient/none")
    assert (refused.status_code, refused.json()) == (422, absent.json()), "as of what never was"
    assert refused.json()["issue"][0]["code"] == "not-found"
    assert stranger.get("Basic").json()["total"] == 0
    assert view(stranger) == []
    assert view(holder) == before


def test_what_is_judged_must_be_there_and_is_no_longer_once_it_is_deleted(judging: UserClient) -> None:
    for other in ("Observation/nothing", "Observation/later"):
        assert say(judging, "same", "Observation/a-w", other).status_code == 422
    assert judging.get("Basic").json()["total"] == 0
    assert judging.delete("Observation/b-later").status_code in {200, 204}
    assert say(judging, "same", "Observation/a-w", "Observation/b-later").status_code == 422
    assert say(judging, "same", "Observation/a-w", "Observation/c-w").status_code == 201


def test_a_narrowed_token_gets_the_view_of_what_it_reaches(holder: UserClient, server: AppServer) -> None:
    narrowed = with_scope(holder, server, "user/Observation.read")
    assert {each["kind"][0] for each in view(narrowed)} == {"Observation"}
    assert all("Patient/" not in each["fullUrl"] for each in narrowed.get("Patient/$unified").json()["entry"])
    assert say(narrowed, "same", "Patient/a-p", "Patient/b-p").status_code == 403
    child = with_scope(holder, server, "patient/*.read", "a-child")
    references = [reference for each in view(child) for reference in contributions(each)]
    assert {"Patient/a-child", "Observation/a-child"} <= set(references)
    assert not any(reference.endswith(("-p", "-w", "-m", "later")) for reference in references)


def with_scope(user: UserClient, server: AppServer, scope: str, patient: str | None = None) -> UserClient:
    """The same user's token, narrowed."""
    secret = mint()
    known = server.call(server.store.accounts.token(digest(user.access_token)))
    assert known is not None
    server.call(server.store.accounts.add_tokens([replace(known, hash=digest(secret), scope=scope, patient=patient)]))
    return replace(user, access_token=secret)


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_number_that_no_machine_can_hold_is_told_like_any_other(user: UserClient) -> None:
    user.create({"resourceType": "Patient"})
    number = b'"valueQuantity":{"value":1e400,"unit":"m","system":"http://unitsofmeasure.org","code":"m"}'
    code = b'"code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]}'
    for at in (b"2015-02-07", b"2015-02-08"):
        told = b'{"resourceType":"Observation","status":"final","effectiveDateTime":"%b",%b,%b}' % (at, code, number)
        assert user.post("Observation", told).status_code == 201
    assert [fact["kind"] for fact in view(user)] == [["Patient"], ["Observation"], ["Observation"]]
