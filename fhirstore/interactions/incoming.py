"""A resource on its way in: read, judged, and taken apart for storing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from fhirstore.dstu2.json_format import Content, own_meta, read, rest_of
from fhirstore.dstu2.levels import INCOMPLETE_TAG, Level, judge, refused
from fhirstore.dstu2.sources import Stated, source_issues, with_source
from fhirstore.errors import BadRequest, Issue, Unprocessable
from fhirstore.search.entries import Entries
from fhirstore.search.extract import extract

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


class Incoming(msgspec.Struct, frozen=True):
    """A resource that may be stored: its parsed document, what it says of itself in `meta`, and its text, where it
    came as one."""

    document: Mapping[str, Any]
    meta: Mapping[str, Any]
    text: bytes = b""

    @property
    def content(self) -> Content:
        """Its text less id and meta, made when it is asked for: what is rewritten first needs none before."""
        return Content(self.document["resourceType"], self.meta, rest_of(self.document, self.text))

    def entries(self, id: str, base: str) -> Entries:
        """What it is found by once it is stored under this id, at this server's address."""
        return entries_of(self.document, self.meta, id, base)

    def sourced(self, stated: Stated) -> Incoming:
        """The same resource with the tag of its source."""
        return Incoming(self.document, with_source(self.meta, stated), self.text)


def accept(type: str, id: str, body: bytes, level: Level) -> Incoming:
    """Take a body for the type and id of an address; an empty id stands for any.

    Raises BadRequest for what is no FHIR JSON or has another type or id, Unprocessable for what breaks the rules.
    """
    document, text = read(body)
    return _accepted(type, id, document, level, text)


def accept_document(type: str, id: str, document: Mapping[str, Any], level: Level, text: bytes = b"") -> Incoming:
    """The same for a resource that came inside another, such as a Bundle's entry, with its text where that is known.

    Without one numbers keep their digits all the same.
    """
    return _accepted(type, id, document, level, text)


def rewritten(incoming: Incoming, document: Mapping[str, Any]) -> Incoming:
    """The same resource with its references rewritten: it has been judged already."""
    return Incoming(document, incoming.meta)


def entries_of(document: Mapping[str, Any], meta: Mapping[str, Any], id: str, base: str) -> Entries:
    return extract(document["resourceType"], {**document, "id": id, "meta": meta}, base)


def check_type(type: str, document: Mapping[str, Any]) -> None:
    if document.get("resourceType") != type:
        reason = f"The body must be a resource of type {type}: its resourceType says otherwise."
        raise BadRequest(reason, [Issue("error", "invalid", reason, "resourceType")])


def check_id(type: str, id: str, document: Mapping[str, Any]) -> None:
    if document.get("id") != id:
        reason = "The body must hold the same id as the address."
        raise BadRequest(reason, [Issue("error", "value", reason, f"{type}.id")])


def _accepted(type: str, id: str, document: Mapping[str, Any], level: Level, text: bytes = b"") -> Incoming:
    check_type(type, document)
    if id:
        if not _ID.fullmatch(id):
            raise BadRequest("An id has 1 to 64 letters, digits, hyphens and dots.")
        check_id(type, id, document)
    meta = own_meta(document)
    issues = judge(document, level)
    if meta:
        issues = [*issues, *source_issues(document)]
    faults = [issue for issue in issues if issue.refuses]
    if faults and refused(faults, level):
        raise Unprocessable(f"The {type} breaks the rules of DSTU2.", faults)
    return Incoming(document, _marked(meta, incomplete=bool(faults)), text)


def _marked(meta: Mapping[str, Any], *, incomplete: bool) -> Mapping[str, Any]:
    """Put the tag where it belongs, and take it away where a client sends it back with what is now complete."""
    sent = meta.get("tag")
    if sent is None and not incomplete:
        return meta
    if incomplete and isinstance(sent, list) and INCOMPLETE_TAG in sent:
        return meta
    tags = [tag for tag in sent if tag.get("system") != INCOMPLETE_TAG["system"]] if isinstance(sent, list) else []
    if incomplete:
        tags.append(INCOMPLETE_TAG)
    if tags == (sent or []):
        return meta
    rest = {name: value for name, value in meta.items() if name != "tag"}
    return {**rest, "tag": tags} if tags else rest
