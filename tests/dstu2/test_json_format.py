"""FHIR JSON is read strictly: what two readers of JSON could take for different things is refused."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import Any

import pytest

from fhirstore.dstu2 import json_format
from fhirstore.dstu2.json_format import content, dump, parse
from fhirstore.errors import BadRequest
from tests.dstu2.examples import MISSING, example_names, read_example

REFUSED = {
    "broken": b'{"a":',
    "two values": b"{} {}",
    "no object": b"[]",
    "not UTF-8": b'{"a":"\xff"}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "half a surrogate pair": b'{"a":"\\ud800"}',
    "a repeated name": b'{"a":1,"a":1}',
    "a repeated name inside": b'{"b":[{"a":{"c":1,"d":2,"c":3}}]}',
    "a repeated name made up for by an escaped quote": b'{"a":1,"a":"\\u0022:"}',
    "a repeated name made up for by white space": b'{"a" :1,"b":1,"b":2}',
    "a repeated name whose first value holds a quote": b'{"a":"\\":\\":","a":1}',
    "a name repeated in another spelling": b'{"a":1,"\\u0061":1}',
    "too many digits": b'{"a":1.' + b"0" * 2000 + b"}",
    "too large an exponent": b'{"a":1E999999999}',
    "far too large an exponent": b'{"a":1e-99999999999999999999}',
    "an endless integer": b'{"a":' + b"1" * 10_000 + b"}",
    "65 levels": b'{"a":' * 64 + b"[]" + b"}" * 64,
    "100,000 arrays": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "100,000 closed levels": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}


@pytest.mark.parametrize("fault", REFUSED)
def test_it_is_refused_with_one_fatal_issue(fault: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        parse(REFUSED[fault])
    assert [issue.severity for issue in refusal.value.issues] == ["fatal"]


@pytest.mark.parametrize(
    ("body", "document"),
    [
        (b'\xef\xbb\xbf {"a" : 1 }', {"a": 1}),
        (b'{"a":1.00,"b":-0.0,"c":1E2}', {"a": Decimal("1.00"), "b": Decimal("-0.0"), "c": Decimal("1E2")}),
        (b'{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b'{"a\\"":"\\":","b\\\\":"\\u0022:"}', {'a"': '":', "b\\": '":'}),
        (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a":' * 63 + b"[]" + b"}" * 63, None),
    ],
)
def test_it_is_read_with_all_its_digits(body: bytes, document: dict[str, Any] | None) -> None:
    read = parse(body)
    if document is not None:
        assert read == document
        assert str(read) == str(document), "the digits too"


def test_the_swift_reader_and_the_strict_one_never_differ() -> None:
    """Random texts, full of what makes a difference: repeated names, quotes and escapes, blanks, odd numbers."""
    chance = random.Random(11)
    agreed = 0
    for _ in range(20_000):
        text = _random_json(chance, 3).encode("utf-8", "surrogatepass")
        swift = json_format._read_swiftly(text)
        if swift is None:
            continue
        try:
            strict = json_format._read_strictly(text)
        except BadRequest as refusal:
            raise AssertionError(text) from refusal
        else:
            assert str(swift.document) == str(strict), text
            agreed += 1
    assert agreed > 3000


def test_what_was_read_once_is_reread_as_the_same() -> None:
    chance = random.Random(12)
    agreed = 0
    for _ in range(5_000):
        members = (f'"{name}":{_random_json(chance, 3)}' for name in ("a", "b"))
        try:
            text = json_format.read(f"{{{','.join(members)}}}".encode("utf-8", "surrogatepass"))
        except BadRequest:
            continue
        assert str(json_format.reread(text.minified)) == str(text.document), text
        agreed += 1
    assert agreed > 3000


def _random_json(chance: random.Random, depth: int) -> str:
    kind = chance.randrange(7) if depth else chance.randrange(4, 7)
    blank = chance.choice(["", "", "", " ", "\n"])
    if kind < 3:
        members = [
            f'"{_random_text(chance)}"{blank}:{_random_json(chance, depth - 1)}' for _ in range(chance.randrange(5))
        ]
        return "{" + f"{blank},".join(members) + "}"
    if kind == 3:
        return "[" + ",".join(_random_json(chance, depth - 1) for _ in range(chance.randrange(4))) + blank + "]"
    if kind == 4:
        return chance.choice(["1", "-0", "1.00", "1e5", "0.10E+2", "true", "null", "12345678901234567890123"])
    return f'"{_random_text(chance)}"'


def _random_text(chance: random.Random) -> str:
    pieces = ["a", "b", '\\"', '\\":', "\\\\", "\\u0022", "\\u0061", ":", " ", "é", "\\/", "\\n", "{", "["]
    return "".join(chance.choice(pieces) for _ in range(chance.randrange(3)))


@pytest.mark.skipif(not example_names(), reason=MISSING)
def test_what_is_stored_of_an_example_is_its_own_text() -> None:
    for name in example_names():
        body = read_example(name)
        document = parse(body)
        stamped = content(body, document).stamp("new", 3, "2015-02-07T13:28:17.239Z")
        stored = json.loads(stamped, parse_float=str)
        sent = json.loads(body.decode("utf-8-sig"), parse_float=str)
        assert (stored.pop("id"), stored["meta"].pop("versionId")) == ("new", "3")
        assert stored["meta"].pop("lastUpdated") == "2015-02-07T13:28:17.239Z"
        for decided in ("versionId", "lastUpdated"):
            sent.get("meta", {}).pop(decided, None)
        sent.pop("id", None)
        sent.pop("_id", None)
        assert {"meta": {}, **sent} == stored, name
        assert parse(dump(document)) == document, name
