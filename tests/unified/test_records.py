"""Records as they come: every official example, examples with parts missing or mistaken, and hostile ones."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fhirstore.dstu2.json_format import dump, parse
from fhirstore.unified.conflicts import conflicts
from fhirstore.unified.facts import Fact
from fhirstore.unified.grouping import GROUP_LIMIT, WINDOW, group
from fhirstore.unified.judgements import Judgements, basic, judgement, judgements, pair
from fhirstore.unified.stating import state
from tests.unified.resources import fact, patient, pulse

_ODD: tuple[Any, ...] = (None, "", 7, True, [], {}, [None], [[]], {"coding": "x"}, {"reference": 3}, "9" * 400, [{}])
_COPIES = ("urn:one", "urn:two", "urn:three")


@pytest.fixture(scope="module")
def examples(definitions: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted((definitions / "examples" / "json").glob("*.json")):
        if path.name.startswith(("valueset-", "extension-", "v2-", "v3-")) or path.stat().st_size > 200_000:
            continue
        document = json.loads(path.read_bytes(), parse_float=str)
        if isinstance(document, dict) and document.get("resourceType") not in {None, "Bundle", "ValueSet"}:
            found.append(parse(dump(document)))
    assert len(found) > 200
    return found


def copies(document: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The same as three sources would send it, each under an id of its own."""
    return [
        {**document, "id": f"{place}-{number}", "meta": {"tag": [{"system": "urn:fhirstore:source", "code": source}]}}
        for place, source in enumerate(_COPIES)
    ]


def kinds(facts: list[Fact]) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = defaultdict(list)
    for each in facts:
        found[each.kind].append(each)
    return found


def test_every_example_is_read_and_its_copies_never_contradict_it(examples: list[dict[str, Any]]) -> None:
    for document in examples:
        told = copies(document, 1)
        groups = group([state(each) for each in told])
        assert sum(len(each) for each in groups) == 3
        assert conflicts({each["id"]: each for each in told}) == []


def test_of_three_copies_of_a_record_nearly_all_are_found_and_no_two_examples_are_mixed(
    examples: list[dict[str, Any]],
) -> None:
    """Those that are not found say too little: no date, no value, no name."""
    facts = [state(each) for number, document in enumerate(examples) for each in copies(document, number)]
    found, mixed = 0, 0
    for each in (each for kind in kinds(facts).values() for each in group(kind)):
        numbers = {member.fact.reference.rpartition("-")[2] for member in each}
        found += len(each) == 3 and len(numbers) == 1
        mixed += len(numbers) > 1
    assert mixed <= len(examples) // 50, "a few examples are themselves the same thing told twice"
    assert found > len(examples) * 0.5


def _spoilt(document: Any, random: Random) -> Any:
    """The document with something missing, or something else in its place."""
    if isinstance(document, dict):
        chosen = {name: value for name, value in document.items() if random.random() > 0.05}
        return {
            name: random.choice(_ODD) if name != "resourceType" and random.random() < 0.06 else _spoilt(value, random)
            for name, value in chosen.items()
        }
    return [_spoilt(each, random) for each in document] if isinstance(document, list) else document


def test_nothing_that_is_odd_or_missing_is_an_error(examples: list[dict[str, Any]]) -> None:
    random = Random(11)
    for document in examples[::2]:
        told = [_spoilt(each, random) | {"resourceType": document["resourceType"]} for each in copies(document, 1)]
        facts = [state(each) for each in told]
        groups = group(facts)
        assert sum(len(each) for each in groups) == 3
        conflicts({str(number): each for number, each in enumerate(told)})


@pytest.mark.parametrize(
    "told",
    [
        lambda n: ("ab"[n % 2], pulse("2015-02-07", 72)),
        lambda n: ("ab"[n % 2], pulse("2015-02-07T13:28:17Z", n)),
        lambda n: (f"s{n}", pulse("2015-02-07T13:28:17Z", 72, method={"text": f"m{n}"})),
        lambda n: (f"s{n}", pulse("2015-02-07", n, identifier=[{"system": "urn:x", "value": "1"}])),
        lambda n: (f"s{n}", patient("Peter", telecom=[{"value": f"555-000{n:04}"}])),
    ],
)
def test_comparisons_grow_with_the_record_and_no_faster(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands under one key: each is compared with a few neighbours, whatever they hold."""
    from fhirstore.unified import grouping
    from fhirstore.unified.kinds import kind_of

    counted = 0

    def counting(type_: str) -> Any:
        kind = kind_of(type_)

        def compare(one: Fact, other: Fact) -> Any:
            nonlocal counted
            counted += 1
            return kind.compare(one, other)

        return type(kind)(kind.read, compare, kind.keys, kind.repeats)

    monkeypatch.setattr(grouping, "kind_of", counting)
    told_by = [told(number) for number in range(300)]
    facts = [fact(source, document, str(number)) for number, (source, document) in enumerate(told_by)]
    groups = grouping.group(facts)
    assert sum(len(each) for each in groups) == 300
    assert all(len(each) <= GROUP_LIMIT for each in groups)
    assert counted <= 300 * (WINDOW + GROUP_LIMIT) * 2


def test_a_fact_told_differently_shows_every_value_and_who_says_it() -> None:
    first = patient("Peter", birthDate="1960-05-14", telecom=[{"system": "phone", "value": "(555) 675-5745"}])
    other = patient("Peter", birthDate="1960-05-15", telecom=[{"system": "phone", "value": "555 675 5745"}])
    found = conflicts({"Patient/1": first, "Patient/2": other, "Patient/3": patient("Peter", birthDate="1960-05-14")})
    assert [each.element for each in found] == ["Patient.birthDate"]
    assert [(each.reference, each.type, each.value) for each in found[0].values] == [
        ("Patient/1", "date", "1960-05-14"),
        ("Patient/2", "date", "1960-05-15"),
        ("Patient/3", "date", "1960-05-14"),
    ]


def test_what_is_said_more_precisely_in_other_units_or_other_words_is_no_conflict() -> None:
    coarse = pulse("2015-02-07", 98.6, code={"text": "Body temperature"})
    coarse["valueQuantity"] = {"value": 37, "unit": "C"}
    fine = pulse("2015-02-07T13:28:17Z", code={"coding": [{"system": "http://loinc.org", "code": "8310-5"}]})
    fine["valueQuantity"] = {"value": 98.6, "unit": "degF", "system": "http://unitsofmeasure.org", "code": "[degF]"}
    told = {name: parse(dump(document)) for name, document in (("a", coarse), ("b", fine))}
    assert conflicts(told) == []


def test_two_dosages_are_a_conflict_inside_of_what_repeats_and_two_spellings_are_none() -> None:
    def order(name: str, text: str) -> dict[str, Any]:
        told = {"resourceType": "MedicationOrder", "status": "active", "medicationCodeableConcept": {"text": name}}
        return told | {"dosageInstruction": [{"text": text}]}

    first = order("Lisinopril 10 MG Oral Tablet", "1 tablet daily")
    found = conflicts({"a": first, "b": order("ZESTRIL 10MG TABS", "2 tablets daily")})
    assert [each.element for each in found] == ["MedicationOrder.dosageInstruction.text"]
    assert [each.value for each in found[0].values] == ["1 tablet daily", "2 tablets daily"]


def test_a_judgement_is_read_from_its_basic_and_a_contradiction_means_not_the_same() -> None:
    judged = pair("Patient/2", "Patient/1")
    assert judged == ("Patient/1", "Patient/2")
    assert judgement(basic("same", judged, "Patient/1")) == ("same", judged)
    both = [basic("same", judged, ""), basic("not-the-same", judged, "")]
    assert judgements(both) == Judgements(other=frozenset({judged}))
    for odd in ({}, {"code": {"text": "same"}}, basic("perhaps", judged, ""), basic("same", ("a/1", "a/1"), "")):
        assert judgement(odd) is None
