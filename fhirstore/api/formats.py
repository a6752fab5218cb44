"""JSON and XML on the wire: which was sent, which is wanted, and the way between the two.

http://hl7.org/fhir/DSTU2/http.html#mime-type. Inside the server everything is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from fhirstore.dstu2 import json_format, xml_read, xml_write
from fhirstore.errors import NotAcceptable, UnsupportedMediaType

JSON_TYPES = ("application/json+fhir", "application/fhir+json", "application/json", "text/json")
XML_TYPES = ("application/xml+fhir", "application/fhir+xml", "application/xml", "text/xml")
"""The first of each is DSTU2's own; the others are what clients send for it."""

_SHORT = {"json": JSON_TYPES[0], "xml": XML_TYPES[0], "*/*": "", "application/*": "", "*": ""}
_HEADER_LIMIT = 1000
"""So much of a header is read, in characters: what is made of it is remembered."""
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True)
class Format:
    """How an answer is written; `raw` is a Binary's content by itself."""

    media_type: str = JSON_TYPES[0]
    pretty: bool = False
    raw: bool = False

    @cached_property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8"

    def write(self, body: bytes) -> bytes:
        if self.media_type in XML_TYPES:
            return xml_write.from_json(body, self.pretty)
        return json_format.pretty(body) if self.pretty else body


PLAIN = Format()
"""What is written until it is known what is wanted."""


def wanted_format(headers: Mapping[str, str], query: Sequence[tuple[str, str]]) -> Format:
    """`_format` decides, then Accept by its weights, then the format that was sent. Raises NotAcceptable."""
    accept, sent = headers.get("accept", "")[:_HEADER_LIMIT], headers.get("content-type", "")[:_HEADER_LIMIT]
    if not query:
        return _format("", accept, sent, False)
    asked = dict(query)
    return _format(asked.get("_format", "")[:_HEADER_LIMIT], accept, sent, asked.get("_pretty") == "true")


@lru_cache(maxsize=256)  # a client asks for the same with every request
def _format(asked: str, accept: str, content_type: str, pretty: bool) -> Format:
    # A plus sign in a query means a blank, and clients forget to escape it.
    choices = [asked.replace(" ", "+").partition(";")[0].strip().lower()] if asked else by_weight(accept)
    for choice in choices or ["*/*"]:
        known = _SHORT.get(choice, choice)
        if known == "":
            sent, _ = _parts(content_type)
            return Format(sent if sent in XML_TYPES else JSON_TYPES[0], pretty)
        if known in JSON_TYPES or known in XML_TYPES:
            return Format(known, pretty)
    raise NotAcceptable("Answers can be had as application/json+fhir and application/xml+fhir.")


def read_resource(headers: Mapping[str, str], body: bytes) -> bytes:
    """The body as JSON. Raises UnsupportedMediaType for another Content-Type, BadRequest for broken XML."""
    if headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
        raise UnsupportedMediaType("Send the body uncompressed.")
    media_type, charset = _parts(headers.get("content-type", "")[:_HEADER_LIMIT])
    if media_type in XML_TYPES:
        return xml_read.to_json(body)
    if media_type not in JSON_TYPES:
        raise UnsupportedMediaType("The Content-Type must be application/json+fhir or application/xml+fhir.")
    if charset not in _CHARSETS:
        raise UnsupportedMediaType("FHIR JSON is written in UTF-8.")
    return body


@lru_cache(maxsize=256)
def _parts(content_type: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type."""
    media_type, _, parameters = content_type.lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    return media_type.strip(), charset


def by_weight(accept: str) -> list[str]:
    """The media ranges of an Accept header, best first; equal ones in their order (RFC 9110 §12.5.1)."""
    weighted: list[tuple[float, str]] = []
    for choice in accept.lower().split(",")[:50]:
        media_range, _, parameters = choice.partition(";")
        weight = parameters.replace(" ", "").partition("q=")[2].partition(";")[0]
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 1.0
        if media_range.strip() and quality > 0:
            weighted.append((quality, media_range.strip()))
    return [media_range for _, media_range in sorted(weighted, key=lambda pair: -pair[0])]
