"""A resource on its way in: read, judged, and taken apart for storing."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fhirstore.dstu2.json_format import Content, content, content_of, parse
from fhirstore.dstu2.levels import INCOMPLETE_TAG, Level, judge, refused
from fhirstore.dstu2.sources import Stated, source_issues, with_source
from fhirstore.errors import BadRequest, Issue, Unprocessable
from fhirstore.search.entries import Entries
from fhirstore.search.extract import extract

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A resource that may be stored: its parsed document, and its text less id and meta."""

    document: Mapping[str, Any]
    content: Content

    def entries(self, id: str, base: str) -> Entries:
        """What it is found by once it is stored under this id, at this server's address."""
        return entries_of(self.document, self.content, id, base)

    def sourced(self, stated: Stated) -> Incoming:
        """The same resource with the tag of its source."""
        held = self.content
        return Incoming(self.document, Content(held.resource_type, with_source(held.meta, stated), held.rest))


def accept(type: str, id: str, body: bytes, level: Level) -> Incoming:
    """Take a body for the type and id of an address; an empty id stands for any.

    Raises BadRequest for what is no FHIR JSON or has another type or id, Unprocessable for what breaks the rules.
    """
    document = parse(body)
    _check_address(type, id, document)
    return _judged(document, content(body, document), level)


def accept_document(
    type: str,
    id: str,
    document: Mapping[str, Any],
    level: Level,
    content: Callable[[Mapping[str, Any]], Content] = content_of,
) -> Incoming:
    """The same for a resource that came inside another, such as a Bundle's entry; numbers keep their digits.

    `content` makes of the document what is to be stored: it may know the text.
    """
    _check_address(type, id, document)
    return _judged(document, content(document), level)


def rewritten(incoming: Incoming, document: Mapping[str, Any]) -> Incoming:
    """The same resource with its references rewritten: it has been judged already."""
    return Incoming(document, replace(content_of(document), meta=incoming.content.meta))


def entries_of(document: Mapping[str, Any], content: Content, id: str, base: str) -> Entries:
    return extract(content.resource_type, {**document, "id": id, "meta": content.meta}, base)


def check_type(type: str, document: Mapping[str, Any]) -> None:
    if document.get("resourceType") != type:
        reason = f"The body must be a resource of type {type}: its resourceType says otherwise."
        raise BadRequest(reason, [Issue("error", "invalid", reason, "resourceType")])


def check_id(type: str, id: str, document: Mapping[str, Any]) -> None:
    if document.get("id") != id:
        reason = "The body must hold the same id as the address."
        raise BadRequest(reason, [Issue("error", "value", reason, f"{type}.id")])


def _check_address(type: str, id: str, document: Mapping[str, Any]) -> None:
    check_type(type, document)
    if id:
        if not _ID.fullmatch(id):
            raise BadRequest("An id has 1 to 64 letters, digits, hyphens and dots.")
        check_id(type, id, document)


def _judged(document: Mapping[str, Any], content: Content, level: Level) -> Incoming:
    issues = [*judge(document, level), *source_issues(document)]
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
