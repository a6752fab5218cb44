"""`fhirstore validate`: judge files of FHIR DSTU2 by the official definitions, without a server."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from stat import S_ISDIR
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from fhirstore.dstu2 import json_format, xml_read
from fhirstore.dstu2.levels import Level, judge, refused
from fhirstore.errors import BadRequest, Issue

RECORDS = frozenset({".ndjson", ".jsonl"})
SUFFIXES = frozenset({".json", ".xml", *RECORDS})
"""What is looked for in a folder."""

STANDARD_INPUT = "-"
_COLOURS = {"fatal": "red", "error": "red", "warning": "yellow", "information": "blue"}


@dataclass(frozen=True, slots=True)
class Source:
    """A file to judge; `size` in bytes, 0 where it is not known beforehand."""

    name: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one resource; `file` is the file's name, with the line of a record in NDJSON."""

    file: str
    valid: bool
    issues: Sequence[Issue]


def validate(
    paths: Annotated[
        list[str],
        typer.Argument(help="JSON, XML or NDJSON files, folders, or - for standard input.", metavar="FILE…"),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per resource and line.")] = False,
    level: Annotated[Level, typer.Option(help="How strictly to judge: strict also asks fhir.resources.")] = "official",
) -> None:
    """Judge resources by the official DSTU2 definitions: exit code 0 all valid, 1 some invalid, 2 some not readable."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    report = Report(Console(), as_json)
    sources = list(_sources(paths, report))
    with _progress(report.console, sources) as progress:
        task = progress.add_task("judging", total=sum(source.size for source in sources) or None)
        for source in sources:
            try:
                for verdict, size in _judge_source(source, level):
                    report.add(verdict)
                    progress.advance(task, size)
            except OSError as error:
                report.unreadable(source.name, error)
    report.end()
    raise typer.Exit(2 if report.failures else 1 if report.invalid else 0)


class Report:
    """Prints verdicts as they come, and counts them."""

    def __init__(self, console: Console, as_json: bool) -> None:
        self.console = console
        self._as_json = as_json
        self.judged = self.invalid = self.failures = 0

    def add(self, verdict: Verdict) -> None:
        self.judged += 1
        self.invalid += not verdict.valid
        if self._as_json:
            issues = [issue.told for issue in verdict.issues]
            self._line(json.dumps({"file": verdict.file, "valid": verdict.valid, "issues": issues}))
        elif verdict.issues:
            self._line(f"{printable(verdict.file)}: {'valid' if verdict.valid else 'invalid'}")
            rows = [(issue.severity, issue.code, issue.path or "", issue.message) for issue in verdict.issues]
            self._table([tuple(map(printable, row)) for row in rows])

    def unreadable(self, name: str, error: OSError | ValueError) -> None:
        self.failures += 1
        reason = getattr(error, "strerror", None) or "there is no such file"
        sys.stderr.write(f"fhirstore: cannot read {printable(name)}: {reason}\n")

    def end(self) -> None:
        if not self._as_json:
            self._line(f"{self.judged} judged: {self.judged - self.invalid} valid, {self.invalid} invalid.")

    def _table(self, rows: Sequence[tuple[str, ...]]) -> None:
        if not self.console.is_terminal:  # one fault a line, however long: made to be searched
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for row in rows:
                self._line("  " + "  ".join(map(str.ljust, row, widths)).rstrip())
            return
        table = Table(box=None, padding=(0, 1), show_header=False)
        for _ in rows[0]:
            table.add_column(overflow="fold")
        for severity, *cells in rows:
            table.add_row(Text(f" {severity}", style=_COLOURS[severity]), *map(Text, cells))
        self.console.print(table)

    def _line(self, text: str) -> None:
        if self.console.is_terminal:  # there it must go above the progress bar
            self.console.print(Text(text), soft_wrap=True)
        else:
            sys.stdout.write(f"{text}\n")


def printable(text: str) -> str:
    """A file decides on its name and on its properties' names: they must not steer the terminal."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _progress(console: Console, sources: Sequence[Source]) -> Progress:
    """A bar over the bytes, on whichever of output and errors is a terminal."""
    shown = console if console.is_terminal else Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(
        *columns,
        console=shown,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=sys.stderr.isatty(),
        disable=not shown.is_terminal or len(sources) < 2,
    )


def _sources(paths: Iterable[str], report: Report) -> Iterator[Source]:
    for path in paths:
        if path == STANDARD_INPUT:
            yield Source(path)
            continue
        try:
            status = Path(path).stat()
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            report.unreadable(path, error)
        else:
            if S_ISDIR(status.st_mode):
                yield from _folder(path, report)
            else:
                yield Source(path, status.st_size)


def _folder(path: str, report: Report) -> Iterator[Source]:
    """The files of a folder and its folders, by name; links to folders are not followed, for they may lead back."""
    found = False
    for folder, folders, names in os.walk(path, onerror=lambda error: report.unreadable(path, error)):
        folders.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in SUFFIXES:
                found = True
                yield from _sources([str(Path(folder) / name)], report)
    if not found:
        report.unreadable(path, OSError(0, "the folder holds no JSON, XML or NDJSON file"))


def _judge_source(source: Source, level: Level) -> Iterator[tuple[Verdict, int]]:
    """The verdicts on a file, each with the number of bytes that it is about. Raises OSError."""
    if Path(source.name).suffix.lower() in RECORDS:
        with Path(source.name).open("rb") as lines:
            yield from _judge_lines(source.name, lines, level)
        return
    body = sys.stdin.buffer.read() if source.name == STANDARD_INPUT else Path(source.name).read_bytes()
    if _is_records(body):
        yield from _judge_lines(source.name, body.split(b"\n"), level)
    else:
        yield _judge(source.name, body, level), source.size


def _is_records(body: bytes) -> bool:
    """Whether a text of unknown kind is NDJSON: one object fills the first line, and another follows."""
    first, _, rest = body.strip().partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def _judge_lines(name: str, lines: Iterable[bytes], level: Level) -> Iterator[tuple[Verdict, int]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _judge(f"{name}:{number}", line, level), len(line)


def _judge(name: str, body: bytes, level: Level) -> Verdict:
    try:
        issues = judge(_parse(name, body), level)
    except BadRequest as failure:
        return Verdict(name, False, failure.issues)
    return Verdict(name, not refused(issues, level), issues)


def _parse(name: str, body: bytes) -> dict[str, object]:
    """A name that says nothing leaves it to the text: XML, in any of its encodings, begins with `<`."""
    begins_xml = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<" or body[:2] in {b"\xff\xfe", b"\xfe\xff"}
    is_xml = Path(name).suffix.lower() == ".xml" or (Path(name).suffix.lower() != ".json" and begins_xml)
    return xml_read.parse(body) if is_xml else json_format.parse(body)
