"""Import: records of one source, read twice, written in batches, begun again anywhere.

Whoever runs it is told after each batch how far it came; started again there, or from the beginning, it ends with the
same record, for the stored ids follow from the originals and equal content makes no version.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from fhirstore.clock import Clock
from fhirstore.dstu2.sources import ORIGINAL_ID_SYSTEM
from fhirstore.store.contract import Resources
from fhirstore.transfer.identity import TEMPORARY
from fhirstore.transfer.inputs import Input
from fhirstore.transfer.pool import Numbered, Pool
from fhirstore.transfer.preparing import Addresses, Prepared, Rules, prepare, unknown_names
from fhirstore.transfer.records import Reader, Record
from fhirstore.transfer.report import Report, refusal
from fhirstore.transfer.survey import Survey, survey
from fhirstore.transfer.waiting import known_names, resolve_waiting, something_waits
from fhirstore.transfer.writing import write

BATCH, BATCH_BYTES = 200, 2_000_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transfer came: so many of all records are done, with these counts, and these lines of refusals."""

    done: int
    total: int
    report: Report
    refused: bytes = b""


Note = Callable[[Progress], Awaitable[bool]]
"""Is told after each batch; answers whether to go on."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Whoever runs the import wants no more of it."""


@dataclass(frozen=True, slots=True)
class Import:
    """What to import by which rules, and where to; `workers` are processes that prepare records.

    With `whole`, what `run` answers can say what else came from the source (`complete`)."""

    inputs: Sequence[Input]
    rules: Rules
    resources: Resources
    clock: Clock
    reader: Reader = field(default_factory=Reader)
    workers: int = 1
    whole: bool = False

    async def run(self, note: Note, done: int = 0, report: Report | None = None) -> Survey:
        """Import what lies behind the first `done` records. Raises Stopped where `note` says so, OSError."""
        report = report or Report()
        seen = await asyncio.to_thread(survey, self._records(), self.rules.origin, whole=self.whole)
        waits = await something_waits(self.resources)
        records = enumerate(self._records())
        await asyncio.to_thread(skip, records, done)
        await self._tell(note, Progress(done, seen.records, report))
        with Pool(self.workers, _Prepare(self.rules, seen)) as pool:
            pending: deque[asyncio.Future[list[Prepared]]] = deque()
            while batch := await asyncio.to_thread(next_batch, records):
                known = await self._known(batch, seen)
                pending.append(asyncio.wrap_future(pool.submit(batch, known)))
                if len(pending) > pool.ahead:
                    done = await self._write(await pending.popleft(), done, seen, report, note, waits=waits)
            while pending:
                done = await self._write(await pending.popleft(), done, seen, report, note, waits=waits)
        return seen

    def _records(self) -> Iterator[Record]:
        for file in self.inputs:
            yield from self.reader.read(file)

    async def _known(self, batch: Numbered, seen: Survey) -> Addresses:
        names: set[str] = set()
        for _, record in batch:
            names |= unknown_names(record, self.rules, seen)
        return await known_names(names, self.rules, self.resources) if names else {}

    async def _write(
        self, batch: list[Prepared], done: int, seen: Survey, report: Report, note: Note, *, waits: bool
    ) -> int:
        refused = await write(batch, self.resources, self.clock, report)
        if waits and (came := _came(batch)):
            await resolve_waiting(came, self.rules, self.resources, self.clock)
        done += len(batch)
        lines = b"".join(refusal(record, issues) for record, issues in refused)
        await self._tell(note, Progress(done, seen.records, report, lines))
        return done

    async def _tell(self, note: Note, progress: Progress) -> None:
        if not await note(progress):
            raise Stopped


@dataclass(frozen=True, slots=True)
class _Prepare:
    """What each process of the pool is given."""

    rules: Rules
    seen: Survey

    def __call__(self, number: int, record: Record, known: Addresses) -> Prepared:
        return prepare(record, number, self.rules, self.seen, known)


def _came(batch: Sequence[Prepared]) -> dict[str, str]:
    """Under which temporary names others may wait for what is in a batch."""
    came: dict[str, str] = {}
    for each in batch:
        if each.content is None:
            continue
        place, name = f"{each.type}/{each.id}", each.record.full_url
        if name.startswith(TEMPORARY):
            came[name] = place
        for tag in each.content.meta["tag"]:
            if tag.get("system") == ORIGINAL_ID_SYSTEM and not tag["code"].startswith("urn:"):
                came |= {prefix + tag["code"]: place for prefix in TEMPORARY}
    return came


def next_batch(records: Iterator[tuple[int, Record]]) -> list[tuple[int, Record]]:
    batch: list[tuple[int, Record]] = []
    size = 0
    for each in islice(records, BATCH):
        batch.append(each)
        size += len(each[1].body)
        if size > BATCH_BYTES:
            break
    return batch


def skip(records: Iterator[Any], count: int) -> None:
    deque(islice(records, count), maxlen=0)
