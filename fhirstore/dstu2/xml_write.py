"""FHIR JSON as FHIR XML: elements in the official order, values as attributes, narrative verbatim.

http://hl7.org/fhir/DSTU2/xml.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import msgspec

from fhirstore.dstu2 import catalog, xhtml
from fhirstore.dstu2.xml_slots import FHIR, Slot, attributes, by_property
from fhirstore.errors import BadRequest, Issue

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_SPECIAL = re.compile('[&<>"\x00-\x1f\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
# float_hook: the digits of a number are text in XML, and go there as they are.
_decode = msgspec.json.Decoder(float_hook=str).decode


def from_json(body: bytes, pretty: bool = False) -> bytes:
    """A resource's JSON as UTF-8 XML; `pretty` indents it (never inside narrative).

    `body` is well-formed FHIR JSON, as stored. Raises BadRequest (code "structure", with the path) for what
    has no place in XML: an unknown type or property, an object where a value belongs. Characters that XML
    1.0 cannot hold become U+FFFD; narrative that is not well-formed becomes plain text.
    """
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    writer = _Writer("\n" if pretty else "", "  " if pretty else "")
    writer.resource(document, "", 0, f' xmlns="{FHIR}"')
    writer.parts.append(writer.newline)
    return "".join([DECLARATION, *writer.parts]).encode()


class _Writer:
    """Collects the parts of the text; `path` arguments are for faults only."""

    __slots__ = ("indent", "newline", "parts")

    def __init__(self, newline: str, indent: str) -> None:
        self.newline = newline
        self.indent = indent
        self.parts: list[str] = []

    def margin(self, depth: int) -> str:
        return self.newline + self.indent * depth

    def resource(self, document: Any, path: str, depth: int, namespace: str = "") -> None:
        name = document.get("resourceType") if isinstance(document, dict) else None
        if not isinstance(name, str) or not catalog.is_resource_type(name):
            _refuse("must be a resource of a known type", path)
        self.complex(name, name, document, path or name, depth, namespace)

    def complex(self, name: str, shape: str, document: Any, path: str, depth: int, namespace: str = "") -> None:
        if not isinstance(document, dict):
            _refuse("must be an object", path)
        self.comments(document, depth)
        written = "".join(
            f' {attribute}="{_escape(document[attribute])}"'
            for attribute in attributes(shape)
            if isinstance(document.get(attribute), str)
        )
        margin = self.margin(depth)
        self.parts.append(f"{margin}<{name}{namespace}{written}>")
        opened = len(self.parts)
        self.members(shape, document, path, depth + 1)
        if len(self.parts) == opened:
            self.parts[-1] = f"{margin}<{name}{namespace}{written}/>"
        else:
            self.parts.append(f"{margin}</{name}>")

    def members(self, shape: str, document: Mapping[str, Any], path: str, depth: int) -> None:
        for slot in _in_order(shape, document, path):
            value, beside = document.get(slot.name), document.get(f"_{slot.name}")
            if slot.kind == "primitive":
                self.primitives(slot, value, beside, path, depth)
            elif value is None and slot.kind == "complex" and beside is not None:
                self.one(slot, beside, f"{path}.{slot.name}", depth)
            elif not slot.many:
                self.one(slot, value, f"{path}.{slot.name}", depth)
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    self.one(slot, item, f"{path}.{slot.name}[{index}]", depth)
            else:
                _refuse("must be an array", f"{path}.{slot.name}")

    def one(self, slot: Slot, value: Any, path: str, depth: int) -> None:
        if slot.kind == "complex":
            self.complex(slot.name, slot.shape, value, path, depth)
        elif slot.kind == "xhtml":
            if not isinstance(value, str):
                _refuse("must be a string", path)
            self.parts.append(self.margin(depth) + xhtml.to_xml(value))
        else:
            self.parts.append(f"{self.margin(depth)}<{slot.name}>")
            self.resource(value, path, depth + 1)
            self.parts.append(f"{self.margin(depth)}</{slot.name}>")

    def primitives(self, slot: Slot, value: Any, companion: Any, path: str, depth: int) -> None:
        if not slot.many:
            self.primitive(slot, value, companion, f"{path}.{slot.name}", depth)
            return
        values = value if value is not None else []
        companions = companion if companion is not None else []
        if not isinstance(values, list) or not isinstance(companions, list):
            _refuse("must be an array", f"{path}.{slot.name}")
        for index in range(max(len(values), len(companions))):
            self.primitive(
                slot,
                values[index] if index < len(values) else None,
                companions[index] if index < len(companions) else None,
                f"{path}.{slot.name}[{index}]",
                depth,
            )

    def primitive(self, slot: Slot, value: Any, companion: Any, path: str, depth: int) -> None:
        if isinstance(value, (dict, list)):
            _refuse(f"must be a {slot.type}", path)
        written = "" if value is None else f' value="{_text(value)}"'
        if companion is None:
            self.parts.append(f"{self.margin(depth)}<{slot.name}{written}/>")
        else:
            self.complex(slot.name, slot.shape, companion, path, depth, written)

    def comments(self, document: Mapping[str, Any], depth: int) -> None:
        comments = document.get("fhir_comments")
        if isinstance(comments, list):
            for comment in comments:
                # "--" and a last "-" may not stand in a comment, and there is no way to escape them.
                text = _clean(str(comment)).replace("--", "- -").replace("--", "- -")
                self.parts.append(f"{self.margin(depth)}<!--{text}{' ' if text.endswith('-') else ''}-->")


def _in_order(shape: str, document: Mapping[str, Any], path: str) -> Iterator[Slot]:
    """The slots that the document fills, in the order of the standard."""
    slots = by_property(shape)
    filled: dict[str, Slot] = {}
    for name in document:
        slot = slots.get(name) or (slots.get(name[1:]) if name.startswith("_") else None)
        if slot is not None:
            if slot.kind != "attribute":
                filled[slot.name] = slot
        elif name not in {"resourceType", "fhir_comments"}:
            _refuse("unknown element", f"{path}.{name[:64]}")
    return iter(sorted(filled.values(), key=_order))


def _order(slot: Slot) -> int:
    return slot.order


def _text(value: Any) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    return _escape(value) if isinstance(value, str) else str(value)


def _escape(text: str) -> str:
    return _SPECIAL.sub(_escaped, text) if _SPECIAL.search(text) else text


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match.group(), "\ufffd")


def _clean(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


def _refuse(message: str, path: str) -> NoReturn:
    raise BadRequest("The resource cannot be written as XML.", [Issue("error", "structure", message, path)])
