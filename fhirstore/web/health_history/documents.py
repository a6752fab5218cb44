"""Documents in a record: found wherever a resource carries one, and handed out so that they can do no harm.

A browser shows pictures and plain text itself, in a sandbox without our origin; all else it saves to a file. So it
does with PDF, which browsers refuse to show in a sandbox.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Response

from fhirstore.dstu2.json_format import parse
from fhirstore.errors import NotFound
from fhirstore.presentation.cards import media_words
from fhirstore.presentation.lines import local_target
from fhirstore.web.health_history.reading import Document
from fhirstore.web.record import Record
from fhirstore.web.rendering import HEADERS

_SHOWN = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp", "text/plain"})
"""What browsers show without running anything of it. HTML, SVG and XML are never among them."""
_NAMED = _SHOWN | {"application/pdf"}
"""What is told by its own media type; all else is only bytes."""

_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,60}", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^\w .()-]+")
_DOCUMENTS_LIMIT = 50
_ENDINGS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "text/plain": ".txt",
    "text/html": ".html",
}


@dataclass(frozen=True, slots=True)
class Attached:
    """A document: `content` is base64, or `target` the "Binary/id" that holds it, or `elsewhere` its address."""

    title: str
    media_type: str
    words: str
    content: str = ""
    target: str = ""
    elsewhere: str = ""

    @property
    def here(self) -> bool:
        return bool(self.content or self.target)

    @property
    def verb(self) -> str:
        """What a press on its button does."""
        return "Open" if self.media_type in _SHOWN else "Download"


def documents_of(document: Document) -> Sequence[Attached]:
    """All that a resource carries or refers to, in order; the numbers that `open_document` takes begin at 0."""
    if document.get("resourceType") == "Binary":
        return [_attached({"contentType": document.get("contentType"), "data": document.get("content")})]
    return [_attached(each) for each, _ in zip(_attachments(document), range(_DOCUMENTS_LIMIT), strict=False)]


async def open_document(record: Record, document: Document, number: int) -> Response:
    """Raises NotFound for a number that is none, or a document that is not kept here."""
    found = documents_of(document)
    attached = found[number] if 0 <= number < len(found) else None
    if attached is None or not attached.here:
        raise NotFound("There is no such document.")
    if attached.target:
        binary = parse((await record.ask("GET", attached.target)).body)
        media_type, content = _media_type(binary.get("contentType")), str(binary.get("content", ""))
    else:
        media_type, content = attached.media_type, attached.content
    try:
        return _answer(b64decode("".join(content.split())), media_type, attached.title)
    except (Error, ValueError):
        raise NotFound("This document cannot be read.") from None


def _answer(content: bytes, media_type: str, title: str) -> Response:
    how = "inline" if media_type in _SHOWN else "attachment"
    name = (_NOT_IN_NAMES.sub(" ", title).strip() or "document")[:80]
    ending = _ENDINGS.get(media_type, "")
    name = name if name.lower().endswith(ending) else name + ending
    disposition = f"{how}; filename*=UTF-8''{quote(name)}"
    charset = "; charset=utf-8" if media_type == "text/plain" else ""
    # The sandbox takes our origin away from whatever a browser makes of it.
    policy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
    return Response(
        content,
        headers={**HEADERS, "Content-Security-Policy": policy, "Content-Disposition": disposition},
        media_type=(media_type if media_type in _NAMED else "application/octet-stream") + charset,
    )


def _attachments(value: Any) -> Iterator[dict[str, Any]]:
    """Objects that are Attachments, wherever they stand; only they have a content type beside data or an address."""
    if isinstance(value, list):
        for each in value:
            yield from _attachments(each)
    elif isinstance(value, dict):
        if "contentType" in value and ("data" in value or "url" in value):
            yield value
        else:
            for each in value.values():
                yield from _attachments(each)


def _attached(value: dict[str, Any]) -> Attached:
    media_type = _media_type(value.get("contentType"))
    words = media_words(media_type)
    title = str(value.get("title") or words or "Document")
    data, url = value.get("data"), value.get("url")
    if isinstance(data, str):
        return Attached(title, media_type, words, content=data)
    target = local_target(url)
    if target.startswith("Binary/"):
        return Attached(title, media_type, words, target=target)
    return Attached(title, media_type, words, elsewhere=str(url or ""))


def _media_type(value: Any) -> str:
    text = str(value or "").partition(";")[0].strip().lower()
    return text if _MEDIA_TYPE.fullmatch(text) else "application/octet-stream"
