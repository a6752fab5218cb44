"""FHIR XML as a document or as FHIR JSON, every fault named with its FHIR path.

http://hl7.org/fhir/DSTU2/xml.html. One pass over the parser's events builds the document; the tables alone
say what may stand where. What a value must look like is the gate's to judge: what is no number stays text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xml.parsers import expat

import msgspec

from fhirstore.dstu2 import xhtml
from fhirstore.dstu2.json_format import DIGITS_LIMIT
from fhirstore.dstu2.xml_parser import (
    MAX_DEPTH,
    NotAllowedError,
    explain,
    new_parser,
    to_utf8,
)
from fhirstore.dstu2.xml_slots import FHIR, Slot, attributes, by_element, resources
from fhirstore.errors import BadRequest, Issue

_MAX_ISSUES = 100
_SCHEMA_LOCATION = "http://www.w3.org/2001/XMLSchema-instance schemaLocation"
_WHITESPACE = " \t\r\n"
_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_NUMERIC = frozenset({"decimal", "integer", "positiveInt", "unsignedInt"})
_encode = msgspec.json.Encoder().encode

_EMPTY = {
    "primitive": "must have a value, an id or an extension",
    "complex": "must not be empty",
    "container": "must hold a resource",
}

ToNumber = Callable[[str], Any]


def parse(body: bytes) -> dict[str, Any]:
    """Read one resource in XML as the document that json_format.parse would give for its JSON.

    Raises BadRequest: one fatal issue for what is not well-formed XML, has a document type, is nested deeper
    than 64 levels of JSON or has no known resource as its root; else an error (code "structure") for each
    element, attribute or text that has no place, comes twice or out of order, or is empty (at most 100).
    """
    return _read(body, _number)


def to_json(body: bytes) -> bytes:
    """The same as minified JSON, every number with the digits it was written with. Raises as `parse`."""
    return _encode(_read(body, _raw_number))


def _number(text: str) -> int | Decimal:
    return int(text) if _INTEGER.fullmatch(text) else Decimal(text)


def _raw_number(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _read(body: bytes, to_number: ToNumber) -> dict[str, Any]:
    reader = _Reader(to_utf8(body), to_number)
    try:
        reader.parser.Parse(reader.body, True)
    except expat.ExpatError as error:
        reader.issues.append(Issue("fatal", "structure", explain(error)))
    except NotAllowedError as refusal:
        reader.issues.append(Issue("fatal", "structure", str(refusal)))
    if reader.issues:
        raise BadRequest("The XML is not a resource.", reader.issues)
    document: dict[str, Any] = reader.root[""]
    return document


class _Frame:
    """An open element: its slot, its index among its like, and the JSON object that it fills.

    The object of a primitive is its companion (id, extension, comments). A container has none of its own: its
    `document` is the parent's, where the resource will be placed.
    """

    __slots__ = (
        "companions", "depth", "document", "elements", "filled", "has_text", "index", "order",
        "slot"
    )  # fmt: skip

    def __init__(self, slot: Slot, document: dict[str, Any], index: int, depth: int, *, filled: bool) -> None:
        self.slot = slot
        self.document = document
        self.index = index
        self.depth = depth
        self.filled = filled
        self.elements = resources() if slot.kind == "container" else by_element(slot.shape)
        self.order = 0
        self.companions: list[str] = []
        self.has_text = False


class _Reader:
    """Turns events into a document; handlers are swapped where a subtree is skipped or kept verbatim."""

    __slots__ = (
        "body", "comments", "div_start", "frames", "issues", "leaf", "leaf_index", "nested",
        "parser", "root", "to_number"
    )  # fmt: skip

    def __init__(self, body: bytes, to_number: ToNumber) -> None:
        self.body = body
        self.to_number = to_number
        self.issues: list[Issue] = []
        self.comments: list[str] = []
        self.root: dict[str, Any] = {"": None}
        whole = Slot("", "container", "Resource", "", many=False, order=0)
        self.frames = [_Frame(whole, self.root, 0, 1, filled=False)]
        # An open primitive with just a value, as most are, gets no frame until something is inside.
        self.leaf: Slot | None = None
        self.leaf_index = 0
        self.nested = 0
        self.div_start = -1
        self.parser = new_parser()
        self.listen()

    def listen(self) -> None:
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.text
        self.parser.CommentHandler = self.comments.append

    def pass_over(self) -> None:
        """Count tags only, until the element that has just begun ends."""
        self.nested = 1
        self.parser.StartElementHandler = self.start_inside
        self.parser.EndElementHandler = self.end_inside
        self.parser.CharacterDataHandler = None
        self.parser.CommentHandler = None

    def start_inside(self, *_: object) -> None:
        self.nested += 1
        if self.nested > MAX_DEPTH:
            raise NotAllowedError(f"nested deeper than {MAX_DEPTH} elements")

    def end_inside(self, _: str) -> None:
        self.nested -= 1
        if not self.nested:
            if self.div_start >= 0:
                self.frames[-1].document["div"] = self.cut_narrative()
                self.div_start = -1
            self.listen()

    def start(self, name: str, given: dict[str, str]) -> None:
        if self.leaf is not None:
            self.open_leaf(self.leaf)
        parent = self.frames[-1]
        slot = parent.elements.get(name)
        if slot is None:
            self.refuse_element(parent, name)
            return
        if slot.order < parent.order:
            self.report("out of order", slot.name)
        parent.order = slot.order
        parent.filled = True
        if slot.kind == "resource":
            self.start_resource(parent, slot, given)
        else:
            self.start_member(parent, slot, given)

    def start_resource(self, container: _Frame, slot: Slot, given: dict[str, str]) -> None:
        holder, place = container.document, container.slot
        places: Any
        places, key = (holder[place.name], container.index) if place.many else (holder, place.name)
        if places[key] is not None:
            self.refuse("a second resource in one place", slot.name)
            return
        document: dict[str, Any] = {"resourceType": slot.name}
        places[key] = document
        self.enter(_Frame(slot, document, 0, container.depth, filled=True), given)

    def start_member(self, parent: _Frame, slot: Slot, given: dict[str, str]) -> None:
        document: dict[str, Any] = {}
        value: Any = None
        if slot.kind == "primitive":
            text = given.pop("value", None)
            value = None if text is None else self.convert(slot.type, text)
        elif slot.kind == "complex":
            value = document
        index = self.claim(parent.document, slot, value)
        if index < 0:
            self.refuse("may be given only once", slot.name)
        elif slot.kind == "xhtml":
            self.start_narrative(given)
        elif value is not None and slot.kind == "primitive" and not (given or self.comments):
            self.leaf, self.leaf_index = slot, index
        else:
            filled = slot.kind == "primitive" and value is not None
            place = parent.document if slot.kind == "container" else document
            self.enter(_Frame(slot, place, index, parent.depth + 1 + slot.many, filled=filled), given)

    def open_leaf(self, slot: Slot) -> None:
        self.leaf = None
        depth = self.frames[-1].depth + 1 + slot.many
        self.frames.append(_Frame(slot, {}, self.leaf_index, depth, filled=True))

    def claim(self, document: dict[str, Any], slot: Slot, value: Any) -> int:
        """Put a value (None: to come) in the slot's place and answer its index, -1 where that is taken."""
        if slot.many:
            values = document.setdefault(slot.name, [])
            values.append(value)
            return len(values) - 1
        if slot.name in document or f"_{slot.name}" in document:
            return -1
        document[slot.name] = value
        return 0

    def convert(self, code: str, text: str) -> Any:
        # White space around booleans and numbers has no meaning in XML, and published examples have it.
        if code == "boolean":
            return _BOOLEANS.get(text.strip(_WHITESPACE), text)
        if code in _NUMERIC and _is_number(number := text.strip(_WHITESPACE)):
            return self.to_number(number)
        return text

    def enter(self, frame: _Frame, given: dict[str, str]) -> None:
        if frame.depth > MAX_DEPTH:
            raise NotAllowedError(f"nested deeper than {MAX_DEPTH} levels")
        self.frames.append(frame)
        kind = frame.slot.kind
        if self.comments and kind != "container":
            frame.document["fhir_comments"] = self.comments[:]
            self.comments.clear()
        if given:
            allowed = () if kind == "container" else attributes(frame.slot.shape)
            for name, value in given.items():
                if name in allowed:
                    frame.document[name] = value
                    frame.filled = True
                elif name != _SCHEMA_LOCATION:
                    self.report(f"the attribute {name.rpartition(' ')[2][:64]} has no place here")

    def end(self, _: str) -> None:
        if self.leaf is not None:
            self.leaf = None
            return
        frame = self.frames[-1]
        if not frame.filled:
            self.report(_EMPTY[frame.slot.kind])
        if frame.companions:
            _align(frame.document, frame.companions)
        self.frames.pop()
        if frame.slot.kind == "primitive":
            self.end_primitive(self.frames[-1], frame)

    def end_primitive(self, parent: _Frame, frame: _Frame) -> None:
        name, document = frame.slot.name, parent.document
        if not frame.slot.many:
            if document[name] is None:
                del document[name]
            if frame.document:
                document[f"_{name}"] = frame.document
        elif frame.document:
            companions = document.setdefault(f"_{name}", [])
            companions.extend([None] * (frame.index - len(companions)))
            companions.append(frame.document)
            if name not in parent.companions:
                parent.companions.append(name)

    def start_narrative(self, given: dict[str, str]) -> None:
        # What stands inside is text in JSON and judged as narrative; a value here is the mistake of a writer.
        if "value" in given and len(given) == 1:
            self.report("narrative is content, not a value", "div")
        self.div_start = self.parser.CurrentByteIndex
        self.pass_over()

    def cut_narrative(self) -> str:
        stop = self.body.index(b">", self.parser.CurrentByteIndex) + 1
        return xhtml.from_xml(self.body[self.div_start : stop].decode())

    def text(self, data: str) -> None:
        if data.isspace():
            return
        if self.leaf is not None:
            self.open_leaf(self.leaf)
        frame = self.frames[-1]
        if not frame.has_text:
            frame.has_text = True
            self.report("text has no place here: a value is an attribute")

    def refuse_element(self, parent: _Frame, name: str) -> None:
        local = name.rpartition(" ")[2]
        if len(self.frames) == 1:
            raise NotAllowedError(f"the root must be a resource of DSTU2 in the namespace {FHIR}, not {local[:64]}")
        parent.filled = True
        if parent.slot.kind == "container":
            self.refuse("must be a resource of DSTU2", local[:64])
        elif any(key.endswith(f" {local}") for key in parent.elements):
            self.refuse("in the wrong namespace", local[:64])
        else:
            self.refuse("unknown element", local[:64])

    def refuse(self, message: str, name: str) -> None:
        self.report(message, name)
        self.comments.clear()
        self.pass_over()

    def report(self, message: str, name: str = "") -> None:
        if len(self.issues) >= _MAX_ISSUES:
            raise NotAllowedError("further faults are not listed")
        self.issues.append(Issue("error", "structure", message, self.path(name)))

    def path(self, name: str) -> str:
        names: list[str] = []
        for frame in self.frames[1:]:
            slot = frame.slot
            if slot.kind != "resource" or not names:
                names.append(f"{slot.name}[{frame.index}]" if slot.many else slot.name)
        return ".".join([*names, name] if name else names)


def _is_number(text: str) -> bool:
    """Whether json_format, too, reads the text as a number: its bounds on digits and exponent are the same."""
    if len(text) > DIGITS_LIMIT or not (match := _NUMBER.fullmatch(text)):
        return False
    return match.group(1) is None or abs(Decimal(text).adjusted()) <= DIGITS_LIMIT


def _align(document: dict[str, Any], names: list[str]) -> None:
    """Give companion arrays the length of their values, and drop values that are all absent."""
    for name in names:
        values, companions = document[name], document[f"_{name}"]
        companions.extend([None] * (len(values) - len(companions)))
        if all(value is None for value in values):
            del document[name]
