"""Strings: text, resources, which are found."""

from __future__ import annotations

import pytest

from fhirstore.errors import BadRequest
from tests.search.finding import found, patients

PATIENTS = patients(
    eve={"name": [{"family": ["Smith"], "given": ["Eve", "Marie"]}]},
    evelyn={"name": [{"given": ["Evelyn"]}]},
    severine={"name": [{"given": ["Séverine"], "family": ["van  Dyke"]}]},
    strasse={"address": [{"line": ["Große Straße 5", "2. OG"], "city": "Køln, am Rhein", "country": "DE"}]},
    nameless={"name": [{"use": "official"}]},
    robert={"name": [{"given": ["Robert"], "family": ["O'Brien"]}]},
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("given=eve", ["eve", "evelyn"]),
        ("given=EVE", ["eve", "evelyn"]),
        ("given:exact=Eve", ["eve"]),
        ("given:exact=eve", []),
        ("given:contains=eve", ["eve", "evelyn", "severine"]),
        ("given=sev", ["severine"]),
        ("given=séV", ["severine"]),
        ("family=van%20dyke", ["severine"]),
        ("name=marie", ["eve"]),
        ("name=smith,evel", ["eve", "evelyn"]),
        ("name=o'brien", ["robert"]),
        ("given=eve&family=smith", ["eve"]),
        ("name:missing=true", ["strasse"]),
        ("name:missing=false", ["eve", "evelyn", "nameless", "robert", "severine"]),
        ("address=grosse%20strasse", ["strasse"]),
        ("address=2.", ["strasse"]),
        (r"address-city=k%C3%B8ln\,%20am", ["strasse"]),
        ("address-country=de", ["strasse"]),
        ("address:contains=%25", []),
        ("phonetic=rupert", ["robert"]),
        ("phonetic=zebra", []),
        ("phonetic=robert%20brian", ["robert"]),
    ],
)
def test_strings_begin_with_contain_or_are_the_text(query: str, ids: list[str]) -> None:
    assert found(f"Patient?{query}", PATIENTS) == ids


def test_a_long_text_is_found_by_its_beginning_its_middle_and_exactly() -> None:
    text = "A very long text " * 40
    documents = patients(long={"name": [{"text": text}]}, other={"name": [{"text": text + "more"}]})
    assert found("Patient?name=a very long text a very", documents) == ["long", "other"]
    assert found("Patient?name:contains=text more", documents) == ["other"]
    assert found(f"Patient?name:exact={text}", documents) == ["long"]


@pytest.mark.parametrize("query", ["name=", "name=%CC%81", "name:in=x", "name:contains=%20", "name=" + "x" * 4001])
def test_a_text_with_nothing_in_it_is_refused_rather_than_finding_everything(query: str) -> None:
    with pytest.raises(BadRequest, match="'name'"):
        found(f"Patient?{query}", PATIENTS)
