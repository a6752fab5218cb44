"""A hardened, event-driven XML parser: no document type, no entities, nothing loaded from elsewhere.

Expat of the standard library is used, not a tree builder: it stops at the first forbidden byte, costs no
memory for what is refused, and tells byte offsets, so that narrative can be kept verbatim.
"""

from __future__ import annotations

import codecs
import re
from xml.parsers import expat

from fhirstore.errors import BadRequest, Issue

MAX_DEPTH = 64

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""<\?xml[^>?]{0,80}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']""")
_ENCODINGS = {"utf-8": "utf-8", "us-ascii": "ascii", "iso-8859-1": "latin-1"}


class NotAllowedError(Exception):
    """Raised inside a handler to end the parse: XML that is well-formed and may not be here."""


def new_parser() -> expat.XMLParserType:
    """A parser of UTF-8 bytes; names read "namespace local"; a document type raises `NotAllowedError`.

    Entities can only be declared in a document type, so without one there is nothing to expand or to load.
    """
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type
    return parser


def _refuse_document_type(*_: object) -> None:
    raise NotAllowedError("a document type declaration is not allowed")


def explain(error: expat.ExpatError) -> str:
    """The parser's complaint with its place; never the text itself."""
    place = f"line {error.lineno}, column {error.offset + 1}"
    return f"not well-formed XML: {expat.ErrorString(error.code)} ({place})"


def to_utf8(body: bytes) -> bytes:
    """XML bytes of any accepted encoding as UTF-8 without a byte order mark.

    Accepted are UTF-8, UTF-16, US-ASCII and ISO-8859-1, by byte order mark or declaration. Raises BadRequest
    for any other encoding, or bytes that are not in the one declared.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return _transcode(body[len(mark) :], encoding)
    if body.startswith((b"<\0", b"\0<")):
        return _transcode(body, "utf-16-le" if body[1] == 0 else "utf-16-be")
    declared = _DECLARED.match(body)
    if declared is None:
        return body
    name = declared.group(1).decode("ascii").lower()
    if name not in _ENCODINGS:
        raise refused(f"the encoding {name} is not supported: send UTF-8")
    return _transcode(body, _ENCODINGS[name])


def _transcode(body: bytes, encoding: str) -> bytes:
    if encoding == "utf-8":
        return body
    try:
        return body.decode(encoding).encode()
    except UnicodeError:
        raise refused(f"the text is not {encoding}") from None


def refused(message: str, path: str | None = None) -> BadRequest:
    return BadRequest(message, [Issue("fatal", "structure", message, path)])
