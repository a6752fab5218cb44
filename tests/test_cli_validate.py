"""`fhirstore validate` tells each fault of each file, and its exit code says what came of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.progress import Progress
from typer.testing import CliRunner, Result

from fhirstore.cli import main
from fhirstore.dstu2 import xml_write

GOOD: dict[str, Any] = {"resourceType": "Patient", "gender": "female", "birthDate": "1984-02-29"}
BAD: dict[str, Any] = {"resourceType": "Patient", "gender": "f", "birthDate": "1985-02-29"}
INCOMPLETE: dict[str, Any] = {"resourceType": "Observation", "status": "final"}

Write = Callable[[str, object], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: object) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write_file


def run(*arguments: str, given: bytes | None = None) -> Result:
    result = CliRunner().invoke(main, ["validate", *arguments], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_valid_file_ends_with_0_and_prints_only_the_count(write: Write) -> None:
    result = run(write("good.json", GOOD))
    assert (result.exit_code, result.stdout) == (0, "1 judged: 1 valid, 0 invalid.\n")


def test_an_invalid_file_ends_with_1_and_lists_every_fault_at_its_place(write: Write) -> None:
    path = write("bad.json", BAD)
    result = run(path, write("good.json", GOOD))
    assert result.exit_code == 1
    first, gender, birth_date, count = result.stdout.splitlines()
    assert first == f"{path}: invalid"
    assert gender.split()[:3] == ["error", "code-invalid", "Patient.gender"]
    assert birth_date.split()[:3] == ["error", "value", "Patient.birthDate"]
    assert count == "2 judged: 1 valid, 1 invalid."


def test_json_prints_one_line_per_file_with_each_issue_as_an_object(write: Write) -> None:
    good, bad = write("good.json", GOOD), write("bad.json", BAD)
    first, second = lines(run("--json", good, bad))
    assert first == {"file": good, "valid": True, "issues": []}
    assert (second["file"], second["valid"]) == (bad, False)
    assert [(issue["severity"], issue["code"], issue["path"]) for issue in second["issues"]] == [
        ("error", "code-invalid", "Patient.gender"),
        ("error", "value", "Patient.birthDate"),
    ]
    assert all(set(issue) == {"severity", "code", "path", "message"} for issue in second["issues"])


def test_a_missing_file_ends_with_2_is_named_and_does_not_keep_the_others_from_being_judged(write: Write) -> None:
    result = run("--json", "absent.json", write("bad.json", BAD))
    assert result.exit_code == 2
    assert "cannot read absent.json" in result.stderr
    assert [line["valid"] for line in lines(result)] == [False]


def test_xml_is_judged_by_the_same_rules(write: Write) -> None:
    path = write("bad.xml", xml_write.from_json(json.dumps(BAD).encode()))
    (line,) = lines(run("--json", path))
    assert [issue["path"] for issue in line["issues"]] == ["Patient.gender", "Patient.birthDate"]


def test_ndjson_is_judged_record_by_record_each_named_by_its_line(write: Write) -> None:
    records = b"\n".join([json.dumps(GOOD).encode(), b"", json.dumps(BAD).encode(), b"{broken"])
    path = write("many.ndjson", records)
    result = run("--json", path)
    assert result.exit_code == 1
    assert [(line["file"], line["valid"]) for line in lines(result)] == [
        (f"{path}:1", True),
        (f"{path}:3", False),
        (f"{path}:4", False),
    ]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (json.dumps(GOOD).encode(), ["-"]),
        (json.dumps(GOOD, indent=2).encode(), ["-"]),
        (json.dumps(GOOD).encode() + b"\n" + json.dumps(GOOD).encode() + b"\n", ["-:1", "-:2"]),
        (xml_write.from_json(json.dumps(GOOD).encode()), ["-"]),
        (xml_write.from_json(json.dumps(GOOD).encode()).decode().replace("UTF-8", "UTF-16").encode("utf-16"), ["-"]),
    ],
)
def test_standard_input_is_read_as_what_it_looks_like(given: bytes, names: list[str]) -> None:
    result = run("--json", "-", given=given)
    assert [(line["file"], line["valid"]) for line in lines(result)] == [(name, True) for name in names]


def test_a_folder_stands_for_its_fhir_files_in_the_order_of_their_names(write: Write, tmp_path: Path) -> None:
    expected = [write("a.json", GOOD), write("b/c.ndjson", GOOD) + ":1", write("b/d.json", BAD)]
    write("b/notes.txt", b"not FHIR")
    result = run("--json", str(tmp_path))
    assert ([line["file"] for line in lines(result)], result.exit_code) == (expected, 1)


def test_a_folder_without_any_such_file_ends_with_2(tmp_path: Path) -> None:
    result = run(str(tmp_path))
    assert (result.exit_code, "holds no" in result.stderr) == (2, True)


@pytest.mark.parametrize(("level", "valid"), [("structure", True), ("official", False), ("strict", False)])
def test_the_level_decides_what_is_valid_and_every_fault_is_told_all_the_same(
    write: Write, level: str, valid: bool
) -> None:
    result = run("--json", "--level", level, write("incomplete.json", INCOMPLETE))
    (line,) = lines(result)
    assert (line["valid"], result.exit_code) == (valid, 0 if valid else 1)
    assert [issue["path"] for issue in line["issues"]] == ["Observation.code"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"<",
        b"[" * 100_000,
        b'{"resourceType":"Patient","\xed\xa0\x80":1}',
        b"nonsense",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><Patient/>",
        b"\x00" * 10,
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".xml", ".ndjson", ""])
def test_no_content_of_a_file_ends_the_program_otherwise_than_by_a_verdict(
    write: Write, content: bytes, suffix: str
) -> None:
    result = run("--json", write(f"file{suffix}", content))
    assert result.exit_code in ((0, 1) if suffix == ".ndjson" and not content else (1,))
    assert all(line["issues"] for line in lines(result))


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_no_file_can_have_is_a_file_that_cannot_be_read(name: str) -> None:
    assert run(name).exit_code == 2


def test_what_a_file_holds_cannot_steer_the_terminal(write: Write) -> None:
    result = run(write("tricky.json", {"resourceType": "Patient", "\x1b[2J[red]": 1}))
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "[red]" in result.stdout


def test_on_a_terminal_faults_stand_in_a_table_and_many_files_have_a_progress_bar(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    shown: list[bool] = []

    def recorded(*columns: Any, **options: Any) -> Progress:
        shown.append(not options["disable"])
        return Progress(*columns, **options)

    monkeypatch.setattr("fhirstore.cli_validate.Progress", recorded)
    bad = write("bad.json", BAD)
    one, two = run(bad), run(bad, write("good.json", GOOD))
    assert shown == [False, True]
    for result in (one, two):
        assert "Patient.birthDate" in result.stdout
        assert "\x1b[31m" in result.stdout, "an error is red"
