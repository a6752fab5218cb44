"""Entries are few, never fail to be made, and cover every parameter of the specification."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhirstore.dstu2 import catalog
from fhirstore.dstu2.json_format import parse
from fhirstore.search.context import Context
from fhirstore.search.extract import extract, references
from fhirstore.search.query import read_search
from tests.search import memory, random_records

EXAMPLES = Path(__file__).parents[2] / ".." / "shared" / "dstu2" / "examples" / "json"

OBSERVATION = parse(
    b"""{"resourceType": "Observation", "id": "f001", "status": "final",
    "category": {"coding": [{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs"}]},
    "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic blood pressure"}]},
    "subject": {"reference": "Patient/123"}, "encounter": {"reference": "Encounter/77"},
    "effectiveDateTime": "2014-03-01T10:00:00Z",
    "valueQuantity": {"value": 120.5, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    "identifier": [{"system": "http://example.org/obs", "value": "abc-6323"}]}"""
)


def test_a_usual_observation_needs_fewer_than_twenty_keys() -> None:
    entries = extract("Observation", OBSERVATION)
    assert len(entries.keys) == len(set(entries.keys)) <= 20
    assert len(entries.ranges) == len(set(entries.ranges)) == 8
    assert {
        "Observation.code=http://loinc.org|8480-6",
        "Observation.code:8480-6",
        "Observation.subject=Patient/123",
        "compartment=Patient/123",
        "compartment=Encounter/77",
    } <= set(entries.keys)


def test_references_are_listed_by_parameter_for_includes() -> None:
    assert references("Observation", OBSERVATION, "subject") == [("Patient", "123")]
    assert references("Observation", OBSERVATION, "specimen") == []
    assert set(references("Observation", OBSERVATION)) == {("Patient", "123"), ("Encounter", "77")}


_NAMES = [
    "coding",
    "code",
    "system",
    "value",
    "reference",
    "start",
    "end",
    "event",
    "repeat",
    "text",
    "family",
    "url",
    "contained",
    "id",
]
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.decimals(allow_nan=False, allow_infinity=False), st.text(max_size=8)
)
_JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=600)
@given(st.integers(0, 2**32), st.data())
def test_no_document_however_broken_makes_extraction_fail(seed: int, data: st.DataObject) -> None:
    """A good resource in which some values are replaced by whatever JSON there is."""
    random = Random(seed)
    type_ = random.choice(catalog.resource_types())
    document = random_records.resource(random, type_, "x")
    for _ in range(3):
        _replace(random, document, data.draw(_JSON))
    entries = extract(type_, document)
    assert all(isinstance(key, str) for key in entries.keys)
    assert all(each.low < each.high for each in entries.ranges)  # type: ignore[operator]


def _replace(random: Random, node: Any, value: Any) -> None:
    while True:
        place = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
        inner = node[place]
        if not isinstance(inner, dict | list) or not inner or random.random() < 0.3:
            node[place] = value
            return
        node = inner


def _parameters() -> Iterator[tuple[str, str]]:
    return ((type_, name) for type_ in catalog.resource_types() for name in catalog.search_parameters(type_))


_UNHELD = {"_id", "_lastUpdated", "_query", "_text", "_content"}


@pytest.mark.parametrize("type_", catalog.resource_types())
def test_every_parameter_finds_a_resource_that_has_its_value_and_not_one_that_lacks_it(type_: str) -> None:
    """The whole table: values are planted where each parameter's path leads, then asked for."""
    random = Random(type_)
    for name, parameter in catalog.search_parameters(type_).items():
        if name in _UNHELD or parameter.usage == "distance":
            continue
        with_value = _with_value(random, type_, parameter)
        items = [memory.item(with_value), memory.item({"resourceType": type_, "id": "without"})]
        for text, ids in (("false", ["with"]), ("true", ["without"])):
            plan = read_search(type_, [(f"{name}:missing", text)], Context()).plan
            assert [each.id for each in memory.find(plan, items)] == ids, f"{type_}?{name}:missing={text}"


def _with_value(random: Random, type_: str, parameter: catalog.SearchParameter) -> dict[str, Any]:
    """A resource in which the parameter, or each component of it, has a value."""
    known = catalog.search_parameters(type_)
    for _ in range(400):
        document: dict[str, Any] = {"resourceType": type_, "id": "with"}
        if parameter.usage == "nearby":
            return {**document, "position": {"latitude": 1, "longitude": 2}}
        for name in parameter.components or (parameter.name,):
            paths = _EXTRA_PATHS.get((type_, name), known[name].paths)
            random_records.plant(random, document, type_, random.choice(paths))
        if any(_made(key, parameter, type_) for key in _all_names(document, type_)):
            return document
    raise AssertionError(f"no value for {type_}.{parameter.name}")


_EXTRA_PATHS = {
    ("Condition", "age"): ("Condition.onsetQuantity",),
    ("FamilyMemberHistory", "condition"): ("FamilyMemberHistory.condition.code",),
    ("FamilyMemberHistory", "relationship"): ("FamilyMemberHistory.relationship",),
}


def _all_names(document: dict[str, Any], type_: str) -> list[str]:
    entries = extract(type_, document)
    return [*entries.keys, *(each.name for each in entries.ranges)]


def _made(key: str, parameter: catalog.SearchParameter, type_: str) -> bool:
    name = parameter.name if parameter.name.startswith("_") else f"{type_}.{parameter.name}"
    return key.startswith(name) and key[len(name) : len(name) + 1] in {"=", ":", "~", "$", ".", ""}


def test_official_examples_are_found_by_the_values_that_they_hold() -> None:
    """Each key of each example, asked for as a client would, finds the example."""
    if not EXAMPLES.is_dir():
        pytest.skip("the official examples are not beside the repository")
    asked = 0
    for path in sorted(EXAMPLES.glob("*.json")):
        document = json.loads(path.read_text("utf-8-sig"), parse_float=str)
        type_ = document.get("resourceType")
        if not isinstance(type_, str) or not catalog.is_resource_type(type_) or path.stat().st_size > 60_000:
            continue
        it = memory.item({"id": "x", **document})
        for key in it.entries.keys:
            name, mark, value = _taken_apart(key)
            if mark == "!" or name == "compartment" or name.endswith(".phonetic"):
                continue
            text = random_records.escaped(value) if mark == "~" else value.replace(",", "\\,")
            pairs = [(name.rpartition(".")[2] + (":text" if mark == "~" and _is_token(type_, name) else ""), text)]
            plan = read_search(type_, pairs, Context()).plan
            assert memory.find(plan, [it]) == [it], (path.name, key)
            asked += 1
    assert asked > 5000


def _is_token(type_: str, name: str) -> bool:
    return catalog.search_parameters(type_)[name.rpartition(".")[2] if "." in name else name].type == "token"


def _taken_apart(key: str) -> tuple[str, str, str]:
    place = min(place for mark in "=:~!" if (place := key.find(mark)) >= 0)
    value = key[place + 1 :].partition("\x1f")[0]
    return key[:place], key[place], value.replace("\\7c", "\\|").replace("\\24", "\\$").replace("\\5c", "\\\\")
