"""An XML Bundle of any size, entry by entry: expat tells at which bytes each begins and ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from fhirstore.dstu2.xml_parser import NotAllowedError, explain, new_parser, refused, to_utf8
from fhirstore.dstu2.xml_slots import FHIR

_STEP = 1 << 16
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_BUNDLE, _ENTRY = f"{FHIR} Bundle", f"{FHIR} entry"


class XmlStream:
    """`parts` gives a Bundle of one entry for each entry, or, where the root is no Bundle, the whole resource.

    Raises BadRequest where the text is not well-formed, has a document type, or a part longer than `limit` bytes.
    """

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._limit = limit
        self.is_bundle = False
        self._depth = 0
        self._root: bytes | None = None
        self._tag = b""
        self._begins = -1
        self._begins_root = 0
        self._ended: list[tuple[int, int]] = []
        self._parser = new_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def parts(self) -> Iterator[bytes]:
        window, offset = b"", 0
        for chunk in self._chunks():
            self._parse(chunk, last=False)
            window += chunk
            if self._root is None and self.is_bundle:
                self._root = self._opening(window)
            while self._ended:
                begins, ends = self._ended.pop(0)
                if self._root is not None:
                    ends = window.find(b">", ends - offset) + 1 + offset
                    yield self._root + window[begins - offset : ends - offset] + b"</" + self._tag + b">"
            if self.is_bundle:
                # Outside of an entry, what is needed again is at most a tag that was cut off.
                keep = self._begins - offset if self._begins >= 0 else max(window.rfind(b"<"), 0)
                window, offset = window[keep:], offset + keep
            if len(window) > self._limit:
                raise refused(f"A resource has at most {self._limit:,} bytes.")
        self._parse(b"", last=True)
        if not self.is_bundle:
            yield window

    def _chunks(self) -> Iterator[bytes]:
        """The text as UTF-8. Other encodings are turned at once, so they have the limit of a resource."""
        first = self._file.read(max(_STEP, 256))
        declared = first[:200].lower()
        if first.startswith(_UTF_16) or (b"encoding" in declared and b"utf-8" not in declared):
            whole = first + self._file.read(self._limit + 1)
            if len(whole) > self._limit:
                raise refused("A file of this size must be UTF-8.")
            yield to_utf8(whole)
            return
        first = first.removeprefix(b"\xef\xbb\xbf")
        while first:
            yield first
            first = self._file.read(_STEP)

    def _parse(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise refused(explain(error)) from error
        except NotAllowedError as error:
            raise refused(str(error)) from error

    def _opening(self, window: bytes) -> bytes:
        """The root's start tag as it stands there, for the names of spaces that it declares."""
        ends = self._begins_root
        quote = 0
        while ends < len(window) and (quote or window[ends] != 0x3E):
            character = window[ends]
            if quote:
                quote = 0 if character == quote else quote
            elif character in b"\"'":
                quote = character
            ends += 1
        opening = window[self._begins_root : ends + 1]
        self._tag = opening[1:].split(None, 1)[0].rstrip(b">/")
        return opening

    def _start(self, name: str, _: object) -> None:
        if self._depth == 0:
            self.is_bundle = name == _BUNDLE
            self._begins_root = self._parser.CurrentByteIndex
        elif self._depth == 1 and name == _ENTRY and self.is_bundle:
            self._begins = self._parser.CurrentByteIndex
        self._depth += 1

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._depth == 1 and self._begins >= 0 and name == _ENTRY:
            self._ended.append((self._begins, self._parser.CurrentByteIndex))
            self._begins = -1
