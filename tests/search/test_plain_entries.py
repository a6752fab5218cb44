"""What is compiled and remembered makes the very entries that the plain way makes."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.codings import LENGTH_LIMIT, plain_coding
from fhirstore.search.decimals import encode, implicit
from fhirstore.search.extract import extract
from fhirstore.search.kinds.date import interval
from fhirstore.search.kinds.number import bounds
from fhirstore.search.ucum import unit
from tests.dstu2.examples import MISSING, example_names, small_documents
from tests.search import plain_entries, random_records

BASE = "http://a.org/dstu2"


def _holds(type_: str, document: dict[str, Any]) -> None:
    entries = extract(type_, document, BASE)
    keys, ranges = plain_entries.keys_and_ranges(type_, document, BASE)
    assert set(entries.keys) == keys
    assert set(entries.ranges) == ranges
    assert set(entries.words) == plain_entries.words(document)
    for made in (entries.keys, entries.ranges, entries.words):
        assert len(made) == len(set(made))


@pytest.mark.skipif(not example_names(), reason=MISSING)
def test_the_official_examples_have_the_entries_of_the_plain_way() -> None:
    tried = 0
    for document in small_documents(12_000):
        if catalog.is_resource_type(document["resourceType"]):
            _holds(document["resourceType"], {"id": "x", **document})
            tried += 1
    assert tried > 300


def test_resources_with_values_at_every_place_have_the_entries_of_the_plain_way() -> None:
    random = Random(9)
    for type_ in catalog.resource_types():
        for number in range(4):
            _holds(type_, random_records.resource(random, type_, f"r{number}"))


def test_equal_components_are_found_once_and_not_called_unsearchable() -> None:
    component = {"code": {"coding": [{"code": "a"}]}, "valueQuantity": {"value": 1}}
    one, two = (extract("Observation", {"component": [component] * times}) for times in (1, 2))
    assert one == two


@pytest.mark.parametrize(
    "values",
    [
        [{"value": Decimal("1.0")}, {"value": Decimal("1.00")}, {"value": 1}, {"value": True}],
        [{"code": "1"}, {"code": 1}, {"code": True}, {"code": "true"}, {"code": None}],
        [{"system": "s", "code": "c"}, {"system": "s", "code": "c", "display": ""}, {"system": "s", "code": "c d"}],
        [{"system": "s", "code": "c", "display": text} for text in ("a" * 500, "a" * 499 + "b", "A" * 500)],
    ],
)
def test_what_is_remembered_of_a_value_is_not_told_of_another(values: list[dict[str, Any]]) -> None:
    """Also of those that Python holds to be equal: each order of asking gives each value its own entries."""
    documents = [{"valueQuantity": each, "code": {"coding": [each]}, "id": "x"} for each in values]
    for document in (*documents, *reversed(documents), *documents):
        _holds("Observation", document)


def test_what_is_remembered_of_a_value_is_told_of_its_own_property_address_and_containers_alone() -> None:
    here, there = {"reference": f"{BASE}/Patient/a"}, "http://b.org/dstu2"
    inside = {"reference": "#p"}
    for _ in range(3):
        for name in ("subject", "performer"):
            _holds("Observation", {name: here, "id": "x"})
            assert "Observation.patient=Patient/a" not in extract("Observation", {name: here}, there).keys
            for contained in ([], [{"resourceType": "Patient", "id": "p"}], [{"resourceType": "Group", "id": "p"}]):
                _holds("Observation", {name: inside, "id": "x", "contained": contained})


def test_a_value_that_is_no_json_has_its_entries_all_the_same() -> None:
    half = {"text": "half of a \ud83d"}
    assert extract("Observation", {"code": half, "id": "x"}).words == ("half", "of", "a")


def test_long_texts_are_not_remembered() -> None:
    coding = {"system": "s", "code": "c", "display": "d" * (LENGTH_LIMIT - 2)}
    assert plain_coding(coding) == tuple(coding.values())
    assert plain_coding({**coding, "code": "cc"}) is None
    assert plain_coding({**coding, "version": "1"}) is None


@settings(max_examples=500)
@given(
    st.integers() | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**60), max_value=10**60),
    st.sampled_from(["", "mg", "mm[Hg]", "Cel", "[degF]", "/min", "unheard of"]),
)
def test_bounds_in_whole_numbers_are_those_in_fractions(number: Decimal | int, code: str) -> None:
    known = unit(code) if code else None
    low, high = implicit(number)
    expected = [encode(known.to_base(Fraction(each)) if known else each) for each in (low, high, Decimal(number))]
    assert bounds(str(number), code) == (*expected, expected[2] + "!")


def test_a_second_is_read_alike_however_its_zone_is_written() -> None:
    random = Random(3)
    for _ in range(2000):
        date = f"{random.randint(0, 9999):04}-{random.randint(0, 13):02}-{random.randint(0, 32):02}"
        clock = f"{random.randint(0, 25):02}:{random.choice((0, 59, 60)):02}:{random.choice((0, 59, 60, 61)):02}"
        ways = [interval(f"{date}T{clock}{zone}") for zone in ("Z", "", "+00:00", "-00:00")]
        assert ways == [ways[0]] * 4
