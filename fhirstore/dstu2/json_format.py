"""FHIR JSON as text: read strictly, kept to the digit, spliced but never re-dumped.

http://hl7.org/fhir/DSTU2/json.html. A resource is stored as the client's own text, minified, with `id` and `meta`
put in: 1.00 stays 1.00, and reading a resource is handing out bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import takewhile
from typing import Any, NamedTuple, NoReturn

import msgspec

from fhirstore.errors import BadRequest, Issue

DEPTH_LIMIT = 64
DIGITS_LIMIT = 1000

_TOO_DEEP = f"The body is nested deeper than {DEPTH_LIMIT} levels."
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_SPLICED = frozenset({"resourceType", "id", "_id", "meta"})
_DECIDED = frozenset({"versionId", "_versionId", "lastUpdated", "_lastUpdated"})

_encode = msgspec.json.Encoder(decimal_format="number").encode
_split = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Text(NamedTuple):
    """One JSON object, read, and its text without blanks."""

    document: dict[str, Any]
    minified: bytes


def parse(body: bytes) -> dict[str, Any]:
    """Read one JSON object; numbers with a fraction or exponent become `Decimal`, with all their digits.

    Raises BadRequest with one fatal issue for anything but a single well-formed object: broken JSON, invalid UTF-8,
    NaN or Infinity, a repeated property, nesting deeper than 64.
    """
    return read(body).document


def read(body: bytes) -> Text:
    """What `parse` reads, with its text."""
    try:
        text = _read_swiftly(body) or Text(_read_strictly(body), _minified(body))
    except RecursionError:  # both readers guard their own stack, which is deeper than what we take
        _refuse(_TOO_DEEP)
    _refuse_depth(body, text.document)
    return text


def reread(body: bytes) -> dict[str, Any]:
    """What `parse` reads of a resource that is stored: it was found well formed when it came."""
    try:
        document: dict[str, Any] = _decode_swiftly(body)
    except (ValueError, ArithmeticError, BadRequest):
        return parse(body)
    return document


def reread_each(body: bytes) -> list[dict[str, Any]]:
    """The same of a list of such resources, or of objects that hold some."""
    documents: list[dict[str, Any]] = _decode_swiftly(body)
    return documents


def parse_minified(text: bytes, depth: int) -> dict[str, Any] | None:
    """What `parse` reads of a text without blanks, nested up to so many levels; None where there is any doubt."""
    try:
        found = _read_swiftly(text)
        if found is not None:
            _refuse_depth(text, found.document, depth)
    except (RecursionError, BadRequest):
        return None
    return found and found.document


def _read_swiftly(body: bytes) -> Text | None:
    """What msgspec reads of a body without faults; None where there is any doubt.

    It takes a third of the time, but keeps the last of equal names without a word. So what was read is written again.
    Where that gives the same text, no name was lost; otherwise the names are counted in both. `":` ends a name, or
    stands in a string as `\\":`, there and here alike (but for \\u0022, hence the look for it).
    """
    try:
        document = _decode_swiftly(body)
        if type(document) is not dict:
            return None
        again = _encode(document)
        if again == body:
            return Text(document, body)
        minified = msgspec.json.format(body, indent=-1)
    except (ValueError, ArithmeticError, BadRequest):
        return None
    alike = b"\\u0022" not in body and again.count(b'":') == minified.count(b'":')
    return Text(document, minified) if alike else None


def _read_strictly(body: bytes) -> dict[str, Any]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse(f"The body is not UTF-8 text (byte {error.start}).")
    try:
        document = _decode(text)
    except json.JSONDecodeError as error:
        _refuse(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except _RepeatedPropertyError as error:
        _refuse(f"The property {_name(error.name)} stands twice in one object.")
    except (ValueError, ArithmeticError):  # more digits or a larger exponent than Python is willing to convert
        _refuse("The body holds a number that is too long.")
    if not isinstance(document, dict):
        _refuse("The body must be one JSON object.")
    if "\\u" in text and _LONE_SURROGATE.search(json.dumps(document, default=str, ensure_ascii=False)):
        _refuse("The body holds half of a surrogate pair, which is no character.")
    return document


def dump(document: Mapping[str, Any]) -> bytes:
    """Write a document that the server itself made, minified; `Decimal` keeps its digits."""
    return _encode(document)


def pretty(body: bytes) -> bytes:
    """The same JSON, indented for people."""
    return msgspec.json.format(body, indent=2)


class Content(msgspec.Struct, frozen=True):
    """A resource's JSON without `id` and `meta`, ready to be stored under any id and version.

    `meta` holds what the client said there, less what the server decides (versionId, lastUpdated).
    """

    resource_type: str
    meta: Mapping[str, Any]
    rest: bytes

    def stamp(self, id: str, version: int, last_updated: str) -> bytes:
        """The final bytes of one version."""
        meta = {"versionId": str(version), "lastUpdated": last_updated, **self.meta}
        head = b'{"resourceType":"%b","id":"%b","meta":' % (self.resource_type.encode(), id.encode())
        return head + _encode(meta) + self.rest

    def same_as(self, other: Content) -> bool:
        """Whether storing this over the other would change nothing."""
        return self.rest == other.rest and self.meta == other.meta


def content(body: bytes, document: Mapping[str, Any]) -> Content:
    """Take a resource's text apart. `document` is `parse(body)`: the text is known to be well formed."""
    return Content(str(document["resourceType"]), own_meta(document), rest_of(document, _minified(body)))


def content_of(document: Mapping[str, Any]) -> Content:
    """The same of a document without a text of its own, such as one that the server made; numbers keep their digits."""
    return Content(str(document["resourceType"]), own_meta(document), rest_of(document))


def rest_of(document: Mapping[str, Any], minified: bytes = b"") -> bytes:
    """A resource's members but `id` and `meta`, as they stand behind these, each with a comma before it.

    Of a document without a text of its own, such as a resource in a Bundle, they are written anew: numbers keep
    their digits.
    """
    if not minified:
        rest = _encode({name: value for name, value in document.items() if name not in _SPLICED})
        return rest[1:] if rest == b"{}" else b"," + rest[1:]
    # Nearly everyone writes what is spliced first, so that the rest is only to be cut off.
    front = dict(takewhile(lambda member: member[0] in _SPLICED, document.items()))
    head = _encode(front)[:-1]
    if len(front) == len(_SPLICED.intersection(document)) and minified.startswith((head + b",", head + b"}")):
        return minified[len(head) :]
    members = [b",%b:%b" % (_encode(n), bytes(value)) for n, value in _split(minified).items() if n not in _SPLICED]
    return b"".join(members) + b"}"


def own_meta(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a client may say about its resource."""
    meta = document.get("meta")
    return {n: value for n, value in meta.items() if n not in _DECIDED} if isinstance(meta, dict) else {}


def _minified(body: bytes) -> bytes:
    return msgspec.json.format(body.removeprefix(b"\xef\xbb\xbf"), indent=-1)


class _RepeatedPropertyError(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        raise _RepeatedPropertyError(next(name for name, _ in pairs if name in seen or seen.add(name)))  # type: ignore[func-returns-value]
    return members


def _constant(name: str) -> NoReturn:
    _refuse(f"{name} is not a JSON number.")


def _decimal(text: str) -> Decimal:
    number = Decimal(text) if len(text) <= DIGITS_LIMIT else None
    # A short text can stand for a number that fills the memory once written out: 1E999999999.
    if number is None or not -DIGITS_LIMIT <= number.adjusted() <= DIGITS_LIMIT:
        _refuse("The body holds a number that is too long.")
    return number


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_decimal, parse_constant=_constant).decode
_decode_swiftly = msgspec.json.Decoder(float_hook=_decimal).decode


def _refuse_depth(body: bytes, document: Any, depth: int = DEPTH_LIMIT) -> None:
    """Bound the nesting for whoever walks the document; counting brackets settles most bodies."""
    if body.count(b"{") + body.count(b"[") <= depth:
        return
    level = [document]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return
    _refuse(_TOO_DEEP)


def _name(name: str) -> str:
    return json.dumps(name[:64])


def _refuse(reason: str) -> NoReturn:
    raise BadRequest(reason, [Issue("fatal", "structure", reason)])
