"""Searches that are not understood are refused, naming what; hostile ones are refused or answered, never failed at.

http://hl7.org/fhir/DSTU2/search.html#errors
"""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from tests.api.searching import by_form, found, ids, issue, keep, links, name, observation, search
from tests.builders import patient
from tests.clients import ApplicationClient, UserClient
from tests.conformance.bundles import batch, entry, transaction


@pytest.fixture(scope="module")
def records() -> dict[str, UserClient]:
    return {}


@pytest.fixture
def record(records: dict[str, UserClient], application: ApplicationClient) -> UserClient:
    """A user with two patients and an observation; tests only read them."""
    if application.address not in records:
        user = records[application.address] = application.user()
        keep(user, name("Peters", id="p", gender="male"), name("Quinn", id="q"), observation("o", "Patient/p"))
    return records[application.address]


UNKNOWN = [
    ("Patient?nmae=x", "nmae"),
    ("Patient?name:in=x", "name"),
    ("Patient?name:exakt=x", "exakt"),
    ("Patient?gender:contains=m", "gender"),
    ("Patient?birthdate:exact=2015", "birthdate"),
    ("Patient?birthdate=yesterday", "birthdate"),
    ("Patient?birthdate=2015-13", "birthdate"),
    ("Patient?birthdate=xx2015", "birthdate"),
    ("Patient?name=", "name"),
    ("Patient?name=a,,b", "name"),
    ("Patient?gender:missing=maybe", "gender"),
    ("Patient?organization=a/b/c", "organization"),
    ("Patient?organization.nmae=x", "nmae"),
    ("Patient?name.family=x", "name"),
    ("Patient?organization:Patient.name=x", "organization"),
    ("Patient?_has:Observation:patient=x", "_has"),
    ("Patient?_has:Nothing:patient:code=x", "_has"),
    ("Patient?_has:Observation:code:code=x", "_has"),
    ("Patient?_sort=nmae", "nmae"),
    ("Patient?_count:=1", "_count"),
    ("Patient?_summary:=true", "_summary"),
    ("Patient?_sort:up=name", "_sort"),
    ("Patient?_include=Observation", "_include"),
    ("Patient?_include=Observation:nmae", "nmae"),
    ("Patient?_revinclude=*", "_revinclude"),
    ("Patient?_contained=maybe", "_contained"),
    ("Patient?_containedType=box", "_containedType"),
    ("Patient?_type=Observation", "_type"),
    ("?_type=Nothing", "_type"),
    ("?name=x", "name"),
    ("Observation?subject:Medication=1", "subject"),
    ("Patient?careprovider:Patient=1", "careprovider"),
    ("Patient?_query=everybody", "_query"),
    ("Patient?_list=$current-allergies", "_list"),
    ("Patient?_filter=name", "_filter"),
    ("Patient?_filter=name eq (", "_filter"),
    ('Patient?_filter=name eq "x', "_filter"),
    ("Patient?_filter=nmae eq x", "nmae"),
    ("Patient?_text=(a", "_text"),
    ("Patient?_text=", "_text"),
    ("Observation?value-quantity=much", "value-quantity"),
    ("Observation?value-quantity=1|a|b|c", "value-quantity"),
    ("Observation?code-value-quantity=1", "code-value-quantity"),
    ("Observation?code=a|b|c", "code"),
    ("Location?near=here", "near"),
    ("Location?near-distance=1||km", "near-distance"),
    ("Encounter?length=long", "length"),
]


@pytest.mark.parametrize(("query", "named"), UNKNOWN, ids=[row[0] for row in UNKNOWN])
def test_what_is_not_understood_is_refused_by_name(record: UserClient, query: str, named: str) -> None:
    answer = record.get(query)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")
    assert named in issue(answer)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("nmae=x", ""),
        ("name:exakt=x&gender=male", "gender=male"),
        ("birthdate=yesterday&_count=5", "_count=5"),
        ("_sort=nmae&_sort=-family", "_sort=-family"),
        ("_include=x&name:missing=false&_filter=(", "name:missing=false"),
    ],
)
def test_who_is_lenient_is_told_what_was_ignored(record: UserClient, query: str, kept: str) -> None:
    bundle = search(record, f"Patient?{query}", prefer="handling=lenient")
    outcome = bundle["entry"][-1]
    assert outcome["search"] == {"mode": "outcome"}
    assert outcome["resource"]["resourceType"] == "OperationOutcome"
    assert all(each["severity"] == "warning" for each in outcome["resource"]["issue"])
    assert len(outcome["resource"]["issue"]) == len(query.split("&")) - len(kept.split("&") if kept else [])
    assert links(bundle)["self"] == f"{record.base}/Patient" + (f"?{kept}" if kept else "")
    assert bundle["total"] == len(ids(bundle)) == len(found(record, f"Patient?{kept}"))


def test_who_is_strict_is_refused(record: UserClient) -> None:
    assert record.get("Patient?nmae=x", prefer="handling=strict").status_code == 400


def test_marks_of_the_query_language_can_be_escaped(user: UserClient) -> None:
    keep(
        user,
        name("a,b", id="comma"),
        name("a|b", id="bar"),
        name("a$b", id="dollar"),
        name("a\\b", id="slash"),
        name("a", id="a"),
        name("b", id="b"),
    )
    marks = {"comma": "a\\,b", "bar": "a\\|b", "dollar": "a\\$b", "slash": "a\\\\b"}
    for id, text in marks.items():
        assert found(user, f"Patient?family:exact={quote(text)}") == [id]
    assert found(user, "Patient?family:exact=a,b") == ["a", "b"]


# -- hostile ----------------------------------------------------------------------------------------------------------

HOSTILE = {
    "regex": "name:contains=(a%2B)%2B%24.*%5B%5E",
    "operator": "name=%24where",
    "operator as name": "%24where=1",
    "operator in object": "name%5B%24ne%5D=x",
    "quotes": "name='%22;--",
    "sql": "name=x' OR '1'='1",
    "like": "name=%25_",
    "nul": "name=a%00b",
    "nul alone": "name=%00",
    "nul in token": "identifier=a%00b|c%00",
    "nul in name": "na%00me=x",
    "controls": "name=%01%1f%7f",
    "lone bar": "identifier=|",
    "bars": "identifier=||||",
    "backslash at the end": "name=a%5C",
    "only backslashes": "name=%5C%5C%5C",
    "dollars": "name=$$$",
    "private use": "name=%EF%BF%BF%F4%8F%BF%BF",
    "combining": "name=" + "%CC%81" * 50,
    "right to left": "name=%E2%80%AE%E2%80%8F",
    "empty name": "=x",
    "only colons": ":::=x",
    "dots": "...=x",
    "chain to nowhere": "organization...name=x",
    "bad percent": "name=%zz%",
    "huge number": "_count=1e999",
    "huge year": "birthdate=99999-01-01",
    "year zero": "birthdate=0000",
    "last moment": "birthdate=gt9999-12-31T23:59:59.999999999Z",
    "zones": "birthdate=2015-01-01T00:00:00%2B99:99",
    "many digits": "birthdate=2015-01-01T00:00:00." + "9" * 500,
    "script": "name=<script>alert(1)</script>",
    "token of pages": "_page=AAAA",
    "undecodable token": "_page=%F0%9F%98%80",
    "filter brackets": "_filter=" + "(" * 3000,
    "filter nots": "_filter=" + "not%20" * 900 + "name%20eq%20x",
    "filter of quotes": "_filter=name%20eq%20%22" + "%5C%22" * 900 + "%22",
    "words": "_text=" + "(" * 500,
    "word of joiners": "_content=and%20or%20not",
    "has of has": "_has:Patient:link:" * 100 + "name=x",
    "system search": "_type=" + ",".join(["Patient"] * 2000),
    "sorts": "_sort=" + ",".join(["name"] * 500),
    "repeated": "&".join(["name=x"] * 900),
    "includes": "&".join(["_include=*"] * 150),
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_queries_are_answered_or_refused(record: UserClient, query: str) -> None:
    """And none finds what it should not: no patient is called anything like it."""
    for answer in (record.get(f"Patient?{query}"), by_form_raw(record, query)):
        assert answer.status_code in {200, 400}, answer.text[:300]
        if answer.status_code == 200 and not query.startswith(("_", "birthdate")):
            assert answer.json()["total"] == 0


def by_form_raw(user: UserClient, query: str) -> httpx.Response:
    return user.post("Patient/_search", query.encode(), content_type="application/x-www-form-urlencoded")


NUMBERS = {
    "zeros": "0." + "0" * 1000 + "1",
    "digits": "9" * 1000,
    "exponent": "1e400",
    "far exponent": "1e999999999",
    "small exponent": "1e-999999999",
    "not a number": "NaN",
    "infinity": "Infinity",
    "underscores": "1_000",
    "other digits": "%D9%A1%D9%A2",
    "hexadecimal": "0x10",
    "signs": "--1",
    "point": ".",
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
@pytest.mark.parametrize("place", ["value-quantity={}", "value-quantity=ap{}|http://unitsofmeasure.org|mg"])
def test_hostile_numbers_are_answered_or_refused(record: UserClient, number: str, place: str) -> None:
    answer = record.get(f"Observation?{place.format(number)}")
    assert answer.status_code in {200, 400}, answer.text[:300]


UNITS = ["m" * 2000, "1/" * 500, "(" * 500, "m9999999999", "m.m" * 300, "%7B%7D", "10*-999999999", "mg%00"]


@pytest.mark.parametrize("unit", UNITS, ids=[unit[:12] for unit in UNITS])
def test_hostile_units_are_answered_or_refused(record: UserClient, unit: str) -> None:
    answer = record.get(f"Observation?value-quantity=5|http://unitsofmeasure.org|{unit}")
    assert answer.status_code in {200, 400}, answer.text[:300]


class TestSize:
    def test_ten_thousand_alternatives_are_refused_and_a_thousand_answered(self, record: UserClient) -> None:
        for name_, one in (("name", "x"), ("identifier", "a|b"), ("birthdate", "2015"), ("organization", "1")):
            answers = [
                by_form(record, "Patient/_search", [(name_, ",".join([one] * count))]) for count in (10_000, 1000)
            ]
            assert [answer.status_code for answer in answers] == [400, 200], name_
            assert answers[1].json()["total"] == 0
        ids_ = ",".join(["p", *(f"x{number}" for number in range(999))])
        assert by_form(record, "Patient/_search", [("_id", ids_)]).json()["total"] == 1

    @pytest.mark.parametrize("modifier", ["", ":contains", ":exact"])
    def test_very_long_values_are_refused_or_not_found(self, record: UserClient, modifier: str) -> None:
        for length in (3_000, 200_000):
            answer = by_form(record, "Patient/_search", [(f"name{modifier}", "x" * length)])
            assert answer.status_code in {200, 400}
            if answer.status_code == 200:
                assert answer.json()["total"] == 0

    def test_chains_have_an_end(self, record: UserClient) -> None:
        link = "related-target:Observation."
        assert record.get(f"Observation?{link * 3}code=x").status_code == 200
        answer = record.get(f"Observation?{link * 60}code=x")
        assert (answer.status_code, "too many steps" in issue(answer)) == (400, True)

    def test_a_chain_that_fans_out_is_bounded(self, record: UserClient) -> None:
        """Each step without a type goes to all types that know the next: 94 to the power of the depth."""
        answer = record.get("List?item.subject.subject.subject.subject.name=x")
        assert answer.status_code in {200, 400}

    def test_more_than_a_thousand_parameters_are_refused(self, record: UserClient) -> None:
        assert record.get("Patient?" + "&".join(["a=b"] * 1001)).status_code == 400

    def test_a_form_over_a_megabyte_is_not_taken_apart(self, record: UserClient) -> None:
        answer = by_form_raw(record, "name=" + "%5C%7C" * 200_000)
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (413, "too-long")

    def test_a_bundle_can_ask_no_longer_questions_than_http(self, record: UserClient) -> None:
        long = "identifier=x&" * 6000
        create = entry("POST", "Patient", patient(), ifNoneExist=long)
        for one in (entry("GET", f"Patient?{long}"), entry("DELETE", f"Patient/{long}"), create):
            assert record.post("", batch(one)).json()["entry"][0]["response"]["status"].startswith("400")
            answer = record.post("", transaction(one))
            assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, "too-long")


@pytest.mark.parametrize("path", ["Patient?name=%ED%A0%80", "Patient?name=%FF", "Patient?%C0%AF=x"])
def test_what_is_no_unicode_is_refused(record: UserClient, path: str) -> None:
    assert record.get(path).status_code == 400
    assert by_form_raw(record, path.partition("?")[2]).status_code == 400


def test_refusals_do_not_repeat_what_was_sent_at_length(record: UserClient) -> None:
    for query in ("x" * 5000 + "=1", "name:" + "x" * 5000 + "=1", "_sort=" + "x" * 5000, "birthdate=" + "x" * 5000):
        answer = record.get(f"Patient?{query}")
        assert (answer.status_code, "x" * 200 in answer.text) == (400, False)
