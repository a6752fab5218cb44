"""Every other type: the same where an identifier is, or all the content but ids, references and narrative."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from fhirstore.dstu2.json_format import dump
from fhirstore.unified.agreement import UNKNOWN, Comparison, Likeness
from fhirstore.unified.facts import Fact, Resolve, Stated
from fhirstore.unified.kinds.kind import Kind, identified, is_void, label_of, subject_of
from fhirstore.unified.reading import Document, text

_OF_THE_COPY = frozenset({"id", "meta", "text", "contained", "identifier", "implicitRules", "language", "extension"})
_LEAST = 2
"""Members that content must have to tell anything."""


def _read(document: Document, resolve: Resolve) -> Stated:
    said = {name: value for name, value in document.items() if name not in _OF_THE_COPY and not _points(value)}
    telling = len(said) > _LEAST + 1  # besides the type
    content = hashlib.blake2b(dump(dict(sorted(said.items()))), digest_size=16).hexdigest() if telling else ""
    return Stated(
        traits=(("content", content),),
        about=subject_of(document),
        status=text(document, "status"),
        label=label_of(document, "code") or label_of(document, "type") or text(document, "name"),
        void=is_void(document),
    )


def _points(value: object) -> bool:
    return isinstance(value, dict) and "reference" in value


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
