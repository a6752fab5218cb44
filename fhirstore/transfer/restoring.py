"""Restore: a record that was exported comes back as it was, with its ids, versions and times.

Versions are read oldest first, as the export writes them; what is there already is passed over, so that a restore that
was broken off can be done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from fhirstore.clock import Clock, instant
from fhirstore.dstu2.json_format import Content, content, parse
from fhirstore.dstu2.levels import Level
from fhirstore.dstu2.rewriting import parse_literal
from fhirstore.dstu2.sources import Stated, with_source
from fhirstore.errors import BadRequest, Failure, Issue
from fhirstore.interactions.incoming import accept
from fhirstore.search.kinds.date import interval
from fhirstore.store.contract import Change, Method, Resources, Version
from fhirstore.transfer.importing import Note, Progress, Stopped, next_batch, skip
from fhirstore.transfer.inputs import Input
from fhirstore.transfer.pool import Numbered
from fhirstore.transfer.records import Reader, Record
from fhirstore.transfer.report import Outcome, Report, refusal


@dataclass(frozen=True, slots=True)
class Restore:
    """What to restore, and where to. `source` is for what names none."""

    inputs: Sequence[Input]
    resources: Resources
    clock: Clock
    level: Level
    source: str
    address: str = ""
    reader: Reader = Reader(keep_bundles=True)  # noqa: RUF009 - frozen

    async def run(self, note: Note, done: int = 0, report: Report | None = None) -> None:
        report = report or Report()
        total = await asyncio.to_thread(lambda: sum(1 for _ in self._records()))
        records = enumerate(self._records())
        await asyncio.to_thread(skip, records, done)
        await _tell(note, Progress(done, total, report))
        while batch := await asyncio.to_thread(next_batch, records):
            refused: list[bytes] = []
            restored = await asyncio.to_thread(self._prepared, batch)
            for group in _apart(restored, report, refused):
                await self._write(group, report)
            done += len(batch)
            await _tell(note, Progress(done, total, report, b"".join(refused)))

    def _records(self) -> Iterator[Record]:
        for file in self.inputs:
            yield from self.reader.read(file)

    def _prepared(self, batch: Numbered) -> list[_Restored]:
        return [self._restored(record) for _, record in batch]

    def _restored(self, record: Record) -> _Restored:
        try:
            return self._deletion(record) if record.method == "DELETE" else self._version(record)
        except Failure as failure:
            return _Restored(record, issues=tuple(failure.issues))

    def _version(self, record: Record) -> _Restored:
        if record.issues:
            return _Restored(record, issues=record.issues)
        document = parse(record.body)
        type, id, meta = document.get("resourceType"), document.get("id"), document.get("meta")
        if not isinstance(type, str) or not isinstance(id, str):
            raise _lacking("resourceType and id")
        told = meta if isinstance(meta, dict) else {}
        incoming = accept(type, id, record.body, self.level)
        incoming = structs.replace(incoming, meta=with_source(incoming.meta, Stated(self.source)))
        number, updated = _number(told.get("versionId")), _moment(told.get("lastUpdated"))
        method: Method = "POST" if (record.method or ("POST" if number == 1 else "PUT")) == "POST" else "PUT"
        number, updated = number or 1, self.clock() if updated is None else updated
        version = Version(type, id, number, updated, method, b"", incoming.entries(id, self.address))
        return _Restored(record, version, incoming.content)

    def _deletion(self, record: Record) -> _Restored:
        literal, answer = parse_literal(record.url), record.answer or {}
        if literal is None:
            raise _lacking("a url of a type and an id")
        number = _number(str(answer.get("etag", "")).removeprefix("W/").strip('"'))
        moment = _moment(answer.get("lastModified"))
        updated = self.clock() if moment is None else moment
        return _Restored(record, Version(literal.type, literal.id, number or 1, updated, "DELETE", b""))

    async def _write(self, group: Sequence[_Restored], report: Report) -> None:
        await self.resources.change_all([each.change() for each in group])
        for each in group:
            assert each.version is not None
            report.add(each.version.type, each.outcome)


@dataclass(slots=True)
class _Restored:
    """One version to be brought back, still without the bytes that hold its number; or why it cannot be."""

    record: Record
    version: Version | None = None
    content: Content | None = None
    issues: tuple[Issue, ...] = ()
    outcome: Outcome = "unchanged"

    def change(self) -> Change:
        assert self.version is not None
        return Change(self.version.type, self.version.id, self._decide)

    def _decide(self, current: Version | None) -> Version | None:
        assert self.version is not None
        new, self.outcome = self.version, "unchanged"
        if current is None:
            if new.deleted:
                return None
            self.outcome = "created"
            return self._stamped(1)
        if new.updated < current.updated or new.number <= current.number or self._is(current):
            return None
        self.outcome = "deleted" if new.deleted else "updated"
        return self._stamped(current.number + 1)

    def _is(self, current: Version) -> bool:
        """Whether the version is there already, under a number that was counted anew."""
        assert self.version is not None
        if self.version.updated != current.updated or self.version.deleted != current.deleted:
            return False
        return self.content is None or self.content.same_as(content(current.body, parse(current.body)))

    def _stamped(self, number: int) -> Version:
        assert self.version is not None
        body = self.content.stamp(self.version.id, number, instant(self.version.updated)) if self.content else b""
        return structs.replace(self.version, number=number, body=body)


def _apart(restored: Sequence[_Restored], report: Report, refused: list[bytes]) -> Iterator[list[_Restored]]:
    """Groups in which no resource is twice: its versions must be written one after the other."""
    group: dict[tuple[str, str], _Restored] = {}
    for each in restored:
        if each.version is None:
            report.refuse("", each.issues)
            refused.append(refusal(each.record, each.issues))
            continue
        key = each.version.type, each.version.id
        if key in group:
            yield list(group.values())
            group = {}
        group[key] = each
    if group:
        yield list(group.values())


async def _tell(note: Note, progress: Progress) -> None:
    if not await note(progress):
        raise Stopped


def _number(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 16 else 0


def _moment(text: Any) -> int | None:
    covered = interval(text) if isinstance(text, str) else None
    return covered[0] // 1000 if covered else None


def _lacking(what: str) -> BadRequest:
    reason = f"What is restored needs {what}."
    return BadRequest(reason, [Issue("error", "required", reason)])
