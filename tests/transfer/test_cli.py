"""`fhirstore import` and `fhirstore export`: files in, files out, the same record back."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fhirstore.auth.applications import create_application
from fhirstore.auth.users import create_user
from fhirstore.cli import main
from fhirstore.clock import now
from fhirstore.dstu2 import xml_write
from fhirstore.store import open_store
from fhirstore.store.contract import Version
from fhirstore.store.scope import Scope
from fhirstore.store.trail import Event, TrailQuery
from tests.builders import observation, patient
from tests.transfer.importing import everything

Run = Callable[..., Result]


async def prepare(database: str) -> None:
    store = open_store(database)
    await store.open()
    made = await create_application(store.accounts, "tests", now())
    application = await store.accounts.application(made.client_id)
    assert application is not None
    for name in "abc":
        await create_user(store.accounts, application, name, now())
    lenient = await create_application(store.accounts, "lenient", now(), "structure")
    application = await store.accounts.application(lenient.client_id)
    assert application is not None
    await create_user(store.accounts, application, "d", now())
    await store.close()


async def record(database: str, owner: int) -> list[Version]:
    store = open_store(database)
    await store.open()
    try:
        return await everything(store.within(Scope(owner)))
    finally:
        await store.close()


async def noted(database: str, owner: int) -> list[Event]:
    """What the trail tells of a record, oldest first."""
    store = open_store(database)
    await store.open()
    try:
        return [*await store.trail.events(TrailQuery(owner=owner))][::-1]
    finally:
        await store.close()


@pytest.fixture
def run(database: str) -> Run:
    asyncio.run(prepare(database))

    def invoke(*arguments: str | Path, given: bytes | None = None) -> Result:
        result = CliRunner().invoke(main, [*map(str, arguments), "--database", database], input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return invoke


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_folder_of_every_form_is_imported_and_the_report_counts_it(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    write(folder / "one.json", patient(id="1"))
    write(folder / "deeper" / "two.xml", xml_write.from_json(json.dumps(patient(id="2")).encode()))
    write(folder / "more.ndjson", b'{"resourceType":"Patient","id":"3"}\n{"resourceType":"Patient","active":1}\n')
    write(folder / "notes.txt", b"nothing")
    refused = tmp_path / "refused.ndjson"
    result = run("import", "--user", "1", "--source", "urn:a", "--refused", refused, "--json", folder)
    assert (result.exit_code, told(result)["created"], told(result)["refused"]) == (1, 3, 1)
    (line,) = refused.read_text().splitlines()
    assert json.loads(line)["place"] == f"{folder / 'more.ndjson'}:2"
    shown = run(
        "import", "--user", "1", "--source", "urn:a", folder / "one.json", "-", given=b'{"resourceType":"Basic"}'
    )
    assert re.fullmatch(r"2 records, [\d,]+/s: 1 unchanged, 1 refused\.", shown.stdout.splitlines()[-1])
    missing = run("import", "--user", "1", "--source", "urn:a", tmp_path / "none", folder / "one.json")
    assert missing.exit_code == 2


@pytest.mark.parametrize("options", [["--source", "nowhere"], [], ["--source", "urn:a", "--user", "99"]])
def test_without_a_source_or_a_user_nothing_is_imported(run: Run, tmp_path: Path, options: list[str]) -> None:
    result = run("import", "--user", "1", *options, write(tmp_path / "one.json", patient()))
    assert (result.exit_code, result.stdout) == (2, "")


def test_what_is_imported_brings_its_provenance_where_the_settings_ask_for_it(
    run: Run, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIRSTORE_PROVENANCE", "true")
    for resource in (patient("One", id="1"), patient("Two", id="1"), patient("Two", id="1")):
        assert run("import", "--user", "1", "--source", "urn:a", write(tmp_path / "in.json", resource)).exit_code == 0
    run("import", "--user", "1", "--source", "urn:a", "--complete", write(tmp_path / "in.json", observation()))
    first = asyncio.run(record(database, 1))
    accounts = [json.loads(version.body) for version in first if version.type == "Provenance"]
    assert [each["activity"]["text"] for each in accounts] == ["create", "update", "create", "delete"]
    assert {each["entity"][0]["reference"] for each in accounts} == {"urn:a"}
    assert [agent["role"]["code"] for each in accounts for agent in each["agent"]] == ["assembler"] * 4
    run("export", "--user", "1", "--history", "-o", tmp_path / "out")
    run("import", "--user", "2", "--restore", tmp_path / "out")
    back = asyncio.run(record(database, 2))
    assert [(v.type, v.id, v.number) for v in back] == [(v.type, v.id, v.number) for v in first]


def test_a_full_import_deletes_nothing_that_is_referred_to_where_the_settings_forbid_it(
    run: Run, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIRSTORE_REFERENTIAL_INTEGRITY", "true")
    run("import", "--user", "1", "--source", "urn:a", write(tmp_path / "in.json", patient(id="1")))
    (held,) = asyncio.run(record(database, 1))
    other = write(tmp_path / "other.json", observation(f"http://localhost/dstu2/Patient/{held.id}", id="o"))
    monkeypatch.setenv("FHIRSTORE_BASE_URL", "http://localhost")
    run("import", "--user", "1", "--source", "urn:b", other)
    whole = ("import", "--user", "1", "--source", "urn:a", "--complete", write(tmp_path / "in.json", patient(id="2")))
    assert run(*whole).exit_code == 2
    assert not [version for version in asyncio.run(record(database, 1)) if version.deleted]
    monkeypatch.setenv("FHIRSTORE_REFERENTIAL_INTEGRITY", "false")
    assert run(*whole).exit_code == 0
    assert [version.id for version in asyncio.run(record(database, 1)) if version.deleted] == [held.id]


def test_an_import_is_judged_as_strictly_as_its_application_wants(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "in.json", {"resourceType": "Observation", "status": "final"})
    for user, level, refused in (("1", [], 1), ("4", ["--level", "official"], 1), ("4", [], 0)):
        result = run("import", "--user", user, "--source", "urn:a", *level, "--json", file)
        assert told(result)["refused"] == refused, (user, level)


def test_the_trail_tells_of_imports_and_exports_and_of_nobody_who_did_them_but_the_application(
    run: Run, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring = ("import", "--user", "1", "--source", "urn:a", write(tmp_path / "in.json", patient(id="1")))
    take = ("export", "--user", "1", "-o", tmp_path / "out")
    for extent in ("all", "writes", "off"):
        monkeypatch.setenv("FHIRSTORE_AUDIT", extent)
        run(*bring)
        run(*take)
    events = asyncio.run(noted(database, 1))
    assert [(event.action, event.user, event.status) for event in events] == [
        ("$import", None, 200),
        ("$export", None, 200),
        ("$import", None, 200),
    ]
    (version,) = asyncio.run(record(database, 1))
    assert version.author is not None
    assert {(version.author.client_id, version.author.user)} == {(event.client_id, event.user) for event in events}
    assert not asyncio.run(noted(database, 2))


@pytest.mark.parametrize(
    ("store_kind", "format"),
    [("sqlite", "ndjson"), ("sqlite", "bundle"), ("sqlite", "xml"), ("mongodb", "ndjson")],
    indirect=["store_kind"],
)
def test_an_export_brought_back_is_the_same_record_with_every_version(
    run: Run, database: str, tmp_path: Path, format: str
) -> None:
    versions = [patient("One", id="1"), patient("Two", id="1"), observation("Patient/1", id="o", comments="1.00")]
    for resource in versions:
        run("import", "--user", "1", "--source", "urn:a", write(tmp_path / "in.json", resource))
    run("import", "--user", "1", "--source", "urn:a", "--complete", write(tmp_path / "in.json", versions[1]))
    out, back = tmp_path / "out", tmp_path / "back"
    assert run("export", "--user", "1", "--history", "--format", format, "-o", out).exit_code == 0
    for _ in range(2):
        assert run("import", "--user", "2", "--restore", out).exit_code == 0
    first, second = (asyncio.run(record(database, owner)) for owner in (1, 2))
    assert [version.method for version in first] == ["POST", "PUT", "POST", "DELETE"]
    assert [(v.type, v.id, v.number, v.updated, v.method) for v in first] == [
        (v.type, v.id, v.number, v.updated, v.method) for v in second
    ]
    if format != "xml":  # which has an order of its own
        assert [version.body for version in first] == [version.body for version in second]
    run("export", "--user", "2", "--history", "--format", format, "-o", back)
    assert back.read_bytes() == out.read_bytes() or format == "xml"


def test_an_export_of_what_is_there_now_keeps_ids_and_times_and_counts_versions_anew(
    run: Run, database: str, tmp_path: Path
) -> None:
    for family in ("One", "Two"):
        run("import", "--user", "1", "--source", "urn:a", write(tmp_path / "in.json", patient(family, id="1")))
    out = tmp_path / "out"
    run("export", "--user", "1", "-o", out)
    for _ in range(2):
        run("import", "--user", "2", "--restore", out)
    (old, (new,)) = (asyncio.run(record(database, owner)) for owner in (1, 2))
    assert (new.id, new.updated, new.number) == (old[-1].id, old[-1].updated, 1)
    assert json.loads(new.body)["name"] == [{"family": ["Two"]}]


def test_why_resources_were_refused_is_told_at_the_end_and_what_would_store_them(run: Run, tmp_path: Path) -> None:
    zoneless = [observation(id=str(n), effectiveDateTime="2016-01-04T14:00:00") for n in range(3)]
    folder = tmp_path / "records"
    write(folder / "in.ndjson", b"\n".join(json.dumps(each).encode() for each in zoneless))
    write(folder / "notes.txt", b"x")
    asked = ("import", "--user", "1", "--source", "urn:a", folder)
    result = run(*asked, "--refused", tmp_path / "refused.ndjson")
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "3  Observation.effectiveDateTime: a dateTime with a time needs a time zone" in lines
    assert "All would be stored, marked as incomplete, with --level structure." in lines
    assert f"is in {tmp_path / 'refused.ndjson'}." in " ".join(lines)
    assert "1 files" in result.stderr
    assert ".ndjson" in result.stderr
    mixed = write(tmp_path / "mixed.json", [zoneless[0], observation(id="x", reliability="ok")])
    told_more = run("import", "--user", "1", "--source", "urn:a", mixed).stdout
    assert "1 of them would be stored" in told_more
    assert "--refused FILE" in told_more
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("import", "--user", "1", "--source", "urn:a", empty).exit_code == 2
    assert run(*asked, "--level", "structure").exit_code == 0
    assert told(run(*asked, "--json"))["faults"] == {
        "Observation.effectiveDateTime: a dateTime with a time needs a time zone": 3
    }


def test_a_record_with_faults_comes_back_from_its_export_to_the_letter(run: Run, tmp_path: Path) -> None:
    for source in ("urn:a", "urn:b"):
        faulty = write(tmp_path / "in.json", observation(id="1", effectiveDateTime="2016-01-04T14:00:00"))
        assert run("import", "--user", "1", "--source", source, "--level", "structure", faulty).exit_code == 0
    run("export", "--user", "1", "--history", "-o", tmp_path / "one")
    assert run("import", "--user", "2", "--restore", tmp_path / "one").exit_code == 0
    run("export", "--user", "2", "--history", "-o", tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_an_export_is_narrowed_to_a_source_and_to_what_changed(run: Run, tmp_path: Path) -> None:
    for source in ("urn:a", "urn:b"):
        run("import", "--user", "1", "--source", source, write(tmp_path / "in.json", patient(id="1")))
    whole = run("export", "--user", "1").stdout.splitlines()
    assert len(whole) == 2
    assert run("export", "--user", "1", "--source", "urn:b").stdout.splitlines() == whole[1:]
    assert run("export", "--user", "1", "--since", "2999").stdout == ""
    assert run("export", "--user", "1", "--since", "never").exit_code == 2
    assert run("export", "--user", "2").stdout == ""
    assert run("export", "--user", "99").exit_code == 2
