"""The formats of primitive types, with what is right and what is wrong side by side."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from fhirstore.dstu2 import catalog, validate
from fhirstore.dstu2.primitives import CHECKS, moments

VALID: dict[str, list[Any]] = {
    "base64Binary": ["aGVsbG8=", "aGVs bG8=\n", "AA==", "AAAA"],
    "boolean": [True, False],
    "code": ["final", "mm[Hg]", "a b", "é"],
    "date": [
        "1970",
        "1970-03",
        "1970-03-30",
        "2000-02-29",
        "2012-02-29",
        "0001-01-01",
        "9999-12-31",
        "-0044-03-15",
    ],
    "dateTime": [
        "1970",
        "1970-03",
        "1970-03-30",
        "2015-02-07T13:28:17Z",
        "2015-02-07T13:28:17.239+02:00",
        "2015-02-07T00:00:00-05:00",
        "2015-02-07T13:28:17+14:00",
        "2015-02-07T13:28:17.123456789Z",
    ],
    "decimal": [0, 1, -1, Decimal("1.00"), Decimal("-0.5"), Decimal("1E+3"), 10**30],
    "id": ["a", "A-1.b", "x" * 64],
    "instant": ["2015-02-07T13:28:17Z", "2015-02-07T13:28:17.239+02:00"],
    "integer": [0, -5, 2**31 - 1, -(2**31)],
    "markdown": ["# a\n\nb"],
    "oid": ["urn:oid:1.2.3", "urn:oid:2.16.840.1.113883", "urn:oid:0.0"],
    "positiveInt": [1, 2**31 - 1],
    "string": ["a", " a ", "a\tb\r\nc", "😀"],
    "time": ["00:00:00", "23:59:59", "13:28:17.239"],
    "unsignedInt": [0, 7],
    "uri": [
        "http://example.org/a?b=c#d",
        "urn:uuid:x",
        "a",
        "http://example.org/a b",
        "urn:oid:1.2",
        "#a",
        "é",
    ],
    "uuid": ["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
    "xhtml": ["<div/>"],
}

INVALID: dict[str, dict[str, list[Any]]] = {
    "base64Binary": {"value": ["aGVsbG8", "a===", "aGVs*G8=", "=AAA"], "required": [" "], "structure": [1]},
    "boolean": {"structure": ["true", 1, 0, None]},
    "code": {"value": [" final", "final ", "a  b", "a\tb", "\n", " "], "structure": [True]},
    "date": {
        "value": [
            "1970-3",
            "1970-13",
            "1970-00",
            "1970-02-30",
            "1970-01-00",
            "1900-02-29",
            "2015-02-29",
            "2015-04-31",
            "70",
            "1970-03-30T",
            "1970-03-30T12:00:00Z",
            "0000",
            "03/30/1970",
            "1970-03-30\n",
            "١٩٧٠",
        ],
        "structure": [1970],
    },
    "dateTime": {
        "value": [
            "2015-02-07T13:28:17",
            "2015-02-07T13:28",
            "2015-02-07T13:28Z",
            "2015-02-07T24:00:00Z",
            "2015-02-07T13:28:60Z",
            "2015-02-07 13:28:17Z",
            "2015-02-07T13:28:17+15:00",
            "2015-02-07T13:28:17+0200",
            "2015-02-30T13:28:17Z",
            "2015-02T13:28:17Z",
            "2015-02-07T13:28:17.Z",
            "2015-02-07t13:28:17z",
        ]
    },
    "decimal": {"structure": ["1.0", True, None, [1]]},
    "id": {"value": ["a b", "x" * 65, "a_b", "a\n"], "structure": [1]},
    "instant": {"value": ["2015-02-07", "2015-02-07T13:28:17", "2015", "2015-02-29T13:28:17Z"]},
    "integer": {"value": [2**31, -(2**31) - 1, Decimal("1.0"), Decimal("1E+2")], "structure": ["1", True]},
    "markdown": {"value": ["a\x00"]},
    "oid": {"value": ["1.2.3", "urn:oid:", "urn:oid:01.2", "urn:oid:1..2", "urn:oid:1.2."]},
    "positiveInt": {"value": [0, -1], "structure": ["1"]},
    "string": {
        "value": ["a\x0b", "\x1f", "\uffff"],
        "structure": [5, {}],
        "too-long": ["x" * (1024 * 1024 + 1)],
    },
    "time": {"value": ["24:00:00", "13:28", "13:28:17Z", "1:28:17", "13:28:60"]},
    "unsignedInt": {"value": [-1, 2**31]},
    "uri": {
        "value": [" http://example.org", "http://example.org\n", "oid:1.2.3", "uuid:a"],
        "structure": [1],
    },
    "uuid": {
        "value": [
            "c757873d-ec9a-4326-a141-556f43239520",
            "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
            "urn:uuid:1",
        ]
    },
    "xhtml": {"structure": [1]},
}


def test_every_primitive_type_has_a_check_and_both_tables_cover_it() -> None:
    assert CHECKS.keys() == catalog.primitive_types() == VALID.keys() == INVALID.keys()


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, row in VALID.items() for value in row])
def test_a_value_of_the_right_format_is_accepted(kind: str, value: Any) -> None:
    assert CHECKS[kind](value) is None


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [(kind, value, code) for kind, row in INVALID.items() for code, values in row.items() for value in values],
)
def test_a_value_of_the_wrong_format_is_refused(kind: str, value: Any, code: str) -> None:
    fault = CHECKS[kind](value)
    assert fault is not None
    assert fault[0] == code


@pytest.mark.parametrize(
    "kind", sorted(CHECKS.keys() - {"boolean", "decimal", "integer", "positiveInt", "unsignedInt"})
)
def test_an_empty_string_is_told_as_missing(kind: str) -> None:
    assert CHECKS[kind]("") == ("required", "must not be empty")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("base64Binary", "A" * 999_999 + "*"),
        ("base64Binary", "=" * 999_999),
        ("code", "a " * 500_000),
        ("code", " " * 1_000_000),
        ("oid", "urn:oid:" + "1." * 500_000),
        ("dateTime", "2015-02-07T13:28:17." + "1" * 999_999),
        ("uri", "a" * 999_999 + "\n"),
        ("time", "13:28:17." + "1" * 999_999 + "Z"),
    ],
    ids=lambda text: text[:24],
)
@pytest.mark.timeout(30)
def test_no_format_can_be_made_to_take_long(kind: str, text: str) -> None:
    assert CHECKS[kind](text) is not None


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2015", "2015-01-01T00:00:00+00:00", "2015-12-31T23:59:59.999999+00:00"),
        ("2016-02", "2016-02-01T00:00:00+00:00", "2016-02-29T23:59:59.999999+00:00"),
        ("2015-02-07", "2015-02-07T00:00:00+00:00", "2015-02-07T23:59:59.999999+00:00"),
        ("2015-02-07T13:00:00+02:00", "2015-02-07T11:00:00+00:00", "2015-02-07T11:00:00+00:00"),
    ],
)
def test_a_date_reaches_from_its_first_to_its_last_moment(text: str, first: str, last: str) -> None:
    found = moments(text)
    assert found is not None
    assert tuple(moment.isoformat() for moment in found) == (first, last)


@pytest.mark.parametrize("text", ["-0044-03-15", "", "soon", "0001-01-01T00:00:00+14:00"])
def test_what_lies_beyond_the_calendar_has_no_moments(text: str) -> None:
    assert moments(text) is None


def test_decimals_keep_their_digits_on_the_way_to_the_check() -> None:
    body = json.dumps({"resourceType": "Account", "balance": {"value": "@"}}).replace('"@"', "1.00000000000000000001")
    assert [issue for issue in validate(body.encode()) if issue.refuses] == []
