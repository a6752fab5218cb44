"""A JSON Bundle of any size, entry by entry: text is read on only where a value is cut off."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import IO, NoReturn

from fhirstore.errors import BadRequest, Issue

_SPACE = " \t\r\n"
_STEP = 1 << 18
# Numbers stay text: nobody looks at the values, and one may be longer than Python wants to convert.
_scan = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode


class JsonStream:
    """`entries` gives the text of each entry of a Bundle, `elements` of each element of an array; `members` are the
    texts of what else was met, by their names, and `whole` is afterwards the text of what was no Bundle.

    `start` is what was read of the file already. Raises BadRequest where the text is no JSON, or a value longer than
    `limit` bytes.
    """

    def __init__(self, start: bytes, rest: IO[bytes], limit: int) -> None:
        # What is no UTF-8 comes through unchanged: the reader of the entry that has it refuses that one.
        joined = io.BufferedReader(_Joined(start, rest), _STEP)
        self._file = io.TextIOWrapper(joined, "utf-8-sig", "surrogateescape")
        self._limit = limit
        self._text = ""
        self._at = 0
        self._ended = False
        self.members: dict[str, str] = {}
        self.whole: bytes | None = None

    def entries(self) -> Iterator[bytes]:
        members = self.members
        self._take("{")
        while self._peek() != "}":
            name = json.loads(self._value())
            self._take(":")
            if name == "entry" and members.get("resourceType", '"Bundle"') == '"Bundle"' and self._peek() == "[":
                yield from self._listed()
            else:
                members[str(name)] = self._value()
                if sum(map(len, members.values())) > self._limit:
                    _refuse("too-long", f"A resource has at most {self._limit:,} bytes.")
            if self._peek() != ",":
                break
            self._take(",")
        self._take("}")
        if members.get("resourceType") != '"Bundle"':
            texts = (f"{json.dumps(name)}:{value}" for name, value in members.items())
            self.whole = f"{{{','.join(texts)}}}".encode("utf-8", "surrogateescape")

    def elements(self) -> Iterator[bytes]:
        """The text of each element of an array."""
        yield from self._listed()

    def _listed(self) -> Iterator[bytes]:
        self._take("[")
        while self._peek() != "]":
            yield self._value().encode("utf-8", "surrogateescape")
            if self._peek() != ",":
                break
            self._take(",")
        self._take("]")

    def _value(self) -> str:
        """The text of the next value."""
        self._peek()
        while True:
            try:
                _, end = _scan(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    _refuse("structure", f"The body is not JSON: {error.msg}.")
            except RecursionError:
                _refuse("structure", "The body is nested too deep.")
            else:
                if end < len(self._text) or self._ended:  # a number at the end may go on
                    text, self._at = self._text[self._at : end], end
                    return text
            if len(self._text) - self._at > self._limit:
                _refuse("too-long", f"An entry has at most {self._limit:,} bytes.")
            self._read_on()

    def _peek(self) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._read_on()

    def _take(self, character: str) -> None:
        if self._peek() != character:
            _refuse("structure", f"The body is not JSON: {character} is missing.")
        self._at += 1

    def _read_on(self) -> None:
        """As much again as is waiting, so that a long value is not scanned over and over."""
        more = self._file.read(max(_STEP, len(self._text) - self._at))
        self._ended = not more
        self._text, self._at = self._text[self._at :] + more, 0


class _Joined(io.RawIOBase):
    """Bytes, and after them a file."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self._start = io.BytesIO(start)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        found = self._start.read(len(buffer)) or self._rest.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _refuse(code: str, reason: str) -> NoReturn:
    raise BadRequest(reason, [Issue("fatal", code, reason)])
