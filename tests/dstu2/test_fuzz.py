"""Twenty thousand inputs that nobody would write: the gate answers each with issues and never with an
exception.
"""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from fhirstore.dstu2 import catalog, validate
from fhirstore.dstu2.json_format import dump
from fhirstore.dstu2.validate import check
from tests.dstu2.examples import MISSING, example_names, small_documents

SEED = 20151024

ATOMS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 10**40, Decimal("1.50"), Decimal("1E-300"), "", " ", "a", "#a", "#", "\x00",
    "2015-02-30", "2015", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00-14:00", "Patient/1", "urn:uuid:1", "*",
    "http://example.org", "Observation", "é" * 50, "x" * 3000, "12345678901234567890", "<div>", [], {}, [[]], [{}],
)  # fmt: skip


def random_names() -> list[str]:
    elements = {name for kind in catalog.type_names() for e in catalog.elements(kind) for name in e.json_names}
    return [*sorted(elements), "resourceType", "fhir_comments", "_id", "_value", "valueX", "", "\n", "a" * 500]


def random_value(chance: random.Random, names: list[str], depth: int) -> Any:
    """JSON of any shape, most of its properties named as some element is."""
    pick = chance.random()
    if depth <= 0 or pick < 0.4:
        return chance.choice(ATOMS)
    if pick < 0.6:
        return [random_value(chance, names, depth - 1) for _ in range(chance.randrange(4))]
    drawn = (chance.choice(names) for _ in range(chance.randrange(6)))
    return {name: random_value(chance, names, depth - 1) for name in drawn}


def random_resource(chance: random.Random, names: list[str]) -> dict[str, Any]:
    """An object of a real type with random content under its real names, and a few others."""
    kind = chance.choice(catalog.resource_types())
    own = [name for element in catalog.elements(kind) for name in element.json_names]
    drawn = chance.choices(own, k=6) + chance.choices([f"_{name}" for name in own], k=1) + chance.choices(names, k=1)
    return {"resourceType": kind} | {name: random_value(chance, names, 4) for name in drawn}


def scramble(chance: random.Random, names: list[str], value: Any) -> Any:
    """The same document, with about one node in thirty replaced, dropped, doubled or renamed."""
    if chance.random() < 0.03:
        return random_value(chance, names, 2)
    if isinstance(value, list):
        return [scramble(chance, names, item) for item in value for _ in range(2 if chance.random() < 0.03 else 1)]
    if isinstance(value, dict):
        return {
            chance.choice(names) if chance.random() < 0.02 else name: scramble(chance, names, item)
            for name, item in value.items()
            if chance.random() > 0.03
        }
    return value


def damage(chance: random.Random, body: bytes) -> bytes:
    """A text with a few bytes changed, cut out or put in."""
    text = bytearray(body)
    for _ in range(chance.randrange(1, 5)):
        place = chance.randrange(len(text) + 1)
        text[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
    return bytes(text)


def assert_sound(issues: list[Any]) -> None:
    assert all(issue.severity in {"fatal", "error", "warning"} for issue in issues)
    assert all(issue.message and len(issue.message) < 1000 for issue in issues)
    assert all(issue.path is None or len(issue.path) < 5000 for issue in issues)


def test_5000_random_bytes_are_answered() -> None:
    chance = random.Random(SEED)
    alphabet = b'{}[]":,.0123456789eE+-truefalsn \\u\xff\x00'
    for turn in range(5000):
        size = chance.randrange(200)
        body = chance.randbytes(size) if turn % 2 else bytes(chance.choices(alphabet, k=size))
        (issue,) = validate(body)
        assert issue.severity in {"fatal", "error"}


def test_8000_random_documents_are_answered() -> None:
    chance, names = random.Random(SEED), random_names()
    for turn in range(8000):
        document = random_resource(chance, names) if turn % 4 else random_value(chance, names, 6)
        if isinstance(document, dict):
            assert_sound(check(document))
        assert_sound(validate(json.dumps(document, default=float).encode()))


@pytest.mark.skipif(not example_names(), reason=MISSING)
def test_7000_scrambled_and_damaged_examples_are_answered() -> None:
    chance, names = random.Random(SEED), random_names()
    documents = small_documents(6000)
    refused = 0
    for turn in range(7000):
        document = chance.choice(documents)
        if turn % 2:
            issues = validate(damage(chance, dump(document)))
        else:
            issues = check(scramble(chance, names, document) or {})
        assert_sound(issues)
        refused += any(issue.refuses for issue in issues)
    assert refused > 3500


def nested(depth: int) -> dict[str, Any]:
    extension: dict[str, Any] = {"url": "a", "valueString": "x"}
    for _ in range(depth):
        extension = {"url": "a", "extension": [extension]}
    return {"resourceType": "Patient", "extension": [extension]}


HOSTILE: dict[str, dict[str, Any]] = {
    "a hundred thousand unknown elements": {"resourceType": "Patient", **{f"x{n}": n for n in range(100_000)}},
    "a hundred thousand nulls": {"resourceType": "Patient", "name": [None] * 100_000},
    "a hundred thousand contained": {"resourceType": "Patient", "contained": [{"resourceType": "Basic"}] * 100_000},
    "a hundred thousand lost fragments": {
        "resourceType": "Patient",
        "careProvider": [{"reference": f"#{n}"} for n in range(100_000)],
    },
    "a hundred thousand entries of one URL": {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}}] * 100_000,
    },
    "misaligned companions": {
        "resourceType": "Patient",
        "name": [{"given": [None] * 50_000, "_given": [{"id": "a"}] * 99_999}],
    },
    "concepts of one code": {
        "resourceType": "ValueSet",
        "status": "draft",
        "codeSystem": {"system": "http://example.org", "concept": [{"code": "a"}] * 100_000},
    },
    "a maximum of a million digits": {
        "resourceType": "DataElement",
        "status": "draft",
        "element": [{"path": "x", "min": 1, "max": "9" * 1_000_000}],
    },
    "a long reference": {"resourceType": "Patient", "managingOrganization": {"reference": "a/" * 500_000}},
    "deep extensions": nested(29),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_large_on_purpose_is_answered_before_the_time_limit(name: str) -> None:
    issues = check(HOSTILE[name])
    assert len(issues) <= 1000
    assert_sound(issues)
