"""The resources in a file, one after the other, in whatever form it holds them: JSON, XML, NDJSON, Bundles.

What a file is, its content says. No more than one resource is in memory at a time, but for small Bundles.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from fhirstore.dstu2 import xml_read
from fhirstore.errors import BadRequest, Issue
from fhirstore.transfer.inputs import Input
from fhirstore.transfer.json_stream import JsonStream
from fhirstore.transfer.xml_stream import XmlStream

WHOLE_BYTES, START_BYTES = 4_000_000, 1 << 18
"""A JSON file up to the first size is read at once; what is larger is read entry by entry, and so is whatever is larger
than the second, where that much of it tells that only the entries count."""
HEAD_BYTES = 1 << 20
_MARK = b"\xef\xbb\xbf"
_UNUSABLE: tuple[tuple[bytes, str], ...] = (
    (rb"\Z", "The file is empty."),
    (rb"PK\x03\x04", "The file is a ZIP archive: its files can be imported."),
    (rb"\xff\xfe(?:\s\0)*[{\[]\0|\xfe\xff(?:\0\s)*\0[{\[]", "A file of JSON is UTF-8, and this one is UTF-16."),
)
"""How files begin that nothing can be read from, and what people are told of them."""

_SUFFIXES = (".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz")
_WHOLE_BUNDLES = frozenset({"document", "message"})
_LINKING = frozenset({"GET", "HEAD"})
_BUNDLES_WITHIN = 8


@dataclass(frozen=True, slots=True)
class Record:
    """One resource as it came: its JSON, or what keeps it from being read.

    `place` tells people where it stood. `full_url`, `method` and `url` are those of its entry in a Bundle, "" where it
    was in none; `answer` the entry's response. A deletion has the method DELETE and no body.
    """

    place: str
    body: bytes = b""
    full_url: str = ""
    method: str = ""
    url: str = ""
    answer: dict[str, Any] | None = None
    issues: tuple[Issue, ...] = ()


class _Request(msgspec.Struct):
    """Some servers write null for what they do not have, here and below."""

    method: str | None = None
    url: str | None = None


class _Search(msgspec.Struct):
    mode: str | None = None


class _Link(msgspec.Struct):
    relation: str | None = None
    url: str | None = None


class _Entry(msgspec.Struct):
    fullUrl: str | None = None  # noqa: N815 - the name in FHIR
    resource: msgspec.Raw = msgspec.Raw()
    request: _Request | None = None
    response: dict[str, Any] | None = None
    search: _Search | None = None
    link: list[_Link] | None = None

    @property
    def address(self) -> str:
        """Its fullUrl; of servers that leave it out, the link to itself."""
        own = (link.url for link in self.link or () if link.relation == "self")
        return self.fullUrl or next(own, None) or ""


class _Top(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815
    id: Any = None
    type: str | None = None
    entry: list[msgspec.Raw] | None = None
    resource: msgspec.Raw = msgspec.Raw()


class _Type(msgspec.Struct):
    resourceType: str | None = None  # noqa: N815


_decode_top = msgspec.json.Decoder(_Top).decode
_decode_entry = msgspec.json.Decoder(_Entry, float_hook=str).decode
_decode_type = msgspec.json.Decoder(_Type).decode


@dataclass(frozen=True, slots=True)
class Reader:
    """How files are read: resources up to `resource_bytes`; Bundles with an id stay whole where `keep_bundles` says so,
    as they must where a record is restored."""

    resource_bytes: int = 10_000_000
    keep_bundles: bool = False

    def read(self, file: Input) -> Iterator[Record]:
        """All records of a file, in its order; one of issues where it cannot be read, or not to its end."""
        try:
            with file.reading() as content:
                yield from self._read(file.name, content)
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or "it is broken"
            yield _refused(file.name, "exception", f"The file cannot be read: {reason}.")

    def _read(self, name: str, content: io.BufferedReader) -> Iterator[Record]:
        head = content.peek(HEAD_BYTES)[:HEAD_BYTES].removeprefix(_MARK).lstrip()
        if not head and name.lower().endswith(_SUFFIXES):
            return  # so do exports tell that there is nothing of a type
        if unusable := next((reason for begins, reason in _UNUSABLE if re.match(begins, head)), ""):
            yield _refused(name, "structure", unusable)
        elif head[:1] == b"<" or head[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            yield from self._xml(name, content)
        elif name.lower().endswith(_SUFFIXES) or _is_ndjson(head):
            yield from self._lines(name, content)
        elif head[:1] == b"[":
            yield from self._array(name, content)
        else:
            yield from self._json(name, content)

    def _lines(self, name: str, content: io.BufferedReader) -> Iterator[Record]:
        number = 0
        while line := content.readline(self.resource_bytes + 1):
            number += 1
            place = f"{name}:{number}"
            if len(line) > self.resource_bytes:
                while line and not line.endswith(b"\n"):
                    line = content.readline(HEAD_BYTES)
                yield _refused(place, "too-long", f"A resource has at most {self.resource_bytes:,} bytes.")
            elif body := line.removeprefix(_MARK).strip():
                yield from self._whole(place, body)

    def _json(self, name: str, content: io.BufferedReader) -> Iterator[Record]:
        start = content.read(min(START_BYTES, WHOLE_BYTES) + 1)
        if len(start) <= START_BYTES or not self._is_listing(start):
            start += content.read(max(WHOLE_BYTES + 1 - len(start), 0))
            if len(start) <= WHOLE_BYTES:
                yield from self._whole(name, start.removeprefix(_MARK).strip())
                return
        stream = JsonStream(start, content, self.resource_bytes)
        position = 0
        try:
            for text in stream.entries():
                yield from self._entry(f"{name}#entry[{position}]", text)
                position += 1
            if stream.whole is not None:
                yield Record(name, stream.whole)
        except BadRequest as failure:
            yield Record(f"{name}#entry[{position}]" if position else name, issues=tuple(failure.issues))

    def _array(self, name: str, content: io.BufferedReader) -> Iterator[Record]:
        """Resources and Bundles side by side, as exports of other systems hold them."""
        position = 0
        try:
            for text in JsonStream(b"", content, max(self.resource_bytes, WHOLE_BYTES)).elements():
                yield from self._whole(f"{name}[{position}]", text)
                position += 1
        except BadRequest as failure:
            yield Record(f"{name}[{position}]", issues=tuple(failure.issues))

    def _is_listing(self, start: bytes) -> bool:
        """Whether this much tells that the rest is entries, one after the other, of a Bundle that is not kept whole."""
        stream = JsonStream(start, io.BytesIO(), START_BYTES)
        try:
            next(stream.entries(), None)
        except BadRequest:
            return False
        type = stream.members.get("type", "").strip('"')
        listing = bool(type) and type not in _WHOLE_BUNDLES and not self.keep_bundles
        return listing and stream.members.get("resourceType") == '"Bundle"'

    def _xml(self, name: str, content: io.BufferedReader) -> Iterator[Record]:
        stream = XmlStream(content, self.resource_bytes)
        position = 0
        try:
            for text in stream.parts():
                place = f"{name}#entry[{position}]" if stream.is_bundle else name
                position += 1
                yield from self._xml_part(place, text, is_entry=stream.is_bundle)
        except BadRequest as failure:
            yield Record(f"{name}#entry[{position}]" if position else name, issues=tuple(failure.issues))

    def _xml_part(self, place: str, text: bytes, *, is_entry: bool) -> Iterator[Record]:
        try:
            body = xml_read.to_json(text)
        except BadRequest as failure:
            yield Record(place, issues=tuple(failure.issues))
            return
        if not is_entry:
            yield Record(place, body)
            return
        for entry in _decode_top(body).entry or ():
            yield from self._entry(place, bytes(entry))

    def _whole(self, place: str, body: bytes, within: int = 0) -> Iterator[Record]:
        """A resource, or a Bundle's entries; `within` so many Bundles."""
        try:
            top = _decode_top(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield Record(place, body)  # the strict reader says what is wrong with it
            return
        if top.resourceType is None and bytes(top.resource) and within < _BUNDLES_WITHIN:
            yield from self._entry(place, body, within + 1)  # entries without their Bundle, as some systems keep them
            return
        if top.resourceType != "Bundle" or (self.keep_bundles and top.id):
            yield Record(place, body)
            return
        if top.type in _WHOLE_BUNDLES:  # what somebody attested as a whole is kept as one, beside its parts
            yield Record(place, body)
        for position, entry in enumerate(top.entry or ()):
            yield from self._entry(f"{place}#entry[{position}]", bytes(entry), within)

    def _entry(self, place: str, text: bytes, within: int = 0) -> Iterator[Record]:
        try:
            entry = _decode_entry(text)
            body = b"" if bytes(entry.resource) == b"null" else bytes(entry.resource)
            kind = _decode_type(body).resourceType if body else ""
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield _refused(place, "structure", "This is no entry of a Bundle.")
            return
        told = not self.keep_bundles and kind == "OperationOutcome"
        if told and (entry.response or (entry.search and entry.search.mode == "outcome")):
            return  # a server's word about the answer, not a part of the record
        asked = entry.request or _Request()
        method = asked.method or ""
        record = Record(place, body, entry.address, method, asked.url or "", entry.response)
        if method == "DELETE":
            yield replace(record, body=b"")
        elif kind in {None, "Bundle"} and body and not self.keep_bundles and within < _BUNDLES_WITHIN:
            # What a server answered to one entry of a batch, or an entry as the resource of another.
            yield from self._whole(place, body, within + 1)
        elif len(body) > self.resource_bytes:
            yield _refused(place, "too-long", f"A resource has at most {self.resource_bytes:,} bytes.")
        elif body:
            yield record
        elif method not in _LINKING:
            yield _refused(place, "required", "The entry holds no resource.")


def _is_ndjson(head: bytes) -> bool:
    """Whether a text of unknown kind is NDJSON: one object fills the first line, and another follows."""
    first, _, rest = head.partition(b"\n")
    if not (first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")):
        return False
    try:
        _decode_type(first)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _refused(place: str, code: str, reason: str) -> Record:
    return Record(place, issues=(Issue("fatal", code, reason),))
