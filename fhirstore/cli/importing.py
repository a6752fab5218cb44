"""`fhirstore import`: files of any form into a user's record, as one source; and an exported record back as it was."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from fhirstore.caller import Author
from fhirstore.cli.database import Database, fail, read_settings, with_store
from fhirstore.cli.noting import note_command
from fhirstore.cli.validate import printable
from fhirstore.clock import now
from fhirstore.dstu2.levels import Level
from fhirstore.dstu2.sources import application_source, is_absolute_uri
from fhirstore.ids import new_id
from fhirstore.settings import Settings
from fhirstore.store.accounts import User
from fhirstore.store.contract import Store
from fhirstore.store.jobs import Job
from fhirstore.store.scope import Scope
from fhirstore.store.trail_buffer import TrailBuffer
from fhirstore.transfer.completing import complete
from fhirstore.transfer.identity import Origin
from fhirstore.transfer.importing import Import, Note, Stopped
from fhirstore.transfer.importing import Progress as Step
from fhirstore.transfer.inputs import Input, file_input, kept_input
from fhirstore.transfer.preparing import Rules
from fhirstore.transfer.records import Reader
from fhirstore.transfer.report import OUTCOMES, Report
from fhirstore.transfer.restoring import Restore
from fhirstore.wiring import make_doorway

STANDARD_INPUT = "-"
_SUFFIXES = (".json", ".xml", ".ndjson", ".jsonl")
_FAULTS_SHOWN = 15
_LINE_EVERY = 10_000
"""Where there is no terminal, a line is printed for so many records."""


def import_files(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, or - for standard input.", metavar="PATH…")],
    user: Annotated[int, typer.Option("--user", help="Into whose record (the user's number, oneup_user_id).")],
    source: Annotated[str | None, typer.Option("--source", help="Where it comes from: an absolute URI.")] = None,
    level: Annotated[Level | None, typer.Option(help="How strictly to judge; structure, where it restores.")] = None,
    restore: Annotated[bool, typer.Option("--restore", help="Bring back what was exported, ids and all.")] = False,
    whole: Annotated[
        bool, typer.Option("--complete", help="This is all that the source has: what else came of it is deleted.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that prepare what is written.")] = 1,
    refused: Annotated[Path | None, typer.Option("--refused", help="A file for what is refused, and why.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
    database: Database = None,
) -> None:
    """Import JSON, XML, NDJSON and Bundles: exit code 0 all stored, 1 some refused, 2 some not readable.

    An import that was broken off goes on where it was when it is begun again.
    """
    if not restore and (source is None or not is_absolute_uri(source)):
        fail("--source must be an absolute URI, such as https://hospital.example/fhir.")
    settings = read_settings(database=database)
    unreadable: list[str] = []
    with tempfile.TemporaryFile() as spool:
        inputs = [
            file_input(path) if path.name != STANDARD_INPUT else _spooled(sys.stdin.buffer, spool)
            for path in _files(paths, unreadable)
        ]
        wanted = _Wanted(inputs, user, source or "", level, restore, whole, workers, refused)

        async def run(store: Store) -> tuple[Report, float]:
            return await _import(store, settings, wanted)

        try:
            report, rate = with_store(settings, run)
        except Stopped:
            fail("The same import was begun elsewhere, and goes on there.")
        except OSError as error:
            fail(f"{error.filename or 'A file'} cannot be read or written: {error.strerror}.")
    _print(report, rate, refused, as_json=as_json)
    raise typer.Exit(2 if unreadable else 1 if report.total("refused") else 0)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The command, understood."""

    inputs: Sequence[Input]
    user: int
    source: str
    level: Level | None
    restore: bool
    whole: bool
    workers: int
    refused: Path | None

    def name(self) -> str:
        """The same for the same command on unchanged files, so that it finds its own beginning."""
        stamps = [(file.name, file.size, file.stamp) for file in self.inputs]
        told = json.dumps([self.user, self.source, self.level, self.restore, self.whole, stamps])
        return sha256(told.encode()).hexdigest()[:32]


async def _import(store: Store, settings: Settings, wanted: _Wanted) -> tuple[Report, float]:
    """What came of it, and how many records a second."""
    user = await store.accounts.user(wanted.user)
    if user is None:
        fail("There is no user of this number.")
    job = await _begun(store, wanted, user.client_id)
    await note_command(store, settings, user, "$import", "write")
    report = Report.of(job.progress)
    done = int(job.progress.get("done", 0))
    with _Shown(done) as shown, _Lines(wanted.refused, int(job.progress.get("refused", 0))) as lines:

        async def note(step: Step) -> bool:
            lines.write(step.refused)
            shown.step(step)
            kept = {"done": step.done, **step.report.kept(), "refused": lines.position}
            return await store.jobs.note(job, kept, now(), now())

        work = _bring_back if wanted.restore else _bring_in
        await work(store, settings, wanted, user, note, done, report)
    await store.jobs.forget(job.id)
    return report, shown.rate(report.records)


async def _bring_in(
    store: Store, settings: Settings, wanted: _Wanted, user: User, note: Note, done: int, report: Report
) -> None:
    """What another system tells, by the rules that hold for whatever the user's application writes."""
    doorway = make_doorway(settings, store, now, new_id, TrailBuffer(store))
    address = _address(settings)
    resources = doorway.within(Scope(user.id), Author(user.client_id), address)
    application = await store.accounts.application(user.client_id)
    level = wanted.level or (application and application.level) or doorway.level
    rules = Rules(Origin(user.id, wanted.source), level, address)
    reader = Reader(settings.resource_bytes)
    work = Import(wanted.inputs, rules, resources, now, reader, wanted.workers, wanted.whole)
    survey = await work.run(note, done, report)
    if wanted.whole:
        await complete(survey, rules.origin, resources, now, report)


async def _bring_back(
    store: Store, settings: Settings, wanted: _Wanted, user: User, note: Note, done: int, report: Report
) -> None:
    """What this store told: with the Provenances that it has, and whatever was deleted deleted again."""
    resources = store.within(Scope(user.id), Author(user.client_id))
    source = wanted.source or application_source(user.client_id)
    reader = Reader(settings.resource_bytes, keep_bundles=True)
    level = wanted.level or "structure"
    restore = Restore(wanted.inputs, resources, now, level, source, _address(settings), reader)
    await restore.run(note, done, report)


def _address(settings: Settings) -> str:
    return f"{settings.base_url}/dstu2" if settings.base_url else ""


async def _begun(store: Store, wanted: _Wanted, client_id: str) -> Job:
    """The job of this command: the one that was broken off, or a new one."""
    id, holder = wanted.name(), secrets.token_hex(8)
    found = await store.jobs.job(id)
    if found is None:
        await store.jobs.add(Job(id, wanted.user, client_id, f"command {id}", now()))
    # Nobody else takes jobs of this kind, and the hold lasts no moment: a command that was killed can be repeated.
    taken = await store.jobs.take([f"command {id}"], holder, now() + 1, now())
    if taken is None:
        raise Stopped
    return taken


class _Lines:
    """The file of what was refused; one that was broken off goes on behind what is certain."""

    def __init__(self, path: Path | None, position: int) -> None:
        self._file: BinaryIO | None = None
        self.position = 0
        if path is not None:
            self._file = path.open("r+b" if position and path.exists() else "wb")
            self.position = min(position, path.stat().st_size)
            self._file.truncate(self.position)
            self._file.seek(self.position)

    def __enter__(self) -> _Lines:  # noqa: PYI034 - nobody derives from it
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, lines: bytes) -> None:
        if self._file is not None and lines:
            self._file.write(lines)
            self._file.flush()
            self.position += len(lines)


class _Shown:
    """How far it came: a bar with the rate and the time left on a terminal, else a line now and then."""

    def __init__(self, begun: int) -> None:
        self._bar = sys.stderr.isatty()
        columns = (TextColumn("importing"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True, disable=not self._bar)
        self._task = self._progress.add_task("importing", total=None)
        self._told = 0
        self._begun = begun
        self._started = time.perf_counter()

    def __enter__(self) -> _Shown:  # noqa: PYI034
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, step: Step) -> None:
        self._progress.update(self._task, completed=step.done, total=step.total)
        if not self._bar and step.done // _LINE_EVERY > self._told:
            self._told = step.done // _LINE_EVERY
            sys.stderr.write(f"{step.done:,} of {step.total:,}, {self.rate(step.done):,.0f}/s\n")

    def rate(self, done: int) -> float:
        """Records in a second, of those that this run did itself."""
        return (done - self._begun) / max(time.perf_counter() - self._started, 0.001)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")


def _files(paths: Sequence[str], unreadable: list[str]) -> Iterator[Path]:
    """All files, by name; links to folders are not followed, for they may lead back."""
    for path in map(Path, paths):
        if path.is_dir():
            number, other = 0, 0
            for folder, folders, names in os.walk(path):
                folders.sort()
                found = [name for name in sorted(names) if name.lower().removesuffix(".gz").endswith(_SUFFIXES)]
                number, other = number + len(found), other + len(names) - len(found)
                yield from (Path(folder) / name for name in found)
            kinds = ", ".join(_SUFFIXES)
            if not number:
                unreadable.append(str(path))
                sys.stderr.write(f"fhirstore: {path} holds no file of the kinds {kinds}\n")
            elif other:
                sys.stderr.write(f"fhirstore: {other:,} files in {path} passed over: they are none of {kinds}\n")
        elif path.name == STANDARD_INPUT or os.access(path, os.R_OK):
            yield path
        else:
            unreadable.append(str(path))
            sys.stderr.write(f"fhirstore: cannot read {path}\n")


def _spooled(stream: BinaryIO, spool: IO[bytes]) -> Input:
    """A stream put on the disk, for it is read twice; its stamp tells of its content."""
    digest = sha256()
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
        spool.write(chunk)
    return kept_input(STANDARD_INPUT, spool, stamp=digest.hexdigest())


def _print(report: Report, rate: float, refused: Path | None, *, as_json: bool) -> None:
    if as_json:
        told: dict[str, object] = {"records": report.records, "per_second": round(rate)}
        told |= {outcome: report.total(outcome) for outcome in OUTCOMES}
        sys.stdout.write(json.dumps(told | {"types": report.counts, "faults": report.faults}) + "\n")
        return
    shown = [outcome for outcome in OUTCOMES if report.total(outcome)]
    table = Table("type", box=None)
    for outcome in shown:
        table.add_column(outcome, justify="right")
    for type, of_type in sorted(report.counts.items()):
        table.add_row(type, *(f"{of_type.get(outcome, 0):,}" for outcome in shown))
    Console().print(table)
    if report.total("refused"):
        _explain(report, refused)
    counts = ", ".join(f"{report.total(outcome):,} {outcome}" for outcome in shown)
    sys.stdout.write(f"{report.records:,} records, {rate:,.0f}/s: {counts or 'nothing'}.\n")


def _explain(report: Report, file: Path | None) -> None:
    """Why resources were refused, the most frequent faults first, and what can be done about it."""
    sys.stdout.write("Refused, and for how many resources each fault is a reason:\n")
    faults = sorted(report.faults.items(), key=lambda fault: (-fault[1], fault[0]))
    for fault, number in faults[:_FAULTS_SHOWN]:
        sys.stdout.write(f"{number:>9,}  {printable(fault)}\n")
    if len(faults) > _FAULTS_SHOWN:
        sys.stdout.write(f"           and {len(faults) - _FAULTS_SHOWN:,} other faults\n")
    where = f"is in {file}" if file else "comes into a file with --refused FILE"
    sys.stdout.write(f"Each of them, with its place and its faults, {where}.\n")
    if report.lenient:
        which = "All" if report.lenient == report.total("refused") else f"{report.lenient:,} of them"
        sys.stdout.write(f"{which} would be stored, marked as incomplete, with --level structure.\n")
