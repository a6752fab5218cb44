"""Read parts of a document that may lack anything: what is missing or of another form is empty, never an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]

NOTHING: Document = {}


def member(document: object, name: str) -> Any:
    """What stands under a name, None where nothing does or the document is none."""
    return document.get(name) if isinstance(document, dict) else None


def text(document: Document, name: str) -> str:
    value = document.get(name) if isinstance(document, dict) else None  # asked thirty times of each resource
    return value if isinstance(value, str) else ""


def part(document: Document, name: str) -> Document:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else NOTHING


def parts(document: Document, name: str) -> Iterator[Document]:
    """The objects of a list; an element that stands alone counts as a list of one."""
    value = member(document, name)
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def texts(document: Document, name: str) -> Iterator[str]:
    value = member(document, name)
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))


def chosen(document: Document, name: str) -> tuple[str, Any]:
    """Which type of a choice is there, and its value: ("Quantity", {…}) for value[x]; ("", None) without any."""
    for key in document if isinstance(document, dict) else ():
        if key.startswith(name) and key[len(name) :][:1].isupper():
            return key[len(name) :], document[key]
    return "", None


def reference(document: Document, name: str) -> str:
    return text(part(document, name), "reference")
