"""Numbers and quantities: text, resources, which are found."""

from __future__ import annotations

from typing import Any

import pytest

from fhirstore.dstu2.json_format import parse
from fhirstore.errors import BadRequest
from tests.search.finding import found

UCUM = "http://unitsofmeasure.org"


def _measured(id_: str, quantity: str) -> dict[str, Any]:
    return parse(f'{{"resourceType":"Observation","id":"{id_}","valueQuantity":{quantity}}}'.encode())


OBSERVATIONS = [
    _measured("a99.4", '{"value":99.4}'),
    _measured("b99.5", '{"value":99.5}'),
    _measured("c100", '{"value":100}'),
    _measured("d100.0", '{"value":100.0}'),
    _measured("e100.2", '{"value":100.2}'),
    _measured("f1e2", '{"value":1e2}'),
    _measured("g110.0", '{"value":110.0}'),
    _measured("h-5.50", '{"value":-5.50}'),
    _measured("i>200", '{"value":200,"comparator":">"}'),
]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("100", ["c100", "d100.0", "e100.2"]),
        ("100.0", ["d100.0"]),
        ("1e2", ["c100", "d100.0", "e100.2", "f1e2", "g110.0", "a99.4", "b99.5"]),
        ("1.00e2", ["c100", "d100.0", "e100.2"]),
        ("ne100.0", ["a99.4", "b99.5", "c100", "e100.2", "f1e2", "g110.0", "h-5.50", "i>200"]),
        ("gt100", ["e100.2", "g110.0", "i>200"]),
        ("ge100", ["c100", "d100.0", "e100.2", "f1e2", "g110.0", "i>200"]),
        ("lt100", ["a99.4", "b99.5", "h-5.50"]),
        ("le100", ["a99.4", "b99.5", "c100", "d100.0", "f1e2", "h-5.50"]),
        ("sa100", ["e100.2", "g110.0", "i>200"]),
        ("eb100", ["a99.4", "b99.5", "h-5.50"]),
        ("ap100", ["a99.4", "b99.5", "c100", "d100.0", "e100.2", "f1e2", "g110.0"]),
        ("-5.5", ["h-5.50"]),
        ("lt0", ["h-5.50"]),
        ("gt1000", ["i>200"]),
    ],
)
def test_decimals_are_compared_with_the_precision_in_which_they_are_written(query: str, ids: list[str]) -> None:
    assert found(f"Observation?value-quantity={query}", OBSERVATIONS) == sorted(ids)


UNITS = [
    _measured("cel", f'{{"value":37.0,"system":"{UCUM}","code":"Cel","unit":"°C"}}'),
    _measured("fahrenheit", f'{{"value":98.6,"system":"{UCUM}","code":"[degF]"}}'),
    _measured("g", f'{{"value":0.0054,"system":"{UCUM}","code":"g"}}'),
    _measured("mg", f'{{"value":5.4,"system":"{UCUM}","code":"mg","unit":"milligram"}}'),
    _measured("text", '{"value":5.4,"unit":"mg"}'),
    _measured("own", '{"value":5.4,"system":"http://example.org","code":"mg"}'),
    _measured("density", f'{{"value":54,"system":"{UCUM}","code":"g/L"}}'),
    _measured("unknown", f'{{"value":5.4,"system":"{UCUM}","code":"nonsense"}}'),
]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (f"5.4|{UCUM}|mg", ["g", "mg"]),
        (f"0.0054|{UCUM}|g", ["g", "mg"]),
        (f"gt5|{UCUM}|mg", ["g", "mg"]),
        (f"lt1|{UCUM}|kg", ["g", "mg"]),
        ("5.4||mg", ["mg", "own", "text"]),
        ("5.4||milligram", ["mg"]),
        ("5.4|http://example.org|mg", ["own"]),
        ("5.4|http://example.org|", ["own"]),
        (f"5.4|{UCUM}|nonsense", ["unknown"]),
        ("5.4", ["mg", "own", "text", "unknown"]),
        (f"98.6|{UCUM}|[degF]", ["fahrenheit"]),
        (f"99|{UCUM}|[degF]", ["cel", "fahrenheit"]),
        (f"310|{UCUM}|K", ["cel", "fahrenheit"]),
        (f"gt5|{UCUM}|g/dL", ["density"]),
        (f"5|{UCUM}|m", []),
    ],
)
def test_quantities_are_compared_across_units_that_ucum_knows_and_by_code_elsewhere(query: str, ids: list[str]) -> None:
    assert found(f"Observation?value-quantity={query}", UNITS) == ids


def test_sampled_data_are_found_by_the_bounds_of_their_values() -> None:
    document = parse(
        b'{"resourceType":"Observation","id":"x","valueSampledData":{"origin":{"value":2.0,"system":"http://unitsofmeasure.org",'
        b'"code":"mV"},"period":10,"factor":0.5,"dimensions":1,"data":"-2 0 E 6 U L"}}'
    )
    assert found("Observation?value-quantity=gt4", [document]) == ["x"]
    assert found("Observation?value-quantity=gt5", [document]) == []
    assert found("Observation?value-quantity=lt0.0011|http://unitsofmeasure.org|V", [document]) == ["x"]
    assert found("Observation?value-quantity=lt1", [document]) == []


def test_integers_are_themselves_and_nothing_around_them() -> None:
    documents = [
        {"resourceType": "Immunization", "id": f"n{number}", "vaccinationProtocol": [{"doseSequence": number}]}
        for number in (1, 2, 3, 15)
    ]
    assert found("Immunization?dose-sequence=2", documents) == ["n2"]
    assert found("Immunization?dose-sequence=2.0", documents) == ["n2"]
    assert found("Immunization?dose-sequence=2.1", documents) == []
    assert found("Immunization?dose-sequence=gt2", documents) == ["n15", "n3"]
    assert found("Immunization?dose-sequence=1e1", documents) == []
    assert found("Immunization?dose-sequence=ne2", documents) == ["n1", "n15", "n3"]


def test_the_length_of_an_encounter_is_a_number_of_days() -> None:
    def encounter(id_: str, length: dict[str, Any]) -> dict[str, Any]:
        return {"resourceType": "Encounter", "id": id_, "length": length}

    documents = [
        encounter("hours", {"value": 48, "unit": "h", "system": UCUM, "code": "h"}),
        encounter("minutes", {"value": 5760, "system": UCUM, "code": "min"}),
        encounter("days", {"value": 4, "system": UCUM, "code": "d"}),
        encounter("plain", {"value": 2}),
    ]
    assert found("Encounter?length=2", documents) == ["hours", "plain"]
    assert found("Encounter?length=gt3", documents) == ["days", "minutes"]
    assert found("Encounter?length=4", documents) == ["days", "minutes"]
    assert found("Encounter?length=le2", documents) == ["hours", "plain"]


@pytest.mark.parametrize(
    "text",
    ["abc", "1_000", "NaN", "Infinity", "1e99999999", "٣", "5.4|x", "5|a|b|c", "gt", "", "1,,2", "--5", "gtgt5", "0x1"],
)
def test_what_is_no_number_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadRequest, match="'value-quantity'"):
        found(f"Observation?value-quantity={text}", OBSERVATIONS)
