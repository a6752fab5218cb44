"""Every other type: the same where an identifier is, or all the content but ids, references and narrative."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from fhirstore.dstu2.json_format import dump
from fhirstore.unified.agreement import UNKNOWN, Comparison, Likeness
from fhirstore.unified.facts import Fact, Resolve, Stated
from fhirstore.unified.kinds.kind import Kind, identified, is_void, label_of, subject_of
from fhirstore.unified.reading import Document, text

_OF_THE_COPY = frozenset({"id", "meta", "text", "contained", "identifier", "implicitRules", "language", "extension"})
_LEAST = 2
"""Members that content must have to tell anything."""


def _read(document: Document, resolve: Resolve) -> Stated:
    said = {name: _apart(value) for name, value in document.items() if name not in _OF_THE_COPY}
    telling = sum(bool(value) for value in said.values()) > _LEAST + 1  # besides the type
    content = hashlib.blake2b(dump(dict(sorted(said.items()))), digest_size=16).hexdigest() if telling else ""
    return Stated(
        traits=(("content", content),),
        about=subject_of(document),
        status=text(document, "status"),
        label=label_of(document, "code") or label_of(document, "type") or text(document, "name"),
        void=is_void(document),
    )


def _apart(value: Any) -> Any:
    """The value without references and ids, which each source has its own of. No document is deeper than its limit."""
    if isinstance(value, dict):
        return {name: _apart(each) for name, each in sorted(value.items()) if name not in {"reference", "id"}}
    return [_apart(each) for each in value] if isinstance(value, list) else value


def _compare(one: Fact, other: Fact) -> Comparison:
    if one.identifiers & other.identifiers:
        return identified(one, other)
    content = one.stated.trait("content")
    same = bool(content) and content == other.stated.trait("content")
    return Comparison(Likeness.FAIR, "same content") if same else UNKNOWN


def _keys(stated: Stated) -> Iterable[str]:
    content = stated.trait("content")
    return (content,) if isinstance(content, str) and content else ()


OTHER = Kind(_read, _compare, _keys)
