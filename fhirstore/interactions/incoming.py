"""A resource on its way in: read, judged, and taken apart for storing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fhirstore.dstu2.json_format import Content, content, dump, parse
from fhirstore.dstu2.levels import INCOMPLETE_TAG, Level, judge, refused
from fhirstore.errors import BadRequest, Issue, Unprocessable
from fhirstore.search.entries import Entries
from fhirstore.search.extract import extract


@dataclass(frozen=True, slots=True)
class Incoming:
    """A resource that may be stored: its parsed document, and its text less id and meta."""

    document: Mapping[str, Any]
    content: Content

    def entries(self, id: str, base: str) -> Entries:
        """What it is found by once it is stored under this id, at this server's address."""
        return extract(self.content.resource_type, {**self.document, "id": id, "meta": self.content.meta}, base)


def accept(type: str, body: bytes, level: Level) -> Incoming:
    """Raises BadRequest for what is no FHIR JSON or of another type, Unprocessable for what breaks the rules."""
    document = parse(body)
    check_type(type, document)
    return _judged(document, content(body, document), level)


def accept_document(document: Mapping[str, Any], level: Level) -> Incoming:
    """The same for a resource that came inside another, such as a Bundle's entry; numbers keep their digits."""
    return _judged(document, content(dump(document), document), level)


def rewritten(incoming: Incoming, document: Mapping[str, Any]) -> Incoming:
    """The same resource with its references rewritten: it has been judged already."""
    return Incoming(document, replace(content(dump(document), document), meta=incoming.content.meta))


def check_type(type: str, document: Mapping[str, Any]) -> None:
    if document.get("resourceType") != type:
        reason = f"The body must be a resource of type {type}: its resourceType says otherwise."
        raise BadRequest(reason, [Issue("error", "invalid", reason, "resourceType")])


def _judged(document: Mapping[str, Any], content: Content, level: Level) -> Incoming:
    issues = judge(document, level)
    if refused(issues, level):
        faults = [issue for issue in issues if issue.refuses]
        raise Unprocessable(f"The {content.resource_type} breaks the rules of DSTU2.", faults)
    return Incoming(document, _marked(content, incomplete=any(issue.refuses for issue in issues)))


def _marked(content: Content, *, incomplete: bool) -> Content:
    """Put the tag where it belongs, and take it away where a client sends it back with what is now complete."""
    sent = content.meta.get("tag")
    tags = [tag for tag in sent if tag.get("system") != INCOMPLETE_TAG["system"]] if isinstance(sent, list) else []
    if incomplete:
        tags.append(INCOMPLETE_TAG)
    if tags == (sent or []):
        return content
    meta = {name: value for name, value in content.meta.items() if name != "tag"}
    return replace(content, meta={**meta, "tag": tags} if tags else meta)
